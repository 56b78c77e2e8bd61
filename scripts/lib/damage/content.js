/**
 * What an ensemble under damage holds, and the one who knows it: znodes that never change, znodes that are set again and
 * again, znodes that come and go, sessions with ephemeral znodes. Every value tells its path and its number and is filled
 * up by rule, so any answer can be judged by itself: whether it was ever written, and whether it is too old.
 */
import { connect } from '@synod/client';
import { Random } from '../chaos/random.js';

/** @typedef {import('@synod/client').Client} Client */

/**
 * @typedef {object} Changing
 * @property {string} path
 * @property {boolean} comesAndGoes exists while its number is odd
 * @property {number} acknowledged number of the last write with an answer
 * @property {number} sent number of the last write that was sent
 */

const fixedCount = 120;
const settingsCount = 30;
const comingCount = 12;
const holderCount = 3;
const lanes = 4;
/** Pause of a lane between two writes, in milliseconds: writes go on, yet leave the processor to what is tested. */
const pauseMs = 4;
const sessionTimeout = 60_000;

export class Content {
  /** @type {Map<string, string>} */
  #fixed = new Map();
  /** @type {Changing[]} */
  #changing = [];
  /** @type {string[]} */
  #ephemerals = [];
  /** @type {Client[]} */
  #clients = [];
  /** @type {Promise<void>[]} */
  #running = [];
  #paused = false;
  #killed = false;
  /** Writes that were acknowledged. */
  writes = 0;

  /**
   * @param {string} seed
   * @param {(words: string) => void} onViolation
   * @param {typeof connect} [connecting] how clients come about
   */
  constructor(seed, onViolation, connecting = connect) {
    const random = new Random(seed, 'content');
    this.onViolation = onViolation;
    this.connecting = connecting;
    for (let i = 0; i < fixedCount; i++)
      this.#fixed.set(`/fixed/${i}`, filled(`/fixed/${i}`, i, Math.floor(random.spread(1, 3000))));
    const changing =
      (/** @type {string} */ folder, /** @type {boolean} */ comesAndGoes) =>
      (/** @type {unknown} */ _, /** @type {number} */ i) => ({
        path: `/${folder}/${i}`,
        comesAndGoes,
        acknowledged: 0,
        sent: 0,
      });
    this.#changing.push(...Array.from({ length: settingsCount }, changing('set', false)));
    this.#changing.push(...Array.from({ length: comingCount }, changing('come', true)));
  }

  /** Writes what is there from the beginning. */
  async fill(/** @type {string} */ servers) {
    const client = await this.#connect(servers);
    for (const folder of ['fixed', 'set', 'come', 'held']) await client.create(`/${folder}`);
    await Promise.all([...this.#fixed].map(([path, value]) => client.create(path, value)));
    const settings = this.#changing.filter(({ comesAndGoes }) => !comesAndGoes);
    await Promise.all(settings.map(({ path }) => client.create(path, valueOf(path, 0))));
    for (let i = 0; i < holderCount; i++) {
      const holder = await this.#connect(servers);
      for (const name of ['a', 'b']) {
        const { path } = await holder.create(`/held/${i}${name}`, `held by ${i}`, { mode: 'ephemeral' });
        this.#ephemerals.push(path);
      }
    }
  }

  /** Goes on writing through these servers until paused. */
  async write(/** @type {string} */ servers) {
    const client = await this.#connect(servers);
    this.#writer = client;
    this.resume();
  }
  /** @type {Client | null} */
  #writer = null;

  resume() {
    const client = this.#writer;
    if (client === null) throw new Error('nobody writes');
    this.#paused = false;
    this.#running = Array.from({ length: lanes }, (_, lane) => this.#lane(client, lane));
  }

  /** Resolves when every write has its answer. */
  async pause() {
    this.#paused = true;
    await Promise.all(this.#running);
  }

  /** Resolves when that many more writes are acknowledged. */
  async progress(/** @type {number} */ count, ms = 60_000) {
    const wanted = this.writes + count;
    const deadline = performance.now() + ms;
    while (this.writes < wanted) {
      if (performance.now() > deadline) {
        this.onViolation(`writes came to a stop: ${count - (wanted - this.writes)} of ${count} within ${ms} ms`);
        return;
      }
      await sleep(5);
    }
  }

  /** @param {Client} client @param {number} lane */
  async #lane(client, lane) {
    const mine = this.#changing.filter((_, i) => i % lanes === lane);
    for (let i = 0; !this.#paused; i = (i + 1) % mine.length) {
      const one = mine[i];
      if (!one) throw new Error('more lanes than znodes');
      one.sent++;
      try {
        await change(client, one);
      } catch (error) {
        if (this.#killed) return;
        this.onViolation(`a write of ${one.path} was refused: ${String(error)}`);
        return;
      }
      one.acknowledged = one.sent;
      this.writes++;
      await sleep(pauseMs);
    }
  }

  /**
   * Reads everything through a client and judges every answer. What is known as acknowledged now must be seen if `fresh`
   * (the client has synced); otherwise an answer may be old, but must be true.
   *
   * @param {Client} client
   * @param {boolean} fresh
   * @param {string} where for the complaint
   */
  async readAll(client, fresh, where) {
    const wrong = (/** @type {string} */ words) => this.onViolation(`wrong read at ${where}: ${words}`);
    if (fresh) {
      const least = this.#changing.map(({ acknowledged }) => acknowledged);
      await client.sync();
      await this.#readFixed(client, wrong);
      await Promise.all(this.#changing.map((one, i) => this.#readChanging(client, one, least[i] ?? 0, wrong)));
    } else {
      await this.#readFixed(client, wrong);
      await Promise.all(this.#changing.map((one) => this.#readChanging(client, one, 0, wrong)));
    }
  }

  /** @param {Client} client @param {(words: string) => void} wrong */
  async #readFixed(client, wrong) {
    await Promise.all(
      [...this.#fixed].map(async ([path, value]) => {
        const found = await read(client, path);
        if (found !== value) wrong(`${path} is ${shown(found)}, not ${shown(value)}`);
      }),
    );
    const { children } = await client.children('/fixed');
    if (children.length !== this.#fixed.size) wrong(`/fixed has ${children.length} children, not ${this.#fixed.size}`);
    for (const path of this.#ephemerals)
      if ((await client.exists(path)) === null) wrong(`${path} is gone, its session is not`);
  }

  /** @param {Client} client @param {Changing} one @param {number} least @param {(words: string) => void} wrong */
  async #readChanging(client, one, least, wrong) {
    const { path, comesAndGoes } = one;
    const found = await read(client, path);
    const most = one.sent;
    if (found === null) {
      // Even numbers are deletions.
      const possible = comesAndGoes && Math.ceil(least / 2) * 2 <= most;
      if (!possible) wrong(`${path} is gone; write ${least} was acknowledged, ${most} was sent`);
      return;
    }
    const number = Number(found.split(' ')[1]);
    if (found !== valueOf(path, number)) wrong(`${path} is ${shown(found)}, which nobody wrote`);
    else if (number < least || number > most)
      wrong(`${path} shows write ${number}; ${least} was acknowledged, ${most} was sent`);
  }

  async close() {
    await this.pause();
    await Promise.all(this.#clients.map((client) => client.close().catch(() => client.kill())));
  }

  /** Ends without asking the servers. */
  kill() {
    this.#paused = true;
    this.#killed = true;
    for (const client of this.#clients) client.kill();
  }

  async #connect(/** @type {string} */ servers) {
    const client = await this.connecting(servers, { sessionTimeout, connectTimeout: 30_000 });
    this.#clients.push(client);
    return client;
  }
}

/** @param {Client} client @param {Changing} one */
async function change(client, { path, comesAndGoes, sent }) {
  if (!comesAndGoes) await client.set(path, valueOf(path, sent));
  else if (sent % 2 === 1) await client.create(path, valueOf(path, sent));
  else await client.delete(path);
}

/** @param {Client} client @param {string} path */
async function read(client, path) {
  try {
    const { data } = await client.get(path);
    return data === null ? '' : Buffer.from(data).toString();
  } catch (error) {
    if (/** @type {{ code?: string }} */ (error).code === 'NO_NODE') return null;
    throw error;
  }
}

/** The value that write `number` of a path gives it. */
function valueOf(/** @type {string} */ path, /** @type {number} */ number) {
  return filled(path, number, 20 + ((number * 37) % 500));
}

/** @param {string} path @param {number} number @param {number} length */
function filled(path, number, length) {
  const unit = `${path} ${number} ${Math.imul(number + 1, 2654435761) >>> 0} `;
  return unit.repeat(Math.ceil(length / unit.length));
}

function shown(/** @type {string | null} */ value) {
  return value === null ? 'gone' : JSON.stringify(value.length > 60 ? `${value.slice(0, 60)}…` : value);
}

function sleep(/** @type {number} */ ms) {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

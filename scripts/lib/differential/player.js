/**
 * Plays a program against one server and writes down what came back. Whatever a server answers, the player goes on in the
 * same way: two servers that answer alike see the same bytes, but for what is a server's own.
 *
 * Around the program it does the same every time: it makes the program's root, ends all sessions afterwards, reads
 * everything that is left, for the comparison, and removes it.
 */
import { JuteReader, ZooKeeperOp, connectResponse, highOf, lowOf } from '@synod/zookeeper';
import { frameOf, handshakeOf, readFrame, repliesTo } from './frames.js';
import { ZXID_AT, requestsOf, typeOf, view } from './program.js';
import { Wire } from './wire.js';

/** @typedef {import('./program.js').Step} Step */
/** @typedef {import('./program.js').Request} Request */
/** @typedef {import('@synod/zookeeper').Long} Long */

/**
 * What came during a step on its connection, up to the reply that ended the step; events that came since the connection's
 * last step stand in front.
 *
 * @typedef {{ step: Step; frames: readonly Buffer[]; state: import('./wire.js').State | 'skipped' }} Entry
 */

/** @typedef {{ id: Long; passwd: Uint8Array; over: boolean }} Session */

/** The label of the session that prepares and clears up, and the highest id of the requests that programs have. */
const ADMIN = -1;
const FIRST_ID = 1_000_000;
/** Of the request that makes the program's root. */
const ROOT_ID = FIRST_ID + 1;

/** Requests that leave together. */
const BATCH = 60;

const OPEN = [{ permissions: 31, scheme: 'world', id: 'anyone' }];

/** A session that no server knows. */
const STRANGER = { id: 0x7654_3210, passwd: new Uint8Array(16).fill(7) };

/** Znodes that cannot be removed. */
export const builtIn = ['/', '/zookeeper', '/zookeeper/config', '/zookeeper/quota'];

export class Player {
  #address;
  #credentials;
  /** @type {Map<number, Wire>} */
  #wires = new Map();
  /** Whose connections they are. @type {Map<number, number>} */
  #owners = new Map();
  /** @type {Map<number, Session>} */
  #sessions = new Map();
  /** @type {Map<number, Long>} */
  #zxids = new Map();
  /** @type {Entry[]} */
  #entries = [];
  #nextId = FIRST_ID;

  /**
   * @param {import('./servers.js').Address} address
   * @param {string} credentials of the user who may do everything
   */
  constructor(address, credentials) {
    this.#address = address;
    this.#credentials = credentials;
  }

  /** @param {import('./program.js').Program} program @returns {Promise<Entry[]>} */
  async play(program) {
    const admin = program.connections;
    await this.#open(admin, null, ADMIN);
    const auth = Buffer.from(this.#credentials);
    await this.#send(admin, [
      { type: ZooKeeperOp.auth, authType: 0, scheme: 'digest', auth },
      { type: ZooKeeperOp.create, path: program.root, data: null, acl: OPEN, flags: 0 },
    ]);
    for (const step of program.steps) await this.#step(step);
    await this.#endSessions(admin);
    const found = await this.#readAll(admin, program.outside ? '/' : program.root);
    await this.#remove(admin, found);
    if (program.outside) await this.#restore(admin);
    await this.#close(admin);
    for (const wire of this.#wires.values()) wire.destroy();
    return this.#entries;
  }

  /** @param {Step} step */
  async #step(step) {
    const wire = this.#wires.get(step.on);
    switch (step.kind) {
      case 'connect':
        await this.#connect(step);
        break;
      case 'drop':
        this.#note(step, { frames: [], state: wire ? 'open' : 'skipped' }, true);
        break;
      case 'ended':
        this.#note(step, wire ? await wire.replies(Infinity) : null, true);
        break;
      case 'send':
        if (wire) await this.#sent(step, wire);
        else this.#note(step, null, false);
    }
  }

  /** @param {import('./program.js').SendStep} step @param {Wire} wire */
  async #sent(step, wire) {
    const { requests, until } = step;
    for (const piece of this.#pieces(step)) wire.write(piece);
    const owed = until === 'end' ? Infinity : requests.filter(({ silent }) => silent !== true).length;
    const got = await wire.replies(owed);
    this.#learn(requests, got.frames, step.on, until === 'replies');
    this.#note(step, got, until !== 'replies' || got.state !== 'open');
  }

  /** @param {import('./program.js').ConnectStep} step */
  async #connect(step) {
    this.#wires.get(step.on)?.destroy();
    this.#wires.delete(step.on);
    this.#owners.delete(step.on);
    const wire = await Wire.open(this.#address);
    this.#wires.set(step.on, wire);
    const session = step.session === null ? null : (this.#sessions.get(step.session) ?? STRANGER);
    const hello = handshakeOf({
      protocolVersion: 0,
      lastZxidSeen: this.#zxid(step.lastZxid),
      timeOut: step.timeOut,
      sessionId: session?.id ?? 0,
      passwd: step.passwd === 'own' ? (session?.passwd ?? null) : step.passwd,
      readOnly: step.readOnly,
    });
    const kept = hello.subarray(0, hello.length - step.cut);
    wire.write(Buffer.concat([lengthOf(kept.length), kept, ...step.behind.map((request) => this.#bytes(request))]));
    const got = await wire.replies(1 + step.behind.length);
    const [answer, ...rest] = got.frames;
    const isWelcome = answer !== undefined && this.#welcomed(step, answer);
    this.#learn(step.behind, rest, step.on, true);
    // Behind an answer without a session nothing comes but the end.
    const last = got.state === 'open' && !isWelcome ? await wire.replies(Infinity) : { frames: [], state: got.state };
    this.#note(step, { frames: [...got.frames, ...last.frames], state: last.state }, last.state !== 'open');
  }

  /** Whether there is a session now. @param {import('./program.js').ConnectStep} step @param {Buffer} answer */
  #welcomed(step, answer) {
    const { timeOut, sessionId, passwd } = connectResponse.read(new JuteReader(answer));
    if (timeOut === 0) return false;
    const label = step.session ?? step.label;
    for (const [on, owner] of this.#owners) if (owner === label) this.#owners.delete(on);
    this.#owners.set(step.on, label);
    this.#sessions.set(label, { id: sessionId, passwd: passwd ?? new Uint8Array(0), over: false });
    return true;
  }

  /**
   * What replies say that later steps refer to.
   *
   * @param {readonly Request[]} requests
   * @param {readonly Buffer[]} frames
   * @param {number} on
   * @param {boolean} lives whether the connection goes on
   */
  #learn(requests, frames, on, lives) {
    const replies = repliesTo(requests, frames);
    for (const [index, request] of requests.entries()) {
      const reply = replies[index];
      if (reply === undefined) continue;
      const { zxid, err } = readFrame(reply).header;
      // What ends a connection may be answered differently, and is nothing to go by.
      if (lives) this.#zxids.set(request.id, zxid);
      const session = this.#sessions.get(this.#owners.get(on) ?? NaN);
      if (typeOf(request) === ZooKeeperOp.closeSession && err === 0 && session) session.over = true;
    }
  }

  /** @param {Step} step @param {Pick<Entry, 'frames' | 'state'> | null} got null: there is no connection @param {boolean} over */
  #note(step, got, over) {
    this.#entries.push({ step, frames: got?.frames ?? [], state: got?.state ?? 'skipped' });
    if (!over) return;
    this.#wires.get(step.on)?.destroy();
    this.#wires.delete(step.on);
    this.#owners.delete(step.on);
  }

  /** @param {import('./program.js').SendStep} step */
  #pieces({ requests, pieces }) {
    const all = Buffer.concat(requests.map((request) => this.#bytes(request)));
    const size = Math.ceil(all.length / pieces);
    return Array.from({ length: pieces }, (_, index) => all.subarray(index * size, (index + 1) * size));
  }

  /** @param {Request} request */
  #bytes(request) {
    const frame = Buffer.from(request.frame);
    if (request.zxid !== undefined) {
      const zxid = this.#zxid(request.zxid);
      frame.writeInt32BE(highOf(zxid), ZXID_AT);
      frame.writeUInt32BE(lowOf(zxid), ZXID_AT + 4);
    }
    return Buffer.concat([lengthOf(request.length ?? frame.length), frame]);
  }

  /** @param {import('./program.js').ZxidRef} ref @returns {Long} */
  #zxid(ref) {
    if ('value' in ref) return ref.value;
    const found = this.#zxids.get(ref.of) ?? 0;
    return found > 0 ? found : (this.#zxids.get(ROOT_ID) ?? 0);
  }

  /** @param {number} on @param {number | null} session @param {number} label */
  async #open(on, session, label) {
    const lastZxid = { value: 0n };
    const rest = { timeOut: 60_000, readOnly: false, cut: 0, behind: [], lastZxid };
    await this.#step({ kind: 'connect', on, session, label, passwd: session === null ? null : 'own', ...rest });
  }

  /** @param {number} on */
  async #close(on) {
    if (this.#wires.has(on)) await this.#send(on, [{ type: ZooKeeperOp.closeSession }], 'end');
  }

  /**
   * @param {number} on
   * @param {readonly import('./frames.js').RequestRecord[]} records
   * @param {'replies' | 'end'} until
   */
  async #send(on, records, until = 'replies') {
    for (let at = 0; at < records.length; at += BATCH) {
      const requests = records.slice(at, at + BATCH).map((record) => {
        const id = this.#nextId++;
        return { id, frame: frameOf(record.type === ZooKeeperOp.auth ? -4 : id, record) };
      });
      await this.#step({ kind: 'send', on, requests, until, pieces: 1 });
    }
  }

  /** @param {number} count */
  async #endSessions(count) {
    for (let on = 0; on < count; on++) await this.#close(on);
    for (const [label, { over }] of this.#sessions) {
      if (over || label === ADMIN) continue;
      await this.#open(0, label, label);
      await this.#close(0);
    }
  }

  /** Reads a znode and all below it; returns their paths. @param {number} on @param {string} top */
  async #readAll(on, top) {
    const found = [top];
    for (let level = [top]; level.length > 0; found.push(...level)) {
      const first = this.#entries.length;
      await this.#send(
        on,
        level.flatMap((path) => [
          { type: ZooKeeperOp.getData, path, watch: false },
          { type: ZooKeeperOp.getAcl, path },
          { type: ZooKeeperOp.getChildren2, path, watch: false },
        ]),
      );
      const names = this.#entries.slice(first).flatMap(childrenIn);
      level = level.flatMap((path, index) => names[index]?.map((name) => `${path === '/' ? '' : path}/${name}`) ?? []);
    }
    return found;
  }

  /** @param {number} on @param {readonly string[]} paths parents in front of children */
  async #remove(on, paths) {
    const goes = paths.filter((path) => !builtIn.includes(path)).reverse();
    const type = ZooKeeperOp.delete;
    await this.#send(
      on,
      goes.map((path) => ({ type, path, version: -1 })),
    );
  }

  /** @param {number} on */
  async #restore(on) {
    const paths = builtIn.filter((path) => path !== '/zookeeper/config');
    await this.#send(
      on,
      paths.flatMap((path) => [
        { type: ZooKeeperOp.setAcl, path, acl: OPEN, version: -1 },
        { type: ZooKeeperOp.setData, path, data: new Uint8Array(0), version: -1 },
      ]),
    );
  }
}

/** The children that each getChildren2 of a step found, in order of their names. @param {Entry} entry */
function childrenIn({ step, frames }) {
  const requests = requestsOf(step);
  return repliesTo(requests, frames).flatMap((reply, index) => {
    const request = requests[index];
    if (!request || typeOf(request) !== ZooKeeperOp.getChildren2) return [];
    const read = reply && readFrame(reply, ZooKeeperOp.getChildren2);
    const body = /** @type {{ children?: string[] } | null | undefined} */ (read?.body);
    return [body?.children?.toSorted() ?? []];
  });
}

/** @param {number} length */
function lengthOf(length) {
  const bytes = new Uint8Array(4);
  view(bytes).setInt32(0, length);
  return bytes;
}

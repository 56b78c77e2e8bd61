/** A client whose calls, answers and events all go into the history. Its calls never reject: they tell how they ended. */
import { Client } from '@synod/client/client';
import { View } from '@synod/client/view';
import { isSynodError, ops, parseConnectString } from '@synod/client';
import { isWrite, Op, WatchMode } from '@synod/protocol';
import { canonical } from '@synod/simulator/check/canonical';
import { now } from './history.js';
import { Tap } from './tap.js';

/** @typedef {import('./history.js').OpRecord} OpRecord */
/** @typedef {import('@synod/protocol').Request} Request */

/**
 * @template V
 * @typedef {{ ok: true; code: ''; value: V } | { ok: false; code: string; value: undefined }} Answer how a call ended
 */

/**
 * @typedef {object} Surroundings
 * @property {string} servers connect string
 * @property {(record: import('./history.js').AnyRecord) => void} record
 * @property {Set<RecordedClient>} open all clients that are not over
 */

/** The client gives a session up by itself only after so long: the servers shall decide. */
const expireAfterMs = 300_000;

export class RecordedClient {
  /** Becomes true when nothing more can be asked of it. */
  over = false;
  /** Calls that wait for an answer. @type {Set<OpRecord>} */
  pending = new Set();
  /** Called when the connection is lost or the session is over. @type {() => void} */
  onTrouble = () => undefined;
  /** In the order of the calls, with the attempt at a connection on which each was last sent. @type {Map<OpRecord, number>} */
  #unanswered = new Map();
  #seq = 0;
  #watches = 0;

  /**
   * @param {Surroundings} around
   * @param {string} name
   * @param {number} timeout
   */
  constructor(around, name, timeout) {
    this.around = around;
    this.name = name;
    this.session = 0;
    this.tap = new Tap({
      welcome: (session, granted) => this.#welcome(session, granted),
      sent: (attempt, number) => this.#sent(attempt, number),
      reply: (zxid) => this.#replied(zxid),
    });
    const { servers } = parseConnectString(around.servers);
    const options = { servers, timeout, expireAfter: expireAfterMs, maxQueue: 10_000, resume: undefined };
    this.client = new Client(options, new View(''), this.tap);
    this.client.on('state', (state, cause) => this.#state(state, cause));
    around.open.add(this);
  }

  /** Resolves when the session is open, or over. */
  async opened() {
    while (this.client.state !== 'connected' && !this.over) {
      await new Promise((resolve) => this.client.once('state', resolve));
    }
  }

  get connected() {
    return this.client.state === 'connected';
  }

  /** @param {number} session @param {number} timeout */
  #welcome(session, timeout) {
    if (this.session !== 0) return;
    this.session = session;
    this.around.record({ t: 'session', client: this.name, session, timeout, at: now() });
  }

  /** Everything without an answer is sent in the order of the calls, and again on each connection. @param {number} attempt @param {number} number */
  #sent(attempt, number) {
    for (const [record, before] of this.#unanswered) {
      if (before === attempt) continue;
      this.#unanswered.set(record, attempt);
      if (before === 0) record.sent = now();
      else record.resent++;
      record.number = number;
      return;
    }
    throw new Error(`${this.name} was not asked for what it sends`);
  }

  /** @param {number} zxid */
  #replied(zxid) {
    for (const record of this.#unanswered.keys()) {
      this.#unanswered.delete(record);
      record.zxid = zxid;
      return;
    }
    throw new Error(`an answer to ${this.name} that nothing waits for`);
  }

  /** @param {string} state @param {string} cause */
  #state(state, cause) {
    const at = now();
    const { contact, heard } = this.tap;
    const wall = Date.now() - (at - contact);
    const { name: client, session } = this;
    this.around.record({ t: 'state', client, session, seq: ++this.#seq, at, state, cause, wall, contact, heard });
    if (state === 'expired') {
      this.#end('expired');
      this.client.kill('the session has expired');
    }
    if (state !== 'connected') this.onTrouble();
  }

  /** @param {'closed' | 'abandoned' | 'expired'} how */
  #end(how) {
    if (this.over) return;
    this.over = true;
    this.around.open.delete(this);
    this.around.record({ t: 'end', client: this.name, session: this.session, how, at: now() });
  }

  /**
   * @template V
   * @param {Request} request
   * @param {() => Promise<V>} start
   * @param {{ watch?: OpRecord['watch']; as?: string }} [more] as: the name that the value has in a server's result
   * @returns {Promise<Answer<V>>}
   */
  #call(request, start, { watch = null, as = '' } = {}) {
    const at = now();
    /** @type {OpRecord} */
    const record = {
      ...{ t: 'op', client: this.name, session: 0, seq: 0, conn: 0, request, write: isWrite(request), number: 0 },
      ...{ called: at, sent: at, end: Infinity, outcome: 'unknown', code: '', zxid: 0, result: null, resent: 0, watch },
    };
    this.pending.add(record);
    this.#unanswered.set(record, 0);
    // Directly behind the client's own promise: a step in between would put answers and events out of order.
    return start().then(
      (value) => {
        this.#done(record, 'ok', '', as === '' ? value : { [as]: value });
        return { ok: true, code: '', value };
      },
      (/** @type {unknown} */ error) => {
        if (!isSynodError(error)) throw error;
        this.#done(record, error.outcome === 'unknown' ? 'unknown' : 'fail', error.code, undefined);
        return { ok: false, code: error.code, value: undefined };
      },
    );
  }

  /**
   * @param {OpRecord} record
   * @param {OpRecord['outcome']} outcome
   * @param {string} code
   * @param {unknown} value
   */
  #done(record, outcome, code, value) {
    this.pending.delete(record);
    this.#unanswered.delete(record);
    record.session = this.session;
    record.seq = ++this.#seq;
    record.conn = this.tap.connection;
    record.end = now();
    // Where no server answered, a write that was sent may have been carried out, and nothing else was.
    const unanswered = record.write && record.number > 0 ? 'unknown' : 'fail';
    record.outcome = record.zxid === 0 ? unanswered : outcome;
    record.code = code;
    record.result = outcome === 'ok' ? canonical(value === undefined ? {} : value) : null;
    this.around.record(record);
  }

  /** @param {import('@synod/simulator/history').WatchKind} kind @param {(event: import('@synod/client').WatchEvent) => void} told */
  #watch(kind, told) {
    const id = ++this.#watches;
    /** @param {import('@synod/client').WatchEvent} event */
    const listener = (event) => {
      const { type, path, zxid } = event;
      const { name: client, session } = this;
      const place = { seq: ++this.#seq, conn: this.tap.connection, at: now() };
      this.around.record({ t: 'event', client, session, ...place, watch: id, type, path, zxid });
      told(event);
    };
    return { watch: { id, kind }, listener };
  }

  /** @param {string} path @param {string} data @param {import('@synod/client').CreateOptions} [options] */
  create(path, data, options) {
    return this.#call(ops.create(path, data, options), () => this.client.create(path, data, options));
  }

  /** @param {string} path @param {string} data @param {number} [version] */
  set(path, data, version = -1) {
    const request = ops.set(path, data, version);
    return this.#call(request, () => this.client.set(path, data, { version }), { as: 'stat' });
  }

  /** @param {string} path */
  delete(path) {
    return this.#call(ops.delete(path), () => this.client.delete(path));
  }

  /** @param {Parameters<Client['multi']>[0]} operations */
  multi(operations) {
    return this.#call({ op: Op.multi, operations }, () => this.client.multi(operations), { as: 'results' });
  }

  /** @param {string} path @param {(event: import('@synod/client').WatchEvent) => void} [told] by a one-shot watch */
  get(path, told) {
    const request = { op: Op.getData, path, watch: told !== undefined };
    if (!told) return this.#call(request, () => this.client.get(path));
    const { watch, listener } = this.#watch('data', told);
    return this.#call(request, () => this.client.get(path, { watch: listener }), { watch });
  }

  /** @param {string} path @param {(event: import('@synod/client').WatchEvent) => void} [told] */
  exists(path, told) {
    const request = { op: Op.exists, path, watch: told !== undefined };
    if (!told) return this.#call(request, () => this.client.exists(path), { as: 'stat' });
    const { watch, listener } = this.#watch('exists', told);
    return this.#call(request, () => this.client.exists(path, { watch: listener }), { watch, as: 'stat' });
  }

  /** @param {string} path @param {(event: import('@synod/client').WatchEvent) => void} [told] */
  children(path, told) {
    const request = { op: Op.getChildren, path, watch: told !== undefined };
    if (!told) return this.#call(request, () => this.client.children(path));
    const { watch, listener } = this.#watch('child', told);
    return this.#call(request, () => this.client.children(path, { watch: listener }), { watch });
  }

  ephemerals() {
    return this.#call({ op: Op.getEphemerals, prefix: '/' }, () => this.client.ephemerals(), { as: 'paths' });
  }

  sync() {
    return this.#call({ op: Op.sync, path: '/' }, () => this.client.sync('/'));
  }

  /** @param {string} path @param {(event: import('@synod/client').WatchEvent) => void} told */
  watchAll(path, told) {
    const { watch, listener } = this.#watch('recursive', told);
    const request = { op: Op.addWatch, path, mode: WatchMode.persistentRecursive };
    return this.#call(request, () => this.client.addWatch(path, 'recursive', listener), { watch });
  }

  /** Ends the session behind all calls. */
  async close() {
    await this.#call({ op: Op.closeSession }, () => this.client.close());
    this.#end('closed');
  }

  /** Goes without a word: the session is left to expire. */
  abandon() {
    this.#end('abandoned');
    this.client.kill('abandoned');
  }
}

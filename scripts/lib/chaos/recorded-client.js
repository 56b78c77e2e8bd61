/** A client whose calls, answers and events all go into the history. Its calls never reject: they tell how they ended. */
import { Client } from '@synod/client/client';
import { View } from '@synod/client/view';
import { isSynodError, parseConnectString } from '@synod/client';
import { canonical, now } from './history.js';
import { Tap } from './tap.js';

/** @typedef {import('./history.js').OpRecord} OpRecord */

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
  /** @type {Set<OpRecord>} */
  #unanswered = new Set();
  /** @type {Set<OpRecord>} */
  #unnumbered = new Set();
  /** @type {Set<OpRecord>} */
  #unsentReads = new Set();
  #lastNumber = 0;
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
      write: (number) => this.#sentWrite(number),
      read: () => this.#sentRead(),
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

  /** @param {number} number */
  #sentWrite(number) {
    if (number <= this.#lastNumber) return;
    this.#lastNumber = number;
    for (const record of this.#unnumbered) {
      this.#unnumbered.delete(record);
      record.number = number;
      record.sent = now();
      return;
    }
    throw new Error(`write ${number} of ${this.name} was not asked for`);
  }

  #sentRead() {
    for (const record of this.#unsentReads) {
      this.#unsentReads.delete(record);
      record.sent = now();
      return;
    }
  }

  /** @param {number} zxid */
  #replied(zxid) {
    for (const record of this.#unanswered) {
      this.#unanswered.delete(record);
      record.zxid = zxid;
      return;
    }
    throw new Error(`an answer to ${this.name} that nothing waits for`);
  }

  /** @param {string} state @param {string} cause */
  #state(state, cause) {
    const at = now();
    const { contact } = this.tap;
    const wall = Date.now() - (at - contact);
    const { name: client, session } = this;
    this.around.record({ t: 'state', client, session, seq: ++this.#seq, at, state, cause, wall, contact });
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
   * @param {string} op
   * @param {string} path
   * @param {boolean} write
   * @param {() => Promise<V>} start
   * @param {{ watch?: OpRecord['watch']; as?: string }} [more] as: the name that the value has in a server's result
   * @returns {Promise<Answer<V>>}
   */
  #call(op, path, write, start, { watch = null, as = '' } = {}) {
    const at = now();
    /** @type {OpRecord} */
    const record = {
      ...{ t: 'op', client: this.name, session: 0, seq: 0, conn: 0, op, path, write, number: 0 },
      ...{ sent: at, end: 0, outcome: 'unknown', code: '', zxid: 0, result: null, watch },
    };
    this.pending.add(record);
    this.#unanswered.add(record);
    (write ? this.#unnumbered : this.#unsentReads).add(record);
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
    this.#unnumbered.delete(record);
    this.#unsentReads.delete(record);
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

  /** @param {'data' | 'child' | 'recursive'} kind @param {(event: import('@synod/client').WatchEvent) => void} told */
  #watch(kind, told) {
    const id = ++this.#watches;
    /** @param {import('@synod/client').WatchEvent} event */
    const listener = (event) => {
      const { type, path, zxid } = event;
      const { name: client, session } = this;
      const conn = this.tap.connection;
      this.around.record({ t: 'event', client, session, seq: ++this.#seq, conn, watch: id, type, path, zxid });
      told(event);
    };
    return { watch: { id, kind }, listener };
  }

  /** @param {string} path @param {string} data @param {import('@synod/client').CreateOptions} [options] */
  create(path, data, options) {
    return this.#call('create', path, true, () => this.client.create(path, data, options));
  }

  /** @param {string} path @param {string} data @param {number} [version] */
  set(path, data, version = -1) {
    return this.#call('set', path, true, () => this.client.set(path, data, { version }), { as: 'stat' });
  }

  /** @param {string} path */
  delete(path) {
    return this.#call('delete', path, true, () => this.client.delete(path));
  }

  /** @param {Parameters<Client['multi']>[0]} operations */
  multi(operations) {
    const path = operations.map((operation) => operation.path).join(' ');
    return this.#call('multi', path, true, () => this.client.multi(operations), { as: 'results' });
  }

  /** @param {string} path @param {(event: import('@synod/client').WatchEvent) => void} [told] by a one-shot watch */
  get(path, told) {
    if (!told) return this.#call('get', path, false, () => this.client.get(path));
    const { watch, listener } = this.#watch('data', told);
    return this.#call('get', path, false, () => this.client.get(path, { watch: listener }), { watch });
  }

  /** @param {string} path @param {(event: import('@synod/client').WatchEvent) => void} [told] */
  exists(path, told) {
    if (!told) return this.#call('exists', path, false, () => this.client.exists(path));
    const { watch, listener } = this.#watch('data', told);
    return this.#call('exists', path, false, () => this.client.exists(path, { watch: listener }), { watch });
  }

  /** @param {string} path @param {(event: import('@synod/client').WatchEvent) => void} [told] */
  children(path, told) {
    if (!told) return this.#call('children', path, false, () => this.client.children(path));
    const { watch, listener } = this.#watch('child', told);
    return this.#call('children', path, false, () => this.client.children(path, { watch: listener }), { watch });
  }

  ephemerals() {
    return this.#call('ephemerals', '/', false, () => this.client.ephemerals(), { as: 'paths' });
  }

  sync() {
    return this.#call('sync', '/', false, () => this.client.sync('/'));
  }

  /** @param {string} path @param {(event: import('@synod/client').WatchEvent) => void} told */
  watchAll(path, told) {
    const { watch, listener } = this.#watch('recursive', told);
    return this.#call('addWatch', path, false, () => this.client.addWatch(path, 'recursive', listener), { watch });
  }

  /** Ends the session behind all calls. */
  async close() {
    const answer = this.#call('close', '/', true, () => this.client.close());
    await answer;
    this.#end('closed');
  }

  /** Goes without a word: the session is left to expire. */
  abandon() {
    this.#end('abandoned');
    this.client.kill('abandoned');
  }
}

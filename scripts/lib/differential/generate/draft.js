/**
 * A sequence while it is drawn: what the generator has to know of it so far. It does not know what a server answers; the
 * few names below one root make most requests meet something.
 */
import { Random } from '../../chaos/random.js';
import { frameOf } from '../frames.js';
import { parentOf } from './names.js';

/** @typedef {import('../program.js').Request} Request */
/** @typedef {import('../frames.js').RequestRecord} RequestRecord */

/**
 * What a connection watches a path for. ZooKeeper 3.8 keeps only the last kind for a path, so one connection asks for one.
 *
 * @typedef {'standard' | 'persistent' | 'recursive'} WatchKind
 */

/** One connection. @typedef {{ on: number; open: boolean; session: number | null; watches: Map<string, WatchKind> }} Slot */

/** Xids of what is no ordinary request start here, so that they meet none of a session's own. */
const FIRST_XID = 1;

export class Draft {
  /** @type {import('../program.js').Step[]} */
  steps = [];
  /** @type {Slot[]} */
  slots;
  /** Labels of sessions that were not closed. @type {number[]} */
  sessions = [];
  /** Paths where, by and large, there are znodes: no more than a guess. @type {Set<string>} */
  there;
  #ids = 0;
  #labels = 0;
  #xid = FIRST_XID;

  /**
   * @param {string} seed
   * @param {string} root
   * @param {number} connections
   */
  constructor(seed, root, connections) {
    this.random = new Random(seed);
    this.root = root;
    this.there = new Set([root]);
    /** Either the sequence has watches, or znodes that not all may read: ZooKeeper 3.8 tells of these too. */
    this.watches = this.random.chance(0.6);
    /** Whether znodes outside of the root are touched. */
    this.outside = this.random.chance(0.1);
    this.slots = Array.from({ length: connections }, (_, on) => ({
      on,
      open: false,
      session: null,
      watches: new Map(),
    }));
  }

  /** How many requests there are so far. */
  get count() {
    return this.#ids;
  }

  newLabel() {
    this.sessions.push(this.#labels);
    return this.#labels++;
  }

  newXid() {
    return this.#xid++;
  }

  /** @param {RequestRecord} record @param {number} [xid] @returns {Request} */
  request(record, xid = this.newXid()) {
    return this.raw(frameOf(xid, record));
  }

  /** @param {Uint8Array} frame @param {Partial<Request>} [more] @returns {Request} */
  raw(frame, more = {}) {
    return { id: this.#ids++, frame, ...more };
  }

  /**
   * @param {Slot} slot
   * @param {readonly Request[]} requests
   * @param {'replies' | 'end' | 'either'} [until] after the latter two the connection is over
   */
  send(slot, requests, until = 'replies') {
    const pieces = this.random.chance(0.03) ? 2 + this.random.below(5) : 1;
    this.steps.push({ kind: 'send', on: slot.on, requests, until, pieces });
    if (until !== 'replies') this.lose(slot);
  }

  /** The connection is over, its session is not. @param {Slot} slot */
  lose(slot) {
    slot.open = false;
    slot.session = null;
    slot.watches = new Map();
  }

  /** A create is drawn. @param {string} path */
  make(path) {
    if (this.there.has(parentOf(path))) this.there.add(path);
  }

  /** A delete is drawn. @param {string} path */
  unmake(path) {
    if (path !== this.root && ![...this.there].some((other) => parentOf(other) === path)) this.there.delete(path);
  }

  /** Whether a connection may watch a path in this way; then it does. @param {Slot} slot @param {string} path @param {WatchKind} kind */
  watch(slot, path, kind) {
    const before = slot.watches.get(path) ?? kind;
    if (!this.watches || before !== kind || path === '') return false;
    slot.watches.set(path, kind);
    return true;
  }

  /** The zxid of some earlier reply, or none. @returns {import('../program.js').ZxidRef} */
  someZxid() {
    if (!this.outside && this.random.chance(0.15)) return { value: 0n };
    return { of: Math.max(0, this.#ids - 1 - this.random.below(60)) };
  }
}

/** A zxid that no server will reach. */
export const FUTURE = { value: 2n ** 62n };

/**
 * Whether two servers have answered the same: their transcripts of one program, step by step, reply by reply, event by
 * event. What may differ is in relations.js (by its nature) and in allowed.js (on purpose).
 */
import { JuteReader, ZooKeeperOp, connectResponse } from '@synod/zookeeper';
import { excuse } from './allowed.js';
import { nameOf } from './describe.js';
import { isAuth, readFrame, recordOf, repliesTo } from './frames.js';
import { requestsOf, typeOf } from './program.js';
import { sameRecord } from './records.js';
import { Relations } from './relations.js';
import { isWrite } from './shapes.js';
import { compareEvents } from './events.js';
import { isEvent } from './wire.js';

/** @typedef {import('./player.js').Entry} Entry */
/** @typedef {import('./program.js').Request} Request */
/** @typedef {import('./frames.js').Read} Read */
/** @typedef {import('@synod/zookeeper').Long} Long */

/**
 * The first thing that differs. `index`: of the step in the transcripts; `request`: null where it is none that differs.
 *
 * @typedef {{ index: number; request: Request | null; reason: string; left: Entry | undefined; right: Entry | undefined }} Difference
 */

/** Counts of what was compared. */
export class Tally {
  requests = 0;
  events = 0;
  /** @type {Map<string, number>} */
  kinds = new Map();
  /** @type {Map<string, number>} */
  errors = new Map();
  /** @type {Map<string, number>} */
  excused = new Map();

  /** @param {Map<string, number>} map @param {string} key */
  count(map, key) {
    map.set(key, (map.get(key) ?? 0) + 1);
  }
}

/**
 * Where two transcripts of one program differ; null where nowhere. What was compared is added to the tally.
 *
 * @param {readonly Entry[]} left of ZooKeeper
 * @param {readonly Entry[]} right
 * @param {Tally} tally
 * @returns {Difference | null}
 */
export function compare(left, right, tally) {
  const comparison = new Comparison(tally, closings(right));
  const count = Math.max(left.length, right.length);
  for (let index = 0; index < count; index++) {
    const [one, other] = [left[index], right[index]];
    const found = one && other ? comparison.entry(one, other) : { request: null, reason: 'one has more steps' };
    if (found) return { index, left: one, right: other, ...found };
  }
  return null;
}

/** The zxids with which sessions were closed. @param {readonly Entry[]} entries @returns {Set<Long>} */
function closings(entries) {
  const found = new Set();
  for (const { step, frames } of entries) {
    const requests = requestsOf(step);
    if (!requests.some((request) => typeOf(request) === ZooKeeperOp.closeSession)) continue;
    for (const [index, reply] of repliesTo(requests, frames).entries()) {
      const request = requests[index];
      if (reply && request && typeOf(request) === ZooKeeperOp.closeSession) found.add(readFrame(reply).header.zxid);
    }
  }
  return found;
}

/** @typedef {{ request: Request | null; reason: string }} Found */

class Comparison {
  #tally;
  #closings;
  #relations = new Relations();
  /** Secrets of sessions. @type {Map<Long, string>} */
  #secrets = new Map();

  /** @param {Tally} tally @param {Set<Long>} closings */
  constructor(tally, closings) {
    this.#tally = tally;
    this.#closings = closings;
  }

  /** @param {Entry} left @param {Entry} right @returns {Found | null} */
  entry(left, right) {
    const { step } = left;
    const other = requestsOf(right.step);
    const requests = requestsOf(step);
    if (requests.length !== other.length || requests.some(({ frame }, i) => !same(frame, other[i]?.frame))) {
      return { request: null, reason: 'what was found before differs, and so does what is asked now' };
    }
    const [one, another] = [[...left.frames], [...right.frames]];
    if (step.kind === 'connect') {
      const handshake = /** @type {const} */ ([one.shift(), another.shift()]);
      const reason = this.#handshake(...handshake, step.session === null);
      const found = { step, request: null, handshake, leftState: left.state, rightState: right.state };
      if (reason !== undefined && !this.#excused(found)) return { request: null, reason };
    }
    const found = this.#frames(left, one, right, another);
    if (found || left.state === right.state) return found;
    if (this.#excused({ step, request: null, leftState: left.state, rightState: right.state })) return null;
    return { request: null, reason: `${left.state} here, ${right.state} there` };
  }

  /** Whether a row of the table excuses what differs; it is counted. @param {import('./allowed.js').Case} found */
  #excused(found) {
    const row = excuse(found, (a, b) => sameRecord(a, b, this.#relations) === undefined);
    if (row) this.#tally.count(this.#tally.excused, row.name);
    return row;
  }

  /** @param {Buffer | undefined} left @param {Buffer | undefined} right @param {boolean} fresh */
  #handshake(left, right, fresh) {
    if (!left || !right) return left || right ? 'a handshake is answered on one side only' : undefined;
    const [one, other] = [left, right].map((frame) => connectResponse.read(new JuteReader(frame)));
    if (!one || !other || left.length !== right.length) return 'the answers to the handshake differ in length';
    for (const key of /** @type {const} */ (['protocolVersion', 'timeOut', 'readOnly'])) {
      if (one[key] !== other[key]) return `${key} is ${String(one[key])} and ${String(other[key])}`;
    }
    if (one.timeOut === 0) return same(left, right) ? undefined : 'the answers to the handshake differ';
    if (fresh) this.#relations.newSession(one.sessionId, other.sessionId);
    for (const { sessionId, passwd } of [one, other]) {
      const secret = Buffer.from(passwd ?? []).toString('hex');
      if (!fresh && this.#secrets.get(sessionId) !== secret)
        return `the secret of the session ${sessionId} has changed`;
      this.#secrets.set(sessionId, secret);
    }
    return this.#relations.session(one.sessionId, other.sessionId);
  }

  /** @param {Entry} left @param {Buffer[]} leftFrames @param {Entry} right @param {Buffer[]} rightFrames @returns {Found | null} */
  #frames(left, leftFrames, right, rightFrames) {
    const requests = requestsOf(left.step);
    const [leftReplies, rightReplies] = [repliesTo(requests, leftFrames), repliesTo(requests, rightFrames)];
    const several = requests.length > 1;
    const [leftRuns, rightRuns] = [runs(leftFrames, several), runs(rightFrames, several)];
    for (const [index, request] of requests.entries()) {
      this.#tally.requests++;
      this.#tally.count(this.#tally.kinds, nameOf(typeOf(request)));
      const [one, other] = [leftReplies[index], rightReplies[index]];
      const some = one ?? other;
      const early =
        some && !(several && isAuth(some)) ? this.#events(leftRuns.shift(), rightRuns.shift(), request) : undefined;
      if (early !== undefined) return { request, reason: `in front of the reply: ${early}` };
      const states = { leftState: left.state, rightState: right.state };
      const differs = this.#reply(left.step, request, one, other, states);
      if (differs !== undefined) return { request, reason: differs };
    }
    const late = this.#events(leftRuns.shift(), rightRuns.shift(), null);
    return late === undefined ? null : { request: null, reason: `at the end: ${late}` };
  }

  /** @param {readonly Buffer[] | undefined} left @param {readonly Buffer[] | undefined} right @param {Request | null} before */
  #events(left = [], right = [], before) {
    this.#tally.events += left.length;
    const result = compareEvents(left, right, { relations: this.#relations, closings: this.#closings, before });
    if (typeof result === 'string') return result;
    for (const name of result) this.#tally.count(this.#tally.excused, name);
    return undefined;
  }

  /**
   * @param {import('./program.js').Step} step
   * @param {Request} request
   * @param {Buffer | undefined} left
   * @param {Buffer | undefined} right
   * @param {{ leftState: Entry['state']; rightState: Entry['state'] }} states
   * @returns {string | undefined} what differs
   */
  #reply(step, request, left, right, states) {
    if (!left && !right) return undefined;
    const type = typeOf(request);
    const [one, other] = [left && readFrame(left, type), right && readFrame(right, type)];
    if (one) this.#tally.count(this.#tally.errors, String(one.header.err));
    const reason = one && other ? this.#pair(one, other) : 'a reply is missing';
    if (reason === undefined || (one && other && one.header.xid !== other.header.xid)) return reason;
    const found = { step, request, type, record: recordOf(request), left: one, right: other, ...states };
    const row = this.#excused(found);
    if (!row) return reason;
    return one && this.#spent(row, type, one, other);
  }

  /**
   * The zxids of replies that differ otherwise.
   *
   * @param {import('./allowed.js').Row} row
   * @param {number | undefined} type
   * @param {Read} left
   * @param {Read | undefined} right
   * @returns {string | undefined} what speaks against them
   */
  #spent({ spends }, type, left, right) {
    const [one, other] = [left.header.zxid, right?.header.zxid];
    if (spends === 'alone') this.#relations.pass(one);
    if (spends === 'alone' || other === undefined) return undefined;
    return spends && isWrite(type) ? this.#relations.zxidBehind(one, other) : this.#relations.zxid(one, other);
  }

  /** @param {Read} left @param {Read} right */
  #pair(left, right) {
    if (left.header.xid !== right.header.xid) return 'the xids differ';
    if (left.header.err !== right.header.err) return `the errors differ: ${left.header.err} and ${right.header.err}`;
    if (left.rest !== right.rest) return 'there are bytes behind the record';
    return (
      sameRecord(left.body, right.body, this.#relations) ?? this.#relations.zxid(left.header.zxid, right.header.zxid)
    );
  }
}

/**
 * The events in front of the first reply, between each two, and behind the last one. Where there are several requests,
 * replies to `auth` count for nothing: their place is not certain.
 *
 * @param {readonly Buffer[]} frames
 * @param {boolean} several
 */
function runs(frames, several) {
  /** @type {Buffer[][]} */
  const found = [[]];
  for (const frame of frames) {
    if (isEvent(frame)) found.at(-1)?.push(frame);
    else if (!several || !isAuth(frame)) found.push([]);
  }
  return found;
}

/** @param {Uint8Array} left @param {Uint8Array | undefined} right */
function same(left, right) {
  return right !== undefined && Buffer.compare(left, right) === 0;
}

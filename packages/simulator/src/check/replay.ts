/**
 * The requests of the history, judged again in the order of the log by the reference (reference/), must give what the log
 * has and what clients were answered (C2); and each read must show the reference's state at its zxid (C5; C11 where it shows
 * an ephemeral znode of a session that is over).
 *
 * The state always follows the log, so one wrong entry is one violation. A write that the history does not have (of a
 * client that keeps none) is taken as the log has it.
 */
import { formatZxid, isRefusal, isWrite, Op, type ReadRequest } from '@synod/protocol';
import type { Change as TxnChange, MultiPart, Txn } from '@synod/tree';
import type { LogEntry, OpRecord, Violation } from '../history.js';
import { canonical } from './canonical.js';
import { describe } from './describe.js';
import type { Identities } from './identities.js';
import type { Material } from './material.js';
import { sameAcl } from './reference/access.js';
import { judge, type Asker, type Judged, type Refused } from './reference/judge.js';
import { read } from './reference/read.js';
import { ReferenceState, type Change } from './reference/state.js';

export interface Replayed {
  readonly violations: Violation[];
  /** Everything that happened to znodes, in order. */
  readonly changes: readonly Change[];
  /** Where it ended. */
  readonly state: ReferenceState;
}

export function replay(material: Material, identities: Identities): Replayed {
  const run = new Replay(material, identities);
  run.all();
  return run;
}

class Replay implements Replayed {
  readonly violations: Violation[] = [];
  readonly changes: Change[] = [];
  readonly state = new ReferenceState();
  readonly #material: Material;
  readonly #identities: Identities;
  readonly #reads: readonly OpRecord[];
  readonly #numbers = new Map<number, number>();
  #next = 0;

  constructor(material: Material, identities: Identities) {
    this.#material = material;
    this.#identities = identities;
    this.#reads = material.history.ops.filter((op) => !op.write && op.zxid > 0).sort((a, b) => a.zxid - b.zxid);
  }

  all(): void {
    for (const entry of this.#material.log) {
      this.#readUpTo(entry.zxid);
      this.#apply(entry);
    }
    this.#readUpTo(Infinity);
  }

  #apply(entry: LogEntry): void {
    const { zxid, txn } = entry;
    const { state } = this;
    const op = this.#material.opOf(entry);
    if (op) this.#judge(entry, op);
    state.zxid = zxid;
    const before = this.#numbers.get(txn.session) ?? 0;
    if (txn.session !== 0 && txn.number <= before) return;
    this.#numbers.set(txn.session, txn.number);
    if (txn.type === 'error') {
      if (op && isAnswered(op)) this.#compare('C2', op, txn.refusal.code);
      return;
    }
    // Whose session is over changes nothing; that it stands in the log at all is checkNumbers'.
    if (txn.session !== 0 && !state.sessions.has(txn.session)) return;
    const misfit = state.misfit(txn);
    if (misfit !== null) {
      this.#wrong('C2', `${txn.type} at ${formatZxid(zxid)} does not fit the state: ${misfit}`);
      return;
    }
    const result = state.apply(zxid, txn, this.changes);
    if (op && isAnswered(op)) this.#compare('C2', op, canonical(result));
  }

  /** What the log has made of a request. */
  #judge({ zxid, txn }: LogEntry, op: OpRecord): void {
    const { request } = op;
    if (!isWrite(request)) {
      this.#wrong('C2', `${describe(op)} stands in the log at ${formatZxid(zxid)} and is no write`);
      return;
    }
    const { skipAcl } = this.#material.options;
    const expected = this.#identities
      .possible(op)
      .map((identities) => judge(this.state, request, { session: op.session, identities, skipAcl }));
    if (expected.some((one) => ('code' in one ? isSameRefusal(one, txn) : isSameChange(one, txn)))) return;
    const instead = expected.map(inShort).join(' or ');
    this.#wrong('C2', `${describe(op)} stands at ${formatZxid(zxid)} as ${inShort(txn)} instead of ${instead}`);
  }

  #readUpTo(zxid: number): void {
    for (let op = this.#reads[this.#next]; op && op.zxid < zxid; op = this.#reads[++this.#next]) this.#read(op);
  }

  #read(op: OpRecord): void {
    if (op.zxid !== this.state.zxid) {
      this.#wrong('C5', `${describe(op)} shows ${formatZxid(op.zxid)}, which is no zxid of the log`);
      return;
    }
    const request = asRead(op);
    if (request === null || op.outcome === 'unknown') return;
    const result = read(this.state, request, this.#asker(op));
    this.#compare('C5', op, isRefusal(result) ? result.code : canonical(result));
  }

  #compare(rule: string, op: OpRecord, expected: string): void {
    const told = op.outcome === 'ok' ? op.result : op.code;
    if (told === expected || forms(op, told) === forms(op, expected)) return;
    const shown = rule === 'C5' && this.#showsOrphan(told ?? '') ? 'C11' : rule;
    this.#wrong(shown, `${describe(op)} at ${formatZxid(op.zxid)} gave ${String(told)} instead of ${expected}`);
  }

  /** True for an ephemeral znode whose session is over. */
  #showsOrphan(told: string): boolean {
    const owner = Number(/"ephemeralOwner":([1-9]\d*)/.exec(told)?.[1] ?? 0);
    return owner !== 0 && !this.state.sessions.has(owner);
  }

  #asker(op: OpRecord): Asker {
    return { session: op.session, identities: this.#identities.of(op), skipAcl: this.#material.options.skipAcl };
  }

  #wrong(rule: string, text: string): void {
    this.violations.push({ rule, text });
  }
}

function isAnswered({ zxid, outcome, code }: OpRecord): boolean {
  return zxid > 0 && outcome !== 'unknown' && code !== 'SESSION_EXPIRED';
}

function asRead({ request }: OpRecord): ReadRequest | null {
  switch (request.op) {
    case Op.exists:
    case Op.getData:
    case Op.getAcl:
    case Op.getChildren:
    case Op.multiRead:
    case Op.getEphemerals:
    case Op.getAllChildrenNumber:
      return request;
    default:
      return null;
  }
}

/** Answers that count as the same: a missing znode as `null`, and refusals inside a multiRead in whatever words. */
function forms({ request }: OpRecord, told: string | null): string | null {
  if (request.op === Op.exists) return told === 'null' || told === '{"stat":null}' ? 'NO_NODE' : told;
  if (request.op !== Op.multiRead || told?.startsWith('{') !== true) return told;
  const { answers } = JSON.parse(told) as { answers: readonly { code?: string }[] };
  return canonical(answers.map((answer) => (answer.code === undefined ? answer : { code: answer.code })));
}

function isSameRefusal(expected: Refused, txn: Txn): boolean {
  return txn.type === 'error' && txn.refusal.code === expected.code && txn.refusal.index === expected.index;
}

function isSameChange(expected: TxnChange | MultiPart, actual: TxnChange | MultiPart): boolean {
  if (expected.type === 'multi') {
    const parts = actual.type === 'multi' ? actual.parts : null;
    if (parts?.length !== expected.parts.length) return false;
    return expected.parts.every((part, index) => isSameChange(part, parts[index]!));
  }
  for (const [key, value] of Object.entries(expected)) {
    const other = (actual as unknown as Record<string, unknown>)[key];
    if (key === 'acl' ? !sameAcl(value as [], other as []) : !isSameValue(value, other)) return false;
  }
  return true;
}

function isSameValue(a: unknown, b: unknown): boolean {
  if (!(a instanceof Uint8Array) || !(b instanceof Uint8Array)) return a === b;
  return a.length === b.length && a.every((byte, index) => byte === b[index]);
}

/** A change or refusal in a few words. */
function inShort(change: Judged): string {
  if ('code' in change) return `${change.code} (${change.index})`;
  if (change.type === 'error') return `${change.refusal.code} (${change.refusal.index})`;
  const { session: _, acked: __, time: ___, ...rest } = change as Txn;
  const text = canonical(rest);
  return text.length > 300 ? `${text.slice(0, 300)}…` : text;
}

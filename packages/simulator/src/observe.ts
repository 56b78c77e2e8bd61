/**
 * Eyes that see all servers: tells the ensemble's checker and the trace what happens in them, and keeps what the end of
 * the run needs.
 */
import { shortZxid } from '@synod/protocol';
import type { ReplicaEffect } from '@synod/server/replica/effect';
import type { Replica, ReplicaStart } from '@synod/server/replica/replica';
import type { LogOpened } from '@synod/storage/messages';
import { decodeTxn } from '@synod/tree';
import { describeMessage, type PeerMessage, type PersistOp, type Position, type Role } from '@synod/zab';
import { EnsembleChecker } from './check/ensemble.js';
import type { LogEntry, Violation } from './history.js';
import type { ServerEnd, ServerObserver } from './server.js';
import { serverNode } from './server-links.js';
import type { Timeline } from './timeline.js';
import type { Trace } from './trace.js';

/** What an observation is made with. */
export interface ObservationOptions {
  readonly voters: readonly number[];
  readonly observers: readonly number[];
  readonly timeline: Timeline;
  readonly trace: Trace | null;
  readonly report: (violation: Violation) => void;
  /** The end of a server's process, for whoever starts it again. */
  readonly ended: (server: number, how: ServerEnd, reason: string) => void;
}

export class Observation implements ServerObserver {
  readonly checker: EnsembleChecker;
  /** Promises may have been settled since it was last set to false. */
  dirty = false;
  readonly #options: ObservationOptions;
  readonly #held = new Map<number, readonly Position[]>();
  /** When a leader made a record, by its chain. */
  readonly #proposed = new Map<number, number>();

  constructor(options: ObservationOptions) {
    this.#options = options;
    const { voters, observers, report } = options;
    this.checker = new EnsembleChecker({ voters, observers, report, keep: Infinity });
  }

  trace(node: string, kind: string, text: string, to?: string): void {
    const { timeline, trace } = this.#options;
    if (!trace) return;
    const event = { at: timeline.now, event: timeline.events, node, kind, text };
    trace.add(to === undefined ? event : { ...event, to });
  }

  /** All records that any server has applied, in order. */
  committed(): LogEntry[] {
    const entries: LogEntry[] = [];
    const { records } = this.checker;
    for (let entry = records.end; entry.parent !== null; entry = entry.parent) {
      const { zxid, chain, body } = entry;
      if (body === null) throw new Error(`the body of ${shortZxid(zxid)} was not kept`);
      const proposed = this.#proposed.get(chain);
      const found = { zxid, chain, txn: decodeTxn(body) };
      entries.push(proposed === undefined ? found : { ...found, proposed });
    }
    return entries.reverse();
  }

  opened(server: number, opened: LogOpened, held: readonly Position[]): void {
    this.#held.set(server, held);
    const { last, damage, repaired } = opened.proof;
    const words = damage ?? repaired ?? 'sound';
    this.trace(serverNode(server), 'opened', `up to ${shortZxid(last.zxid)}: ${words}`);
  }

  started(server: number, { history, tree }: ReplicaStart): void {
    this.checker.boot(server, this.#options.timeline.now, history, this.#held.get(server) ?? [], tree.digest);
  }

  durable(server: number, ops: readonly PersistOp[]): void {
    this.checker.durable(server, ops);
  }

  pruned(server: number, base: Position): void {
    this.checker.base(server, base);
  }

  left(server: number, to: number, message: PeerMessage): void {
    this.checker.left(server, to, message);
    if (this.#options.trace) this.trace(serverNode(server), message.type, describeMessage(message), serverNode(to));
  }

  turned(server: number, replica: Replica, effects: readonly ReplicaEffect[]): void {
    for (const effect of effects) {
      if (effect.type === 'persist') this.#persist(server, effect.ops);
      else if (effect.type === 'resigned') this.dirty = true;
      else if (effect.type === 'log' && effect.event === 'role') {
        const { role, epoch, leader } = effect.fields;
        this.checker.role(server, role as Role, Number(epoch), Number(leader));
      }
    }
    this.checker.applied(server, replica.applied, replica.tree.digest);
  }

  #persist(server: number, ops: readonly PersistOp[]): void {
    this.checker.persisting(server, ops);
    for (const op of ops) {
      if (op.type !== 'append') continue;
      for (const { chain } of op.records) {
        if (!this.#proposed.has(chain)) this.#proposed.set(chain, this.#options.timeline.now);
      }
    }
  }

  logged(server: number, level: string, event: string, fields: Readonly<Record<string, unknown>>): void {
    if (event === 'digest-differs')
      this.#options.report({ rule: 'Z11', text: `n${server} says: ${JSON.stringify(fields)}` });
    if (this.#options.trace) this.trace(serverNode(server), event, `${level} ${JSON.stringify(fields)}`);
  }

  ended(server: number, how: ServerEnd, reason: string): void {
    this.checker.crashed(server);
    this.trace(serverNode(server), how, reason);
    if (reason.startsWith('internal error')) this.#options.report({ rule: 'assertion', text: `n${server}: ${reason}` });
    this.#options.ended(server, how, reason);
  }

  settled(): void {
    this.dirty = true;
  }
}

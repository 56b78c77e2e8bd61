/**
 * What whoever watches over a server may ask of its replica beyond its status: lists that cost as much as they hold, and
 * nothing where nobody asks. A view for the moment: it must not be kept while events go on.
 */
import { CONFIG_PATH, type Session, type Tree } from '@synod/tree';
import type { Clients } from './clients.js';
import type { Leadership } from './leadership.js';
import type { ProposalSizes } from './proposal-sizes.js';

/** A session, and the milliseconds until it expires unless it is heard; null on whoever does not lead. */
export interface SessionInsight {
  readonly session: Session;
  readonly expiresIn: number | null;
}

/** What a leader alone knows. */
export interface LeaderInsight {
  /** `sync` requests that wait for a quorum. */
  readonly pendingSyncs: number;
  /** Milliseconds since it began to lead. */
  readonly uptime: number;
  readonly proposals: ProposalSizes;
}

export class Insight {
  readonly #tree: Tree;
  readonly #clients: Clients;
  readonly #leadership: Leadership | null;

  constructor(tree: Tree, clients: Clients, leadership: Leadership | null) {
    this.#tree = tree;
    this.#clients = clients;
    this.#leadership = leadership;
  }

  /** The session that a connection serves, and its timeout; zeros before it is let in. */
  sessionOf(connection: number): { readonly session: number; readonly timeout: number } {
    const found = this.#clients.connections.get(connection);
    return found?.state === 'open' ? found : { session: 0, timeout: 0 };
  }

  /** All sessions of the ensemble. */
  *sessions(): Generator<SessionInsight, void> {
    for (const session of this.#tree.sessions.values()) {
      yield { session, expiresIn: this.#leadership?.expiresIn(session.id) ?? null };
    }
  }

  /** Paths and the sessions that are told when their data changes, as `Watches` lists them. */
  *dataWatches(): Generator<readonly [path: string, session: number], void> {
    for (const [path, connection] of this.#clients.watches.dataWatches())
      yield [path, this.sessionOf(connection).session];
  }

  get leading(): LeaderInsight | null {
    return this.#leadership;
  }

  /** The text of `/zookeeper/config`, which is ASCII. */
  get membership(): string {
    return this.#tree.find(CONFIG_PATH)?.data ?? '';
  }
}

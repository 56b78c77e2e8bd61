/**
 * Reads, and the requests that concern the connection itself: watches and identities. Each is answered in one step on one
 * state, so a watch is armed on the very state that the read shows.
 */
import {
  isRefusal,
  limits,
  Op,
  Permission,
  refuse,
  WatchMode,
  type AddAuthRequest,
  type Identity,
  type Refusal,
  type Result,
  type SetWatchesRequest,
  type WatchEvent,
  type Zxid,
} from '@synod/protocol';
import {
  authenticate,
  check,
  Journal,
  rearm,
  Watches,
  type AuthenticationSettings,
  type NodeChange,
  type Reader,
  type Tree,
} from '@synod/tree';
import type { Connection, Waiting } from './connection.js';

export class ConnectionRequests {
  readonly #skipAcl: boolean;
  readonly #authentication: AuthenticationSettings;
  readonly watches = new Watches();
  journal: Journal;

  /** `zxid` is the tree's at the start: what changed before it is not remembered. */
  constructor(skipAcl: boolean, authentication: AuthenticationSettings, zxid: Zxid) {
    this.#skipAcl = skipAcl;
    this.#authentication = authentication;
    this.journal = new Journal(zxid);
  }

  /** Adds who the client proves to be. */
  authenticate(connection: Connection, request: AddAuthRequest): Result | Refusal {
    const found = authenticate(request.scheme, request.credentials, this.#authentication);
    if ('code' in found) return found;
    const known = connection.identities;
    const added = found.filter((one) => !known.some((old) => old.scheme === one.scheme && old.id === one.id));
    if (known.length + added.length > limits.identities) {
      return refuse('BAD_ARGUMENTS', '', `a connection has at most ${limits.identities} identities`);
    }
    connection.identities = [...known, ...added];
    return {};
  }

  /** A connection is gone and its watches with it. */
  drop(connection: number): void {
    this.watches.drop(connection);
  }

  /** Answers a request that has come to the head of its queue. */
  answer(connection: Connection, waiting: Waiting, tree: Tree): Result | Refusal {
    const { request } = waiting;
    if (request === null) throw new Error('a request without a body waits for an answer');
    const reader: Reader = { session: connection.session, identities: waiting.identities, skipAcl: this.#skipAcl };
    const { watches } = this;
    switch (request.op) {
      case Op.exists: {
        const result = tree.read(request, reader);
        // A missing znode can be waited for; one that may not be read cannot.
        if (request.watch && (!isRefusal(result) || result.code === 'NO_NODE')) {
          watches.add(connection.id, request.path, 'data');
        }
        return result;
      }
      case Op.getData:
      case Op.getChildren: {
        const result = tree.read(request, reader);
        if (request.watch && !isRefusal(result)) {
          watches.add(connection.id, request.path, request.op === Op.getData ? 'data' : 'child');
        }
        return result;
      }
      case Op.getAcl:
      case Op.multiRead:
      case Op.getEphemerals:
      case Op.getAllChildrenNumber:
        return tree.read(request, reader);
      case Op.addWatch: {
        watches.add(connection.id, request.path, request.mode === WatchMode.persistent ? 'persistent' : 'recursive');
        return {};
      }
      case Op.checkWatches:
        return watches.check(connection.id, request.path, request.type) ? {} : noWatcher(request.path);
      case Op.removeWatches:
        return watches.remove(connection.id, request.path, request.type) ? {} : noWatcher(request.path);
      case Op.setWatches:
        return this.#rearm(connection, request, tree);
      case Op.whoAmI:
        return { identities: waiting.identities.map(shown) };
      case Op.ping:
        return {};
      default:
        throw new Error(`operation ${request.op} is not answered here`);
    }
  }

  #mayRead(tree: Tree, acl: number, connection: Connection): boolean {
    if (this.#skipAcl) return true;
    const list = tree.acl(acl);
    return list !== undefined && check(list, connection.identities, Permission.READ);
  }

  #rearm(connection: Connection, request: SetWatchesRequest, tree: Tree): Result {
    const mayRead = (id: number, acl: number): boolean => id === connection.id && this.#mayRead(tree, acl, connection);
    for (const event of rearm(connection.id, request, tree, this.journal, this.watches, mayRead))
      connection.event(event);
    return {};
  }

  /** Tells the watchers of what a transaction changed, those connections only that may read it. */
  fire(
    changes: readonly NodeChange[],
    tree: Tree,
    connections: ReadonlyMap<number, Connection>,
    busy: Set<Connection>,
  ): void {
    if (changes.length === 0) return;
    this.journal.add(changes);
    if (this.watches.size === 0) return;
    const mayRead = (id: number, acl: number): boolean => {
      const connection = connections.get(id);
      return connection !== undefined && this.#mayRead(tree, acl, connection);
    };
    this.watches.fire(changes, mayRead, (id: number, event: WatchEvent) => {
      const connection = connections.get(id);
      if (!connection) return;
      connection.event(event);
      busy.add(connection);
    });
  }
}

/** A digest identity is shown without its hash. */
function shown({ scheme, id }: Identity): Identity {
  return { scheme, id: scheme === 'digest' ? id.slice(0, id.indexOf(':')) : id };
}

function noWatcher(path: string): Refusal {
  return refuse('NO_WATCHER', path, 'this connection has no such watch on this path');
}

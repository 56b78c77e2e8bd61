/**
 * The public calls of a client. Each builds a request, hands it to the driver and says how to read the answer; what
 * keeps the promises (order, retries, watches) is the session.
 *
 * The functions are not `async` on purpose: a promise that is settled directly lets the caller's code run before any
 * later watch event.
 */
import { EventEmitter } from 'node:events';
import {
  body,
  Fields,
  isRefusal,
  Op,
  opName,
  readRequest,
  WatcherType,
  WatchMode,
  type Acl,
  type AclResult,
  type DataResult,
  type IdentitiesResult,
  type Identity,
  type MultiOperation,
  type MultiReadResult,
  type MultiResult,
  type NumberResult,
  type PathsResult,
  type PathStatResult,
  type Refusal,
  type Request,
  type Result,
  type Stat,
  type StatResult,
  type WriteRequest,
  type Zxid,
} from '@synod/protocol';
import { Driver, type WatchListener } from './driver.js';
import {
  isSequential,
  ops,
  toBytes,
  type ChildrenList,
  type CreateSettings,
  type Data,
  type GetResult,
  type MultiOutcome,
  type ReadOperation,
  type ReadOutcome,
} from './operations.js';
import type { CallOptions } from './options.js';
import { formatAddress } from './session/servers.js';
import type { SessionIdentity, SessionOptions } from './session/session-options.js';
import type { SessionState } from './session/state.js';
import type { Transport } from './transport.js';
import { toGetResult, type View } from './view.js';

export interface CreateOptions extends CallOptions, CreateSettings {}

export interface VersionOptions extends CallOptions {
  /** The call is refused with BAD_VERSION unless the znode has this version. Default −1: any. */
  readonly version?: number | undefined;
}

export interface WatchOptions extends CallOptions {
  /** Called once, at the next change; survives reconnects. Not called where the call itself is refused. */
  readonly watch?: WatchListener | undefined;
}

/** A persistent watch. */
export interface WatchHandle {
  /** Stops the listener, and the watch on the server where nobody else listens. Never rejects. */
  close(): Promise<void>;
}

/** `cause` says in words why, where it was not asked for. */
export interface ClientEvents {
  state: [state: SessionState, cause: string];
}

/** A connection to an ensemble with one session. Made by {@link connect}. All rejections are SynodErrors. */
export class Client extends EventEmitter<ClientEvents> {
  readonly #driver: Driver;
  readonly #view: View;
  readonly #toPathStat = (answer: Result | Refusal) => this.#pathStat(this.#view.result(answer));
  readonly #toStat = (answer: Result | Refusal) => (this.#view.result(answer) as StatResult).stat;
  readonly #toData = (answer: Result | Refusal) => toGetResult(this.#view.result(answer) as DataResult);
  readonly #toChildren = (answer: Result | Refusal) => this.#view.result(answer) as ChildrenList;
  readonly #toNothing = (answer: Result | Refusal) => void this.#view.result(answer);
  readonly #toStatOrNull = (answer: Result | Refusal) =>
    isRefusal(answer) && answer.code === 'NO_NODE' ? null : this.#toStat(answer);
  #closing: Promise<void> | undefined;

  /** Starts to connect; {@link connect} waits for it. */
  constructor(options: SessionOptions, view: View, transport: Transport) {
    super();
    this.#view = view;
    this.#driver = new Driver(options, transport, {
      state: (state, cause) => this.emit('state', state, cause),
      present: (event) => view.event(event),
    });
    this.#driver.start();
  }

  /** The session's state now; a change is told by the event `state`. */
  get state(): SessionState {
    return this.#driver.session.state;
  }

  /** What another process needs to go on with this session, once this client is gone. */
  get session(): SessionIdentity {
    return this.#driver.session.identity;
  }

  /** `host:port` of the server in use, or tried last; empty before the first attempt. */
  get server(): string {
    const { server } = this.#driver.session;
    return server === undefined ? '' : formatAddress(server);
  }

  /** Highest zxid this client has seen; no server will show it an older state. */
  get lastZxid(): Zxid {
    return this.#driver.session.lastZxid;
  }

  /** Why the latest connection or attempt failed, in words; empty where none has. */
  get cause(): string {
    return this.#driver.session.cause;
  }

  /**
   * Creates a znode. Resolves with its path (for the sequential modes with its number) and Stat.
   * Bytes are not copied: leave them alone until the promise is settled.
   * NODE_EXISTS, NO_NODE (the parent), NO_CHILDREN_FOR_EPHEMERALS, NO_AUTH, INVALID_ACL, BAD_ARGUMENTS.
   */
  create(path: string, data: Data = null, options: CreateOptions = {}): Promise<PathStatResult> {
    return attempt(() => this.#write(this.#place(ops.create(path, data, options)), this.#toPathStat, options));
  }

  /** Deletes a znode. NO_NODE, BAD_VERSION, NOT_EMPTY, NO_AUTH. */
  delete(path: string, options: VersionOptions = {}): Promise<void> {
    return attempt(() => this.#write(this.#place(ops.delete(path, options.version)), this.#toNothing, options));
  }

  /** Replaces the data of a znode; bytes as in {@link Client.create}. NO_NODE, BAD_VERSION, NO_AUTH. */
  set(path: string, data: Data, options: VersionOptions = {}): Promise<Stat> {
    return attempt(() => this.#write(this.#place(ops.set(path, data, options.version)), this.#toStat, options));
  }

  /** Reads a znode; a watch on it fires when it changes or goes. NO_NODE, NO_AUTH. */
  get(path: string, options: WatchOptions = {}): Promise<GetResult> {
    return attempt(() => {
      const request: Request = { op: Op.getData, path: this.#view.full(path), watch: options.watch !== undefined };
      return this.#driver.call(request, this.#toData, options, options.watch);
    });
  }

  /** The Stat of a znode, null where there is none; a watch fires when that changes. NO_AUTH. */
  exists(path: string, options: WatchOptions = {}): Promise<Stat | null> {
    return attempt(() => {
      const request: Request = { op: Op.exists, path: this.#view.full(path), watch: options.watch !== undefined };
      return this.#driver.call(request, this.#toStatOrNull, options, options.watch);
    });
  }

  /** The names of the children; a watch fires when one comes or goes, or the znode itself goes. NO_NODE, NO_AUTH. */
  children(path: string, options: WatchOptions = {}): Promise<ChildrenList> {
    return attempt(() => {
      const request: Request = { op: Op.getChildren, path: this.#view.full(path), watch: options.watch !== undefined };
      return this.#driver.call(request, this.#toChildren, options, options.watch);
    });
  }

  /** NO_NODE, NO_AUTH. Ids of the scheme digest are hidden from those who may not change the ACL. */
  getAcl(path: string, options: CallOptions = {}): Promise<AclResult> {
    return attempt(() => {
      const request: Request = { op: Op.getAcl, path: this.#view.full(path) };
      return this.#driver.call(request, (answer) => this.#view.result(answer) as AclResult, options, undefined);
    });
  }

  /** Replaces an ACL; `version` is compared with the Stat's aversion. NO_NODE, BAD_VERSION, INVALID_ACL, NO_AUTH. */
  setAcl(path: string, acl: Acl, options: VersionOptions = {}): Promise<Stat> {
    return attempt(() => {
      const request: WriteRequest = { op: Op.setAcl, path: this.#view.full(path), acl, version: options.version ?? -1 };
      return this.#write(request, this.#toStat, options);
    });
  }

  /** Waits until this client's server has caught up with the leader: reads after it see everything before it. */
  sync(path = '/', options: CallOptions = {}): Promise<void> {
    return attempt(() => this.#call({ op: Op.sync, path: this.#view.full(path) }, options));
  }

  /**
   * Carries out several writes (see {@link ops}) as one: all or none. Rejects with the error of the first operation that
   * fails; its `index` says which one.
   */
  multi<const O extends readonly MultiOperation[]>(
    operations: O,
    options: CallOptions = {},
  ): Promise<{ -readonly [K in keyof O]: MultiOutcome<O[K]> }> {
    return attempt(() => {
      const placed = operations.map((operation) => this.#place(operation));
      return this.#write({ op: Op.multi, operations: placed }, (answer) => this.#multiResults<O>(answer), options);
    });
  }

  /** Carries out several reads (see {@link reads}) on one state of the tree; each has its own result or error. */
  multiRead<const O extends readonly ReadOperation[]>(
    operations: O,
    options: CallOptions = {},
  ): Promise<{ -readonly [K in keyof O]: ReadOutcome<O[K]> }> {
    return attempt(() => {
      const placed = operations.map((operation) => ({ ...operation, path: this.#view.full(operation.path) }));
      const request: Request = { op: Op.multiRead, operations: placed };
      return this.#driver.call(request, (answer) => this.#readResults<O>(answer), options, undefined);
    });
  }

  /** Paths of this session's ephemeral znodes that start with `prefix`. */
  ephemerals(prefix = '/', options: CallOptions = {}): Promise<string[]> {
    return attempt(() => {
      const request: Request = { op: Op.getEphemerals, prefix: this.#view.fullPrefix(prefix) };
      const interpret = (answer: Result | Refusal): string[] =>
        (this.#view.result(answer) as PathsResult).paths.map((path) => this.#view.strip(path));
      return this.#driver.call(request, interpret, options, undefined);
    });
  }

  /** How many znodes there are below a path. NO_NODE, NO_AUTH. */
  allChildrenNumber(path: string, options: CallOptions = {}): Promise<number> {
    return attempt(() => {
      const request: Request = { op: Op.getAllChildrenNumber, path: this.#view.full(path) };
      const interpret = (answer: Result | Refusal): number => (this.#view.result(answer) as NumberResult).number;
      return this.#driver.call(request, interpret, options, undefined);
    });
  }

  /** The identities of this client on its server. */
  whoAmI(options: CallOptions = {}): Promise<readonly Identity[]> {
    const interpret = (answer: Result | Refusal): readonly Identity[] =>
      (this.#view.result(answer) as IdentitiesResult).identities;
    return this.#driver.call({ op: Op.whoAmI }, interpret, options, undefined);
  }

  /** Adds an identity, for `digest` by `user:password`; kept over reconnects. AUTH_FAILED. */
  addAuth(scheme: string, credentials: string | Uint8Array, options: CallOptions = {}): Promise<void> {
    return attempt(() => {
      const bytes = Buffer.from(toBytes(credentials) ?? '');
      return this.#call({ op: Op.addAuth, scheme, credentials: bytes }, options);
    });
  }

  /**
   * Watches a znode and its list of children (`persistent`), or a whole subtree (`recursive`: no events about lists of
   * children), until the handle is closed. Missed events follow after a reconnect; an event of type resync says that
   * some are unknown and all must be read again. An event at the moment of a reconnect may come twice.
   */
  addWatch(
    path: string,
    mode: 'persistent' | 'recursive',
    listener: WatchListener,
    options: CallOptions = {},
  ): Promise<WatchHandle> {
    return attempt(() => {
      const full = this.#view.full(path);
      // Wrapped, so that the same function may stand behind several handles.
      const own: WatchListener = (event) => {
        listener(event);
      };
      const wire = mode === 'recursive' ? WatchMode.persistentRecursive : WatchMode.persistent;
      const interpret = (answer: Result | Refusal): WatchHandle => {
        this.#view.result(answer);
        return { close: () => this.#closeWatch(full, mode, own) };
      };
      return this.#driver.call({ op: Op.addWatch, path: full, mode: wire }, interpret, options, own);
    });
  }

  #closeWatch(path: string, mode: 'persistent' | 'recursive', listener: WatchListener): Promise<void> {
    if (!this.#driver.session.removeListener(mode, path, listener)) return Promise.resolve();
    const type = mode === 'recursive' ? WatcherType.persistentRecursive : WatcherType.persistent;
    // A refusal means that there is nothing to remove any more.
    return this.#driver.call({ op: Op.removeWatches, path, type }, () => undefined, undefined, undefined);
  }

  /** Removes this client's watches of a kind from a path, with all their listeners. NO_WATCHER where there are none. */
  removeWatches(path: string, type: keyof typeof WatcherType, options: CallOptions = {}): Promise<void> {
    return attempt(() =>
      this.#call({ op: Op.removeWatches, path: this.#view.full(path), type: WatcherType[type] }, options),
    );
  }

  /**
   * Ends the session behind all calls made so far: its ephemerals go. Resolves when it is over, at the latest one
   * session timeout after the connection was lost; never rejects.
   */
  close(): Promise<void> {
    return (this.#closing ??= this.#driver.close());
  }

  /** As {@link Client.close}, for `await using`. */
  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  /** Drops the connection as a broken network would; the client reconnects. For tests. */
  disconnect(): void {
    this.#driver.disconnect();
  }

  /** Stops at once and leaves the session to the servers, as if the process had died: it can be gone on with elsewhere. */
  kill(reason = 'the client was killed'): void {
    this.#driver.kill(reason);
  }

  #place<O extends MultiOperation>(operation: O): O {
    return { ...operation, path: this.#view.full(operation.path, isSequential(operation)) };
  }

  #call(request: Request, options: CallOptions): Promise<void> {
    return this.#driver.call(request, this.#toNothing, options, undefined);
  }

  /**
   * A write must be well-formed before it is numbered: one that a server could not read would leave a gap. So the check
   * is the server's own.
   */
  #write<V>(request: WriteRequest, interpret: (answer: Result | Refusal) => V, options: CallOptions): Promise<V> {
    readRequest(request.op, new Fields(body(request), opName(request.op)));
    return this.#driver.call(request, interpret, options, undefined);
  }

  #pathStat(result: Result): PathStatResult {
    const { path, stat } = result as PathStatResult;
    return { path: this.#view.strip(path), stat };
  }

  #multiResults<O>(answer: Result | Refusal): { -readonly [K in keyof O]: MultiOutcome<O[K]> } {
    const { results } = this.#view.result(answer) as MultiResult;
    return results.map((result) => ('path' in result ? this.#pathStat(result) : result)) as never;
  }

  #readResults<O>(answer: Result | Refusal): { -readonly [K in keyof O]: ReadOutcome<O[K]> } {
    const { answers } = this.#view.result(answer) as MultiReadResult;
    return answers.map((each) => {
      if (isRefusal(each)) return this.#view.error(each);
      return 'data' in each ? toGetResult(each) : each;
    }) as never;
  }
}

/** What is wrong with arguments rejects the promise; nothing is thrown. */
function attempt<V>(start: () => Promise<V>): Promise<V> {
  try {
    return start();
  } catch (error) {
    return Promise.reject(error instanceof Error ? error : new Error(String(error)));
  }
}

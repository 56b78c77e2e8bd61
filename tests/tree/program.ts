/** Random programs over a few paths and sessions, and everything that can be seen of a tree, for comparing two. */
import { Op, OPEN_ACL, type Acl, type Identity, type WriteRequest } from '@synod/protocol';
import type { Applied, InternalRequest, Tree } from '@synod/tree';
import fc from 'fast-check';
import { checkVersion, close, create, del, multi, openRequest, set, setAcl, type By, type World } from './world.js';

const ALICE: Identity = { scheme: 'digest', id: 'alice:hash' };
const ACLS: readonly Acl[] = [
  OPEN_ACL,
  [{ permissions: 31, scheme: 'auth', id: '' }],
  [{ permissions: 31, ...ALICE }, ...OPEN_ACL],
  [{ permissions: 1, scheme: 'world', id: 'anyone' }],
];

const path = fc.constantFrom(
  '/a',
  '/b',
  '/a/a',
  '/a/b',
  '/b/a',
  '/a/a/a',
  '/ü/ß',
  '/a/s-',
  '/long-enough-to-be-sliced',
);
const data = fc.constantFrom(null, '', 'x', 'some data');
const version = fc.constantFrom(-1, -1, -1, 0, 1);
const acl = fc.constantFrom(...ACLS);
const mode = fc.constantFrom(
  'persistent',
  'ephemeral',
  'ephemeral',
  'persistentSequential',
  'ephemeralSequential',
  'container',
  'ttl',
);

const createAny = fc
  .record({ path, data, acl, mode })
  .map(({ path: at, ...options }) => create(at, { ...options, ttl: options.mode === 'ttl' ? 5 : 0 }));
const part = fc.oneof(
  { weight: 3, arbitrary: createAny },
  { weight: 2, arbitrary: fc.tuple(path, version).map(([at, expected]) => del(at, expected)) },
  fc.tuple(path, data, version).map(([at, text, expected]) => set(at, text, expected)),
  fc.tuple(path, version).map(([at, expected]) => checkVersion(at, expected)),
);
const request: fc.Arbitrary<WriteRequest> = fc.oneof(
  { weight: 6, arbitrary: createAny },
  { weight: 4, arbitrary: fc.tuple(path, version).map(([at, expected]) => del(at, expected)) },
  { weight: 3, arbitrary: fc.tuple(path, data, version).map(([at, text, expected]) => set(at, text, expected)) },
  fc.tuple(path, acl, version).map(([at, list, expected]) => setAcl(at, list, expected)),
  { weight: 3, arbitrary: fc.array(part, { maxLength: 4 }).map((parts) => multi(...parts)) },
  fc.constant(close),
);

export type Step =
  | {
      readonly type: 'write';
      readonly by: number;
      readonly request: WriteRequest;
      readonly again: number;
      readonly lag: number;
      readonly alice: boolean;
    }
  | { readonly type: 'open' }
  | { readonly type: 'expire'; readonly of: number }
  | { readonly type: 'reap'; readonly path: string };

/** One step: mostly a write of a session (or of the ensemble itself), now and then one that is sent again. */
export const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 20,
    arbitrary: fc.record({
      type: fc.constant('write' as const),
      by: fc.integer({ min: -1, max: 2 }),
      request,
      again: fc.constantFrom(0, 0, 0, 0, 1, 2),
      lag: fc.nat(3),
      alice: fc.boolean(),
    }),
  },
  { weight: 2, arbitrary: fc.constant({ type: 'open' as const }) },
  { weight: 1, arbitrary: fc.record({ type: fc.constant('expire' as const), of: fc.nat(2) }) },
  { weight: 1, arbitrary: fc.record({ type: fc.constant('reap' as const), path }) },
);

/** Turns steps into requests; the same steps give the same requests, whatever is applied when. */
export class Program {
  readonly #sessions: number[] = [];
  readonly #numbers = new Map<number, number>();

  /** Prepares a step in a world. */
  prepare(world: World, next: Step): void {
    const txn = world.prepare(...this.#request(next));
    if (txn.type === 'createSession') this.#sessions.push(world.lastZxid);
  }

  #request(next: Step): [WriteRequest | InternalRequest, By] {
    switch (next.type) {
      case 'open':
        return [openRequest(1000 + this.#sessions.length, this.#sessions.length), {}];
      case 'expire':
        return [{ op: 'expireSession', target: this.#session(next.of) }, {}];
      case 'reap':
        return [{ op: 'reap', path: next.path }, {}];
      case 'write': {
        const session = next.by < 0 ? 0 : this.#session(next.by);
        const last = this.#numbers.get(session) ?? 0;
        const number = session === 0 ? 0 : Math.max(1, next.again > 0 ? last + 1 - next.again : last + 1);
        this.#numbers.set(session, Math.max(last, number));
        const acked = Math.max(0, number - 1 - next.lag);
        return [next.request, { session, number, acked, time: 1000 + last, identities: next.alice ? [ALICE] : [] }];
      }
    }
  }

  /** One of the last sessions, alive or not. */
  #session(index: number): number {
    return this.#sessions.at(-1 - index) ?? 12345;
  }
}

/** All that can be seen of a tree, in an order of its own. */
export function picture(tree: Tree): unknown {
  const reader = { session: 0, identities: [], skipAcl: true };
  const znodes: unknown[] = [];
  const open = ['/'];
  for (let at = open.pop(); at !== undefined; at = open.pop()) {
    const { children } = tree.read({ op: Op.getChildren, path: at, watch: false }, reader) as { children: string[] };
    for (const name of children) open.push(at === '/' ? `/${name}` : `${at}/${name}`);
    open.sort();
    const node = tree.read({ op: Op.getData, path: at, watch: false }, reader) as { data: Uint8Array | null };
    const { kind } = tree.find(at)!;
    znodes.push([
      at,
      kind,
      { ...node, data: node.data && [...node.data] },
      tree.read({ op: Op.getAcl, path: at }, reader),
    ]);
  }
  const sessions = [...tree.sessions.values()].map((session) => ({
    id: session.id,
    timeout: session.timeout,
    secretHash: [...session.secretHash],
    lastNumber: session.lastNumber,
    acked: session.acked,
    results: session.results,
    ephemerals: [...session.ephemerals].sort(),
  }));
  sessions.sort((a, b) => a.id - b.id);
  const { zxid, digest, nodeCount, ephemeralCount, dataBytes, pathLength } = tree;
  const reapable = tree.reapable(1e9, { maxNeverUsedMs: 1, max: 1000 }).sort();
  return { zxid, digest, nodeCount, ephemeralCount, dataBytes, pathLength, znodes, sessions, reapable };
}

/** What a transaction has done, without numbers that belong to one server. */
export function outcome(applied: Applied): unknown {
  return { ...applied, changes: applied.changes.map(({ type, path: at, zxid }) => [type, at, zxid]) };
}

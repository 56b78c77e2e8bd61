import {
  CreateMode,
  limits,
  parentPath,
  pathProblem,
  Permission,
  refuse,
  sequenceSuffix,
  type CreateRequest,
  type Refusal,
} from '@synod/protocol';
import { quotaTextOf } from '../pending.js';
import { fixAcl } from '../permissions.js';
import type { CreateChange } from '../txn.js';
import { NodeKind } from '../znode.js';
import { noParent, permit, quotaProblem, splitProblem, type PrepareSettings, type Scene } from './scene.js';

/** Create modes by ZooKeeper's numbers: a kind of znode, and whether a sequence number follows the name. */
const KINDS: Readonly<Record<CreateMode, { readonly kind: NodeKind; readonly sequential: boolean }>> = {
  [CreateMode.persistent]: { kind: NodeKind.persistent, sequential: false },
  [CreateMode.ephemeral]: { kind: NodeKind.ephemeral, sequential: false },
  [CreateMode.persistentSequential]: { kind: NodeKind.persistent, sequential: true },
  [CreateMode.ephemeralSequential]: { kind: NodeKind.ephemeral, sequential: true },
  [CreateMode.container]: { kind: NodeKind.container, sequential: false },
  [CreateMode.ttl]: { kind: NodeKind.ttl, sequential: false },
  [CreateMode.ttlSequential]: { kind: NodeKind.ttl, sequential: true },
};

/**
 * A create. Order of checks as in ZooKeeper: mode and ttl, something to find a parent by, ACL, parent, permission; then
 * the sequence number is taken, and only the full path is judged; quotas come last.
 */
export function prepareCreate(scene: Scene, request: CreateRequest): CreateChange | Refusal {
  const { view, settings, context } = scene;
  const problem = modeProblem(request, settings, context.session) ?? splitProblem(request.path);
  if (problem !== undefined) return problem;
  const acl = fixAcl(request.acl, context.identities, request.path);
  if ('code' in acl) return acl;
  const parentAt = parentPath(request.path);
  const parent = view.node(parentAt);
  if (parent === undefined) return noParent(request.path);
  const refused = permit(scene, parent, Permission.CREATE, request.path, 'the parent');
  if (refused !== undefined) return refused;

  const { kind, sequential } = KINDS[request.mode];
  const path = sequential ? request.path + sequenceSuffix(parent.creates) : request.path;
  const malformed = pathProblem(path);
  if (malformed !== undefined) return refuse('BAD_ARGUMENTS', path, malformed);
  if (view.node(path) !== undefined) return refuse('NODE_EXISTS', path, 'there is such a znode already');
  if (parent.kind === NodeKind.ephemeral) {
    return refuse('NO_CHILDREN_FOR_EPHEMERALS', path, 'the parent is ephemeral and cannot have children');
  }
  const { data } = request;
  const bytes = data?.length ?? 0;
  const exceeded = quotaProblem(scene, path, 1, bytes);
  if (exceeded !== undefined) return exceeded;
  const creates = (parent.creates + 1) | 0;
  const owner = kind === NodeKind.ephemeral ? context.session : 0;
  view.put(parentAt, { ...parent, creates, numChildren: parent.numChildren + 1 });
  const quotaText = quotaTextOf(path, data);
  view.put(path, { acl, version: 0, aversion: 0, creates: 0, numChildren: 0, kind, owner, bytes, quotaText });
  view.charge(path, 1, bytes);
  return { type: 'create', path, data, acl, kind, ttl: request.ttl, creates };
}

function modeProblem(
  { path, mode, ttl }: CreateRequest,
  settings: PrepareSettings,
  session: number,
): Refusal | undefined {
  const found = Object.hasOwn(KINDS, mode) ? KINDS[mode] : undefined;
  if (found === undefined) return refuse('BAD_ARGUMENTS', path, `there is no create mode ${mode}`);
  if (found.kind === NodeKind.ephemeral && session === 0) {
    return refuse('BAD_ARGUMENTS', path, 'an ephemeral znode needs a session');
  }
  if (found.kind !== NodeKind.ttl) {
    return ttl === 0 ? undefined : refuse('BAD_ARGUMENTS', path, `a znode of mode ${mode} has no time to live`);
  }
  if (!settings.ttlEnabled) return refuse('UNIMPLEMENTED', path, 'TTL znodes are turned off on this server');
  if (Number.isInteger(ttl) && ttl >= 1 && ttl <= limits.ttlMs) return undefined;
  return refuse('BAD_ARGUMENTS', path, `a time to live must be from 1 to ${limits.ttlMs} ms, not ${ttl}`);
}

import { pathProblem, Permission, refuse, type Refusal, type SetDataRequest } from '@synod/protocol';
import { quotaTextOf } from '../pending.js';
import type { SetDataChange } from '../txn.js';
import { nextVersion } from '../znode.js';
import { noNode, permit, quotaProblem, versionProblem, type Scene } from './scene.js';

/** A setData. Order of checks as in ZooKeeper: quotas come before the version. */
export function prepareSetData(scene: Scene, request: SetDataRequest): SetDataChange | Refusal {
  const { path, data } = request;
  const malformed = pathProblem(path);
  if (malformed !== undefined) return refuse('BAD_ARGUMENTS', path, malformed);
  const node = scene.view.node(path);
  if (node === undefined) return noNode(path);
  const refused = permit(scene, node, Permission.WRITE, path, 'the znode');
  if (refused !== undefined) return refused;
  const bytes = data?.length ?? 0;
  const exceeded = quotaProblem(scene, path, 0, bytes - node.bytes);
  if (exceeded !== undefined) return exceeded;
  const stale = versionProblem(path, 'version', request.version, node.version);
  if (stale !== undefined) return stale;
  const version = nextVersion(node.version);
  scene.view.put(path, { ...node, version, bytes, quotaText: quotaTextOf(path, data) });
  scene.view.charge(path, 0, bytes - node.bytes);
  return { type: 'setData', path, data, version };
}

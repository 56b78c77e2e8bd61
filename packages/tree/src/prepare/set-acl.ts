import { pathProblem, Permission, refuse, type Refusal, type SetAclRequest } from '@synod/protocol';
import { fixAcl } from '../permissions.js';
import type { SetAclChange } from '../txn.js';
import { nextVersion } from '../znode.js';
import { noNode, permit, versionProblem, type Scene } from './scene.js';

/** A setAcl; its expected version is one of the ACL. */
export function prepareSetAcl(scene: Scene, request: SetAclRequest): SetAclChange | Refusal {
  const { path } = request;
  const malformed = pathProblem(path);
  if (malformed !== undefined) return refuse('BAD_ARGUMENTS', path, malformed);
  const acl = fixAcl(request.acl, scene.context.identities, path);
  if ('code' in acl) return acl;
  const node = scene.view.node(path);
  if (node === undefined) return noNode(path);
  const refused = permit(scene, node, Permission.ADMIN, path, 'the znode');
  if (refused !== undefined) return refused;
  const stale = versionProblem(path, 'version of the ACL', request.version, node.aversion);
  if (stale !== undefined) return stale;
  const aversion = nextVersion(node.aversion);
  scene.view.put(path, { ...node, acl, aversion });
  return { type: 'setAcl', path, acl, aversion };
}

import { parentPath, Permission, refuse, type DeleteRequest, type Refusal } from '@synod/protocol';
import { isBuiltIn } from '../builtin.js';
import type { DeleteChange } from '../txn.js';
import { noNode, noParent, permit, removeFromView, splitProblem, versionProblem, type Scene } from './scene.js';

/** A delete. The permission is one on the parent: a znode's own ACL does not protect it. */
export function prepareDelete(scene: Scene, request: DeleteRequest): DeleteChange | Refusal {
  const { view } = scene;
  const { path } = request;
  const problem = splitProblem(path);
  if (problem !== undefined) return problem;
  if (isBuiltIn(path)) return refuse('BAD_ARGUMENTS', path, 'this znode is built in and cannot be deleted');
  const parent = view.node(parentPath(path));
  if (parent === undefined) return noParent(path);
  const refused = permit(scene, parent, Permission.DELETE, path, 'the parent');
  if (refused !== undefined) return refused;
  const node = view.node(path);
  if (node === undefined) return noNode(path);
  const stale = versionProblem(path, 'version', request.version, node.version);
  if (stale !== undefined) return stale;
  if (node.numChildren > 0) return refuse('NOT_EMPTY', path, `the znode has ${node.numChildren} children`);
  removeFromView(view, path);
  return { type: 'delete', path };
}

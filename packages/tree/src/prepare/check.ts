import { pathProblem, Permission, refuse, type CheckRequest, type Refusal } from '@synod/protocol';
import type { CheckChange } from '../txn.js';
import { noNode, permit, versionProblem, type Scene } from './scene.js';

/** A check inside a multi: the znode exists and has the expected version. */
export function prepareCheck(scene: Scene, request: CheckRequest): CheckChange | Refusal {
  const { path } = request;
  const malformed = pathProblem(path);
  if (malformed !== undefined) return refuse('BAD_ARGUMENTS', path, malformed);
  const node = scene.view.node(path);
  if (node === undefined) return noNode(path);
  const refused = permit(scene, node, Permission.READ, path, 'the znode');
  if (refused !== undefined) return refused;
  return versionProblem(path, 'version', request.version, node.version) ?? { type: 'check', path };
}

import { refuse, type Refusal } from '@synod/protocol';
import type { ReapChange } from '../txn.js';
import { NodeKind } from '../znode.js';
import { noNode, removeFromView, type Scene } from './scene.js';

/** Deletes a container or TTL znode that {@link Tree.reapable} has named. */
export interface ReapRequest {
  readonly op: 'reap';
  readonly path: string;
}

/** Refused where the znode has got children, or is another one by now. */
export function prepareReap(scene: Scene, request: ReapRequest): ReapChange | Refusal {
  const { path } = request;
  const node = scene.view.node(path);
  if (node === undefined) return noNode(path);
  if (node.kind !== NodeKind.container && node.kind !== NodeKind.ttl) {
    return refuse('BAD_ARGUMENTS', path, 'only container and TTL znodes are reaped');
  }
  if (node.numChildren > 0) return refuse('NOT_EMPTY', path, `the znode has ${node.numChildren} children`);
  removeFromView(scene.view, path);
  return { type: 'reap', path };
}

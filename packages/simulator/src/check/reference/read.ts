/** What the reference answers to a read. */
import { Op, Permission, refuse, type ReadRequest, type Refusal, type Result } from '@synod/protocol';
import { allows, shownAcl } from './access.js';
import type { Asker } from './judge.js';
import { statOf, type Node, type ReferenceState } from './state.js';

export function read(state: ReferenceState, request: ReadRequest, asker: Asker): Result | Refusal {
  const own = state.sessions.get(asker.session);
  if (!own) return refuse('SESSION_EXPIRED', '', '');
  if (request.op === Op.multiRead) {
    return { answers: request.operations.map((operation) => read(state, operation, asker)) };
  }
  if (request.op === Op.getEphemerals) {
    const { prefix } = request;
    const all = prefix.trim() === '' || prefix === '/';
    return { paths: [...own].filter((path) => all || path.startsWith(prefix)) };
  }
  const node = state.nodes.get(request.path);
  if (!node) return refuse('NO_NODE', request.path, '');
  if (request.op === Op.getAcl) {
    const acl = shownAcl(node.acl, asker.identities, asker.skipAcl);
    return acl === null ? refuse('NO_AUTH', request.path, '') : { acl, stat: statOf(node) };
  }
  if (!asker.skipAcl && !allows(node.acl, asker.identities, Permission.READ))
    return refuse('NO_AUTH', request.path, '');
  const stat = statOf(node);
  switch (request.op) {
    case Op.exists:
      return { stat };
    case Op.getData:
      return { data: node.data, stat };
    case Op.getChildren: {
      const start = request.path === '/' ? 1 : request.path.length + 1;
      return { children: [...node.children].map((path) => path.slice(start)), stat };
    }
    case Op.getAllChildrenNumber:
      return { number: countBelow(state, node) };
  }
}

function countBelow(state: ReferenceState, node: Node): number {
  let number = 0;
  for (const path of node.children) number += 1 + countBelow(state, state.nodes.get(path)!);
  return number;
}

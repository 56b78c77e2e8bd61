import { limits, Op, refuse, type MultiOperation, type MultiRequest, type Refusal } from '@synod/protocol';
import type { MultiChange, MultiPart } from '../txn.js';
import { prepareCheck } from './check.js';
import { prepareCreate } from './create.js';
import { prepareDelete } from './delete.js';
import type { Scene } from './scene.js';
import { prepareSetData } from './set-data.js';
import { leastBytes } from './size.js';

/**
 * A multi: each operation sees the ones before it, and the first that is refused refuses all. The caller takes back what
 * the operations before it have done to the view.
 */
export function prepareMulti(scene: Scene, request: MultiRequest): MultiChange | Refusal {
  const { operations } = request;
  if (operations.length > limits.multiOperations) {
    const reason = `a multi must not have more than ${limits.multiOperations} operations, not ${operations.length}`;
    return refuse('BAD_ARGUMENTS', '', reason);
  }
  const parts: MultiPart[] = [];
  let bytes = 0;
  for (const [index, operation] of operations.entries()) {
    const part = preparePart(scene, operation);
    if ('code' in part) return { ...part, index };
    parts.push(part);
    bytes += leastBytes(part);
    if (bytes > scene.settings.transactionBytes) {
      const reason = `up to here the transaction is longer than ${scene.settings.transactionBytes} bytes`;
      return { ...refuse('BAD_ARGUMENTS', operation.path, reason), index };
    }
  }
  return { type: 'multi', parts };
}

function preparePart(scene: Scene, operation: MultiOperation): MultiPart | Refusal {
  switch (operation.op) {
    case Op.create:
      return prepareCreate(scene, operation);
    case Op.delete:
      return prepareDelete(scene, operation);
    case Op.setData:
      return prepareSetData(scene, operation);
    case Op.check:
      return prepareCheck(scene, operation);
  }
}

import type { MultiResult, Result } from '@synod/protocol';
import type { NodeChange, State } from '../state.js';
import type { MultiChange, MultiPart, TxnOrigin } from '../txn.js';
import { applyCreate } from './create.js';
import { applyDelete } from './delete.js';
import { applySetData } from './set-data.js';

/** Carries out the parts in order, all under one zxid; each part's Stat shows the state behind that part. */
export function applyMulti(state: State, origin: TxnOrigin, change: MultiChange, changes: NodeChange[]): MultiResult {
  return { results: change.parts.map((part) => applyPart(state, origin, part, changes)) };
}

function applyPart(state: State, origin: TxnOrigin, part: MultiPart, changes: NodeChange[]): Result {
  switch (part.type) {
    case 'create':
      return applyCreate(state, origin, part, changes);
    case 'delete':
      return applyDelete(state, part.path, changes);
    case 'setData':
      return applySetData(state, origin, part, changes);
    case 'check':
      return {};
  }
}

export { CONFIG_PATH } from './builtin.js';
export { Tree, type Loader } from './tree.js';
export { type Applied } from './apply.js';
export { type Reader } from './read.js';
export { type ReapRules } from './reapable.js';
export { type KeptResult, type Session } from './session.js';
export { type NodeChange } from './state.js';
export { type StateRow } from './rows.js';
export { type Fold } from './fold.js';
export { NodeKind, type ZnodeView } from './znode.js';
export {
  decodeTxn,
  encodeTxn,
  TREE_MACHINE,
  type Change,
  type CheckChange,
  type CloseSessionChange,
  type ConfigureChange,
  type CreateChange,
  type CreateSessionChange,
  type DeleteChange,
  type ErrorChange,
  type MultiChange,
  type MultiPart,
  type ReapChange,
  type SetAclChange,
  type SetDataChange,
  type Txn,
  type TxnOrigin,
} from './txn.js';
export { Preparer, type InternalRequest } from './prepare.js';
export { type PrepareContext, type PrepareSettings, type QuotaRules } from './prepare/scene.js';
export { type CreateSessionRequest } from './prepare/create-session.js';
export { type ExpireSessionRequest } from './prepare/close-session.js';
export { type ReapRequest } from './prepare/reap.js';
export { configText, type ConfigureRequest } from './prepare/configure.js';
export { Watches, type Emit, type MayRead, type WatchKind } from './watches.js';
export { Journal } from './journal.js';
export { JOURNAL_CHANGES } from './acl-table.js';
export { rearm } from './rearm.js';
export { authenticate, check, fixAcl, type AuthenticationSettings } from './permissions.js';

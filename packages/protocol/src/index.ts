export {
  MAX_COUNTER,
  MAX_EPOCH,
  MAX_ZXID,
  counterOf,
  epochOf,
  formatZxid,
  isZxid,
  makeZxid,
  shortZxid,
  type Zxid,
} from './zxid.js';
export { addHash, formatHash, Hasher, removeHash } from './hash.js';
export { limits } from './limits.js';
export { errorCodes, errorName, isRetryable, type ErrorCode, type ErrorNumber } from './error-code.js';
export { badMessage, isSynodError, SynodError, type Outcome, type SynodErrorInit } from './synod-error.js';
export { baseName, joinPath, parentPath, pathProblem, sequenceSuffix } from './path.js';
export {
  isQuotaZnode,
  limitsPath,
  movedText,
  numberOf,
  QUOTA_ROOT,
  readTrack,
  statsPath,
  trackText,
  usageText,
  type Track,
  type Usage,
} from './quota-text.js';
export { statFromWire, statToWire, type Stat, type StatWire } from './stat.js';
export {
  aclFromWire,
  aclToWire,
  CREATOR_ACL,
  formatPermissions,
  OPEN_ACL,
  parsePermissions,
  Permission,
  READ_ACL,
  type Acl,
  type AclEntry,
  type AclEntryWire,
  type Identity,
} from './acl.js';
export {
  CreateMode,
  isWrite,
  Op,
  opName,
  WatcherType,
  WatchMode,
  type AddAuthRequest,
  type AddWatchRequest,
  type CheckRequest,
  type CheckWatchesRequest,
  type CloseSessionRequest,
  type ConnectionRequest,
  type CreateRequest,
  type DeleteRequest,
  type ExistsRequest,
  type GetAclRequest,
  type GetAllChildrenNumberRequest,
  type GetChildrenRequest,
  type GetDataRequest,
  type GetEphemeralsRequest,
  type MultiOperation,
  type MultiReadRequest,
  type MultiRequest,
  type OpCode,
  type PingRequest,
  type ReadRequest,
  type RemoveWatchesRequest,
  type Request,
  type SetAclRequest,
  type SetDataRequest,
  type SetWatchesRequest,
  type SyncRequest,
  type WhoAmIRequest,
  type WriteRequest,
} from './request.js';
export { EventType, eventName, type WatchEvent } from './event.js';
export {
  isRefusal,
  refuse,
  type AclResult,
  type ChildrenResult,
  type DataResult,
  type EmptyResult,
  type IdentitiesResult,
  type MultiReadResult,
  type MultiResult,
  type NumberResult,
  type PathsResult,
  type PathStatResult,
  type Refusal,
  type Reply,
  type Result,
  type StatResult,
} from './reply.js';
export { PROTOCOL_VERSION, SECRET_BYTES, type Goodbye, type Hello, type Welcome } from './handshake.js';
export { pack, unpack, unpackForeign } from './codec.js';
export { Fields, readRequest } from './check.js';
export {
  body,
  eventToWire,
  frameMessages,
  goodbyeToWire,
  helloToWire,
  readClientMessage,
  readRefusal,
  readServerMessage,
  readXid,
  refusalToWire,
  replyToWire,
  requestToWire,
  welcomeToWire,
  type ClientMessage,
  type ServerMessage,
} from './messages.js';
export { resultFromWire, resultToWire } from './result-wire.js';
export { fromBinaryString, toBinaryString } from './bytes.js';

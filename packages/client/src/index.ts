export { connect } from './connect.js';
export type { Client, ClientEvents, CreateOptions, VersionOptions, WatchHandle, WatchOptions } from './client.js';
export type { CallOptions, ConnectOptions, Credentials } from './options.js';
export {
  ops,
  reads,
  type ChildrenList,
  type CreateSettings,
  type Data,
  type GetResult,
  type MultiOutcome,
  type ReadOperation,
  type ReadOutcome,
} from './operations.js';
export { DEFAULT_PORT, parseConnectString, type ConnectString } from './connect-string.js';
export type { WatchListener } from './driver.js';
export type { ServerAddress } from './session/servers.js';
export type { SessionState } from './session/state.js';
export type { ResumedSession, SessionIdentity } from './session/session-options.js';
export {
  CREATOR_ACL,
  EventType,
  eventName,
  isSynodError,
  OPEN_ACL,
  Permission,
  READ_ACL,
  SynodError,
  type Acl,
  type AclEntry,
  type Identity,
  type Stat,
  type WatchEvent,
} from '@synod/protocol';

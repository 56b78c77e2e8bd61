/**
 * The error table: one row for each way a request can be refused. Numbers are ZooKeeper's
 * (KeeperException.Code) where ZooKeeper has the case, so that its clients understand them.
 */
export const errorCodes = {
  SYSTEM_ERROR: -1,
  RUNTIME_INCONSISTENCY: -2,
  DATA_INCONSISTENCY: -3,
  CONNECTION_LOSS: -4,
  MARSHALLING_ERROR: -5,
  UNIMPLEMENTED: -6,
  OPERATION_TIMEOUT: -7,
  BAD_ARGUMENTS: -8,
  UNKNOWN_SESSION: -12,
  NO_NODE: -101,
  NO_AUTH: -102,
  BAD_VERSION: -103,
  NO_CHILDREN_FOR_EPHEMERALS: -108,
  NODE_EXISTS: -110,
  NOT_EMPTY: -111,
  SESSION_EXPIRED: -112,
  INVALID_ACL: -114,
  AUTH_FAILED: -115,
  SESSION_MOVED: -118,
  NOT_READ_ONLY: -119,
  NO_WATCHER: -121,
  RECONFIG_DISABLED: -123,
  QUOTA_EXCEEDED: -125,
  THROTTLED: -127,
} as const;

/** The stable name of an error: branch on this. */
export type ErrorCode = keyof typeof errorCodes;

/** The number that travels. */
export type ErrorNumber = (typeof errorCodes)[ErrorCode];

const names = new Map<number, ErrorCode>(
  Object.entries(errorCodes).map(([name, number]) => [number, name as ErrorCode]),
);

/** The name of a number; a number that is not in the table (a newer server) reads as SYSTEM_ERROR. */
export function errorName(number: number): ErrorCode {
  return names.get(number) ?? 'SYSTEM_ERROR';
}

/** True for a refusal that says nothing about the data: the same request may well succeed when sent again. */
export function isRetryable(code: ErrorCode): boolean {
  return code === 'CONNECTION_LOSS' || code === 'OPERATION_TIMEOUT' || code === 'THROTTLED' || code === 'SESSION_MOVED';
}

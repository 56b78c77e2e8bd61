/** What a data directory can have against being opened or used, with words for the operator. */
export type StorageErrorCode =
  /** The path exists and is no directory. */
  | 'NOT_A_DIRECTORY'
  /** Rights or a read-only file system forbid writing. */
  | 'NOT_WRITABLE'
  /** Another process (or another storage of this one) uses the directory. */
  | 'LOCKED'
  /** The directory belongs to another cluster or another server. */
  | 'FOREIGN'
  /** Written by a later version. */
  | 'NEWER_FORMAT'
  /** The directory holds ZooKeeper's files and none of ours. */
  | 'ZOOKEEPER_DATA'
  /** What lies there does not prove what this server has promised. */
  | 'DAMAGED'
  | 'DISK_FULL'
  /** The SQLite library is too old or does not take the settings that durability needs. */
  | 'UNFIT_SQLITE'
  /** Any other refusal of the operating system or of SQLite. */
  | 'IO'
  /** The storage was closed, or its state was replaced, before the answer. */
  | 'CLOSED'
  /** The caller or this package broke a rule: a bug. */
  | 'INTERNAL';

/** The error of this package. Branch on `code`; `message` is complete and says what to do where that is known. */
export class StorageError extends Error {
  override readonly name = 'StorageError';
  readonly code: StorageErrorCode;

  constructor(code: StorageErrorCode, message: string, cause?: unknown) {
    super(message, cause === undefined ? undefined : { cause });
    this.code = code;
  }
}

/** The `code` of an error of Node or SQLite, '' where it has none (`instanceof` fails across realms). */
export function codeOf(error: unknown): string {
  if (typeof error !== 'object' || error === null || !('code' in error)) return '';
  return typeof error.code === 'string' ? error.code : '';
}

/** The message of whatever was thrown. */
export function messageOf(error: unknown): string {
  return typeof error === 'object' && error !== null && 'message' in error ? String(error.message) : String(error);
}

/** Turns whatever was thrown while `what` was being done into a StorageError; one that is already is kept. */
export function toStorageError(error: unknown, what: string): StorageError {
  if (typeof error === 'object' && error !== null && 'name' in error && error.name === 'StorageError') {
    return error as StorageError;
  }
  const code = codeOf(error);
  const words = `${what}: ${messageOf(error)}${code === '' || messageOf(error).includes(code) ? '' : ` (${code})`}`;
  if (code === '') return new StorageError('INTERNAL', words, error);
  return new StorageError(kindOf(code), words, error);
}

function kindOf(code: string): StorageErrorCode {
  if (code === 'ENOTDIR') return 'NOT_A_DIRECTORY';
  if (code === 'EACCES' || code === 'EPERM' || code === 'EROFS' || code === 'SQLITE_PERM') return 'NOT_WRITABLE';
  if (code === 'ENOSPC' || code === 'EDQUOT' || code === 'SQLITE_FULL') return 'DISK_FULL';
  if (code.startsWith('SQLITE_BUSY') || code.startsWith('SQLITE_LOCKED')) return 'LOCKED';
  if (code.startsWith('SQLITE_CORRUPT') || code === 'SQLITE_NOTADB') return 'DAMAGED';
  if (code.startsWith('SQLITE_') || /^E[A-Z0-9]+$/.test(code)) return 'IO';
  return 'INTERNAL';
}

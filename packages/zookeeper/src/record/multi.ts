/**
 * multi and multiRead: operations, and their results, each behind a header of its own, and a header that ends the list.
 * A result need not have the type of its operation: see translate/response.ts.
 */
import { badMessage } from '@synod/protocol';
import { nothing, type Codec } from '../codec.js';
import type { JuteReader } from '../jute-reader.js';
import type { JuteWriter } from '../jute-writer.js';
import { ERROR_RESULT, ZooKeeperOp } from '../op.js';
import { setData, statResponse, versioned } from './change.js';
import type { SetDataRecord, StatResponse, VersionedRecord } from './change.js';
import { create, createTtl, pathResponse, pathStatResponse } from './create.js';
import type { CreateRecord, CreateTtlRecord, PathResponse, PathStatResponse } from './create.js';
import { multiHeader } from './header.js';
import { childrenResponse, dataResponse, watched } from './read.js';
import type { ChildrenResponse, DataResponse, WatchedRecord } from './read.js';
import { errorResponse, type ErrorResponse } from './watch.js';

export type MultiOperationRecord = CreateRecord | CreateTtlRecord | VersionedRecord | SetDataRecord;

/** The watch flags are there, and ignored. */
export type MultiReadOperationRecord = WatchedRecord & {
  readonly type: typeof ZooKeeperOp.getData | typeof ZooKeeperOp.getChildren;
};

export interface MultiRecord {
  readonly type: typeof ZooKeeperOp.multi;
  readonly operations: readonly MultiOperationRecord[];
}

export interface MultiReadRecord {
  readonly type: typeof ZooKeeperOp.multiRead;
  readonly operations: readonly MultiReadOperationRecord[];
}

/** One result; the type −1 stands for an error, or for what was not carried out because of one. */
export type MultiResultRecord =
  | (PathResponse & { readonly type: typeof ZooKeeperOp.create })
  | (PathStatResponse & { readonly type: typeof ZooKeeperOp.create2 })
  | { readonly type: typeof ZooKeeperOp.delete | typeof ZooKeeperOp.check }
  | (StatResponse & { readonly type: typeof ZooKeeperOp.setData })
  | (DataResponse & { readonly type: typeof ZooKeeperOp.getData })
  | (ChildrenResponse & { readonly type: typeof ZooKeeperOp.getChildren })
  | (ErrorResponse & { readonly type: typeof ERROR_RESULT });

export interface MultiResponse {
  readonly results: readonly MultiResultRecord[];
}

/** Codecs by type. The types of a value and of the codec under its own type belong together, which the compiler cannot see. */
type ByType<T> = ReadonlyMap<number, Codec<T>>;

function byType<T>(codecs: Readonly<Record<number, unknown>>): ByType<T> {
  return new Map(Object.entries(codecs).map(([type, codec]) => [Number(type), codec as Codec<T>]));
}

function readList<T>(input: JuteReader, codecs: ByType<T>, what: string, make: (type: number, body: T) => T): T[] {
  const list: T[] = [];
  for (let header = multiHeader.read(input); !header.done; header = multiHeader.read(input)) {
    const codec = codecs.get(header.type);
    if (codec === undefined) throw badMessage(`${what}: entry ${list.length} is of the type ${header.type}`);
    list.push(make(header.type, codec.read(input)));
  }
  return list;
}

function writeList<T extends { readonly type: number }>(
  output: JuteWriter,
  codecs: ByType<T>,
  list: readonly T[],
  errOf: (value: T) => number,
): void {
  for (const value of list) {
    const codec = codecs.get(value.type);
    if (codec === undefined) throw new Error(`a multi cannot hold the type ${value.type}`);
    multiHeader.write(output, { type: value.type, done: false, err: errOf(value) });
    codec.write(output, value);
  }
  multiHeader.write(output, { type: -1, done: true, err: -1 });
}

const operations = byType<MultiOperationRecord>({
  [ZooKeeperOp.create]: create(ZooKeeperOp.create),
  [ZooKeeperOp.create2]: create(ZooKeeperOp.create2),
  [ZooKeeperOp.createContainer]: create(ZooKeeperOp.createContainer),
  [ZooKeeperOp.createTtl]: createTtl,
  [ZooKeeperOp.delete]: versioned(ZooKeeperOp.delete),
  [ZooKeeperOp.setData]: setData,
  [ZooKeeperOp.check]: versioned(ZooKeeperOp.check),
});

const readOperations = byType<MultiReadOperationRecord>({
  [ZooKeeperOp.getData]: watched(ZooKeeperOp.getData),
  [ZooKeeperOp.getChildren]: watched(ZooKeeperOp.getChildren),
});

const results = byType<MultiResultRecord>({
  [ZooKeeperOp.create]: pathResponse,
  [ZooKeeperOp.create2]: pathStatResponse,
  [ZooKeeperOp.delete]: nothing,
  [ZooKeeperOp.setData]: statResponse,
  [ZooKeeperOp.check]: nothing,
  [ZooKeeperOp.getData]: dataResponse,
  [ZooKeeperOp.getChildren]: childrenResponse,
  [ERROR_RESULT]: errorResponse,
});

export const multi: Codec<MultiRecord> = {
  read: (input) => ({
    type: ZooKeeperOp.multi,
    operations: readList(input, operations, 'multi', (_type, operation) => operation),
  }),
  write: (output, value) => writeList(output, operations, value.operations, () => -1),
};

export const multiRead: Codec<MultiReadRecord> = {
  read: (input) => ({
    type: ZooKeeperOp.multiRead,
    operations: readList(input, readOperations, 'multiRead', (_type, operation) => operation),
  }),
  write: (output, value) => writeList(output, readOperations, value.operations, () => -1),
};

export const multiResponse: Codec<MultiResponse> = {
  read: (input) => ({
    results: readList(input, results, 'multi', (type, body) => ({ ...body, type }) as MultiResultRecord),
  }),
  write: (output, value) =>
    writeList(output, results, value.results, (result) => (result.type === ERROR_RESULT ? result.err : 0)),
};

/** Watches: arming them again, adding, checking and removing persistent ones, and the event they fire. */
import type { Codec } from '../codec.js';
import type { Long } from '../long.js';
import { ZooKeeperOp } from '../op.js';
import { strings, type StringsRecord } from './strings.js';

export interface SetWatchesRecord {
  readonly type: typeof ZooKeeperOp.setWatches;
  /** The last zxid that the client has seen. */
  readonly relativeZxid: Long;
  readonly data: StringsRecord;
  readonly exists: StringsRecord;
  readonly children: StringsRecord;
}

export interface SetWatches2Record {
  readonly type: typeof ZooKeeperOp.setWatches2;
  readonly relativeZxid: Long;
  readonly data: StringsRecord;
  readonly exists: StringsRecord;
  readonly children: StringsRecord;
  readonly persistent: StringsRecord;
  readonly recursive: StringsRecord;
}

export interface AddWatchRecord {
  readonly type: typeof ZooKeeperOp.addWatch;
  readonly path: string | null;
  /** A number of WatchMode, or any other. */
  readonly mode: number;
}

type OfWatcher = typeof ZooKeeperOp.checkWatches | typeof ZooKeeperOp.removeWatches;

/** checkWatches, removeWatches. */
export interface OfWatcherRecord {
  readonly type: OfWatcher;
  readonly path: string | null;
  /** A number of WatcherType, or any other. */
  readonly watcher: number;
}

/** The body of an event, behind a reply header with the xid −1. */
export interface WatcherEvent {
  readonly type: number;
  /** Of the connection: always 3, connected. */
  readonly state: number;
  readonly path: string | null;
}

/** What addWatch answers: a number that is 0. */
export interface ErrorResponse {
  readonly err: number;
}

const data = strings('dataWatches');
const exists = strings('existWatches');
const children = strings('childWatches');
const persistent = strings('persistentWatches');
const recursive = strings('persistentRecursiveWatches');

export const setWatches: Codec<SetWatchesRecord> = {
  read: (input) => ({
    type: ZooKeeperOp.setWatches,
    relativeZxid: input.long('relativeZxid'),
    data: data.read(input),
    exists: exists.read(input),
    children: children.read(input),
  }),
  write(output, value) {
    output.long(value.relativeZxid);
    data.write(output, value.data);
    exists.write(output, value.exists);
    children.write(output, value.children);
  },
};

export const setWatches2: Codec<SetWatches2Record> = {
  read: (input) => ({
    type: ZooKeeperOp.setWatches2,
    relativeZxid: input.long('relativeZxid'),
    data: data.read(input),
    exists: exists.read(input),
    children: children.read(input),
    persistent: persistent.read(input),
    recursive: recursive.read(input),
  }),
  write(output, value) {
    output.long(value.relativeZxid);
    data.write(output, value.data);
    exists.write(output, value.exists);
    children.write(output, value.children);
    persistent.write(output, value.persistent);
    recursive.write(output, value.recursive);
  },
};

export const addWatch: Codec<AddWatchRecord> = {
  read: (input) => ({ type: ZooKeeperOp.addWatch, path: input.string('path'), mode: input.int('mode') }),
  write(output, value) {
    output.string(value.path);
    output.int(value.mode);
  },
};

export function ofWatcher<T extends OfWatcher>(type: T): Codec<OfWatcherRecord & { readonly type: T }> {
  return {
    read: (input) => ({ type, path: input.string('path'), watcher: input.int('type') }),
    write(output, value) {
      output.string(value.path);
      output.int(value.watcher);
    },
  };
}

export const watcherEvent: Codec<WatcherEvent> = {
  read: (input) => ({ type: input.int('type'), state: input.int('state'), path: input.string('path') }),
  write(output, value) {
    output.int(value.type);
    output.int(value.state);
    output.string(value.path);
  },
};

export const errorResponse: Codec<ErrorResponse> = {
  read: (input) => ({ err: input.int('err') }),
  write: (output, value) => output.int(value.err),
};

/** Requests: which record follows a request header, by its operation. */
import { fault } from '@synod/protocol/synod-error';
import type { Codec } from './codec.js';
import type { JuteReader } from './jute-reader.js';
import type { JuteWriter } from './jute-writer.js';
import { ZooKeeperOp } from './op.js';
import { auth, sasl, type AuthRecord, type SaslRecord } from './record/auth.js';
import { setAcl, setData, versioned } from './record/change.js';
import type { SetAclRecord, SetDataRecord, VersionedRecord } from './record/change.js';
import { create, createTtl, type CreateRecord, type CreateTtlRecord } from './record/create.js';
import { requestHeader } from './record/header.js';
import { multi, multiRead, type MultiReadRecord, type MultiRecord } from './record/multi.js';
import { empty, getEphemerals, ofPath, watched } from './record/read.js';
import type { EmptyRecord, GetEphemeralsRecord, OfPathRecord, WatchedRecord } from './record/read.js';
import { reconfig, type ReconfigRecord } from './record/reconfig.js';
import { addWatch, ofWatcher, setWatches, setWatches2 } from './record/watch.js';
import type { AddWatchRecord, OfWatcherRecord, SetWatches2Record, SetWatchesRecord } from './record/watch.js';

/** The body of a request; `type` is the operation, which travels in the header. */
export type RequestRecord =
  | CreateRecord
  | CreateTtlRecord
  | (VersionedRecord & { readonly type: typeof ZooKeeperOp.delete })
  | SetDataRecord
  | SetAclRecord
  | WatchedRecord
  | OfPathRecord
  | EmptyRecord
  | GetEphemeralsRecord
  | MultiRecord
  | MultiReadRecord
  | AuthRecord
  | SaslRecord
  | SetWatchesRecord
  | SetWatches2Record
  | AddWatchRecord
  | OfWatcherRecord
  | ReconfigRecord;

/** Operations that are requests of their own. */
export type RequestType = RequestRecord['type'];

/** The record of one operation, or of one of several. */
export type RequestOf<T extends RequestType> = RequestRecord & { readonly type: T };

const codecs: { readonly [T in RequestType]: Codec<RequestOf<T>> } = {
  [ZooKeeperOp.create]: create(ZooKeeperOp.create),
  [ZooKeeperOp.delete]: versioned(ZooKeeperOp.delete),
  [ZooKeeperOp.exists]: watched(ZooKeeperOp.exists),
  [ZooKeeperOp.getData]: watched(ZooKeeperOp.getData),
  [ZooKeeperOp.setData]: setData,
  [ZooKeeperOp.getAcl]: ofPath(ZooKeeperOp.getAcl),
  [ZooKeeperOp.setAcl]: setAcl,
  [ZooKeeperOp.getChildren]: watched(ZooKeeperOp.getChildren),
  [ZooKeeperOp.sync]: ofPath(ZooKeeperOp.sync),
  [ZooKeeperOp.ping]: empty(ZooKeeperOp.ping),
  [ZooKeeperOp.getChildren2]: watched(ZooKeeperOp.getChildren2),
  [ZooKeeperOp.multi]: multi,
  [ZooKeeperOp.create2]: create(ZooKeeperOp.create2),
  [ZooKeeperOp.reconfig]: reconfig,
  [ZooKeeperOp.checkWatches]: ofWatcher(ZooKeeperOp.checkWatches),
  [ZooKeeperOp.removeWatches]: ofWatcher(ZooKeeperOp.removeWatches),
  [ZooKeeperOp.createContainer]: create(ZooKeeperOp.createContainer),
  [ZooKeeperOp.createTtl]: createTtl,
  [ZooKeeperOp.multiRead]: multiRead,
  [ZooKeeperOp.auth]: auth,
  [ZooKeeperOp.setWatches]: setWatches,
  [ZooKeeperOp.sasl]: sasl,
  [ZooKeeperOp.getEphemerals]: getEphemerals,
  [ZooKeeperOp.getAllChildrenNumber]: ofPath(ZooKeeperOp.getAllChildrenNumber),
  [ZooKeeperOp.setWatches2]: setWatches2,
  [ZooKeeperOp.addWatch]: addWatch,
  [ZooKeeperOp.whoAmI]: empty(ZooKeeperOp.whoAmI),
  [ZooKeeperOp.closeSession]: empty(ZooKeeperOp.closeSession),
};

const byNumber = new Map(
  Object.entries(codecs).map(([type, codec]) => [Number(type), codec as unknown as Codec<RequestRecord>]),
);

/**
 * Reads the body behind a request header with the operation `type`. Throws SynodError UNIMPLEMENTED for an operation that
 * a client may not ask for, which ZooKeeper answers before it closes the connection, and MARSHALLING_ERROR for a bad body,
 * after which the connection lives on.
 */
export function readRequestBody(type: number, input: JuteReader): RequestRecord {
  const codec = byNumber.get(type);
  if (codec === undefined) throw fault('UNIMPLEMENTED', `there is no request of the type ${type}`);
  return codec.read(input);
}

/** Writes a request as one frame. */
export function writeRequest(output: JuteWriter, xid: number, request: RequestRecord): void {
  output.begin();
  requestHeader.write(output, { xid, type: request.type });
  byNumber.get(request.type)!.write(output, request);
  output.end();
}

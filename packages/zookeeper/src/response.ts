/** Responses: which record follows a reply header without an error, by the operation that was asked for; and events. */
import { nothing, type Codec } from './codec.js';
import type { JuteReader } from './jute-reader.js';
import type { JuteWriter } from './jute-writer.js';
import { Xid, ZooKeeperOp } from './op.js';
import { tokenResponse, type TokenResponse } from './record/auth.js';
import { statResponse, type StatResponse } from './record/change.js';
import { pathResponse, pathStatResponse, type PathResponse, type PathStatResponse } from './record/create.js';
import { replyHeader, type ReplyHeader } from './record/header.js';
import { multiResponse, type MultiResponse } from './record/multi.js';
import {
  aclResponse,
  childrenResponse,
  childrenStatResponse,
  dataResponse,
  identitiesResponse,
  numberResponse,
  pathsResponse,
} from './record/read.js';
import type {
  AclResponse,
  ChildrenResponse,
  ChildrenStatResponse,
  DataResponse,
  IdentitiesResponse,
  NumberResponse,
  PathsResponse,
} from './record/read.js';
import { errorResponse, watcherEvent, type ErrorResponse, type WatcherEvent } from './record/watch.js';
import type { Long } from './long.js';
import type { RequestType } from './request.js';

/** The body of the answer to each operation; null where there is none. */
export interface Responses {
  readonly [ZooKeeperOp.create]: PathResponse;
  readonly [ZooKeeperOp.delete]: null;
  readonly [ZooKeeperOp.exists]: StatResponse;
  readonly [ZooKeeperOp.getData]: DataResponse;
  readonly [ZooKeeperOp.setData]: StatResponse;
  readonly [ZooKeeperOp.getAcl]: AclResponse;
  readonly [ZooKeeperOp.setAcl]: StatResponse;
  readonly [ZooKeeperOp.getChildren]: ChildrenResponse;
  readonly [ZooKeeperOp.sync]: PathResponse;
  readonly [ZooKeeperOp.ping]: null;
  readonly [ZooKeeperOp.getChildren2]: ChildrenStatResponse;
  readonly [ZooKeeperOp.multi]: MultiResponse;
  readonly [ZooKeeperOp.create2]: PathStatResponse;
  readonly [ZooKeeperOp.reconfig]: DataResponse;
  readonly [ZooKeeperOp.checkWatches]: null;
  readonly [ZooKeeperOp.removeWatches]: null;
  readonly [ZooKeeperOp.createContainer]: PathStatResponse;
  readonly [ZooKeeperOp.createTtl]: PathStatResponse;
  readonly [ZooKeeperOp.multiRead]: MultiResponse;
  readonly [ZooKeeperOp.auth]: null;
  readonly [ZooKeeperOp.setWatches]: null;
  readonly [ZooKeeperOp.sasl]: TokenResponse;
  readonly [ZooKeeperOp.getEphemerals]: PathsResponse;
  readonly [ZooKeeperOp.getAllChildrenNumber]: NumberResponse;
  readonly [ZooKeeperOp.setWatches2]: null;
  readonly [ZooKeeperOp.addWatch]: ErrorResponse;
  readonly [ZooKeeperOp.whoAmI]: IdentitiesResponse;
  readonly [ZooKeeperOp.closeSession]: null;
}
export type ResponseRecord = Responses[RequestType];

const codecs: { readonly [T in RequestType]: Codec<Responses[T]> } = {
  [ZooKeeperOp.create]: pathResponse,
  [ZooKeeperOp.delete]: nothing,
  [ZooKeeperOp.exists]: statResponse,
  [ZooKeeperOp.getData]: dataResponse,
  [ZooKeeperOp.setData]: statResponse,
  [ZooKeeperOp.getAcl]: aclResponse,
  [ZooKeeperOp.setAcl]: statResponse,
  [ZooKeeperOp.getChildren]: childrenResponse,
  [ZooKeeperOp.sync]: pathResponse,
  [ZooKeeperOp.ping]: nothing,
  [ZooKeeperOp.getChildren2]: childrenStatResponse,
  [ZooKeeperOp.multi]: multiResponse,
  [ZooKeeperOp.create2]: pathStatResponse,
  [ZooKeeperOp.reconfig]: dataResponse,
  [ZooKeeperOp.checkWatches]: nothing,
  [ZooKeeperOp.removeWatches]: nothing,
  [ZooKeeperOp.createContainer]: pathStatResponse,
  [ZooKeeperOp.createTtl]: pathStatResponse,
  [ZooKeeperOp.multiRead]: multiResponse,
  [ZooKeeperOp.auth]: nothing,
  [ZooKeeperOp.setWatches]: nothing,
  [ZooKeeperOp.sasl]: tokenResponse,
  [ZooKeeperOp.getEphemerals]: pathsResponse,
  [ZooKeeperOp.getAllChildrenNumber]: numberResponse,
  [ZooKeeperOp.setWatches2]: nothing,
  [ZooKeeperOp.addWatch]: errorResponse,
  [ZooKeeperOp.whoAmI]: identitiesResponse,
  [ZooKeeperOp.closeSession]: nothing,
};

const byNumber = new Map(
  Object.entries(codecs).map(([type, codec]) => [Number(type), codec as unknown as Codec<ResponseRecord>]),
);

/** Reads the body of an answer to a request of the given type. Throws SynodError MARSHALLING_ERROR. */
export function readResponseBody<T extends RequestType>(type: T, input: JuteReader): Responses[T] {
  return byNumber.get(type)!.read(input) as Responses[T];
}

/**
 * Writes the answer to a request of the given type as one frame. Behind an error no body stands, whatever `body` is, but
 * that a refused sasl has its token.
 */
export function writeReply<T extends RequestType>(
  output: JuteWriter,
  header: ReplyHeader,
  type: T,
  body: Responses[T] | null,
): void {
  output.begin();
  replyHeader.write(output, header);
  if (header.err === 0 || type === ZooKeeperOp.sasl) byNumber.get(type)!.write(output, body);
  output.end();
}

/** Writes an event as one frame; `zxid` is that of the transaction that caused it. */
export function writeEvent(output: JuteWriter, zxid: Long, event: WatcherEvent): void {
  output.begin();
  replyHeader.write(output, { xid: Xid.event, zxid, err: 0 });
  watcherEvent.write(output, event);
  output.end();
}

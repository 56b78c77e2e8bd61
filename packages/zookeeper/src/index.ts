export { highOf, longOf, lowOf, type Long } from './long.js';
export { JuteReader } from './jute-reader.js';
export { JuteWriter } from './jute-writer.js';
export { type Codec } from './codec.js';
export { fourLetterWord, fourLetterWords, type FourLetterWord } from './word.js';
export { FrameSplitter, type Incoming } from './frame-splitter.js';
export { ERROR_RESULT, Xid, ZooKeeperOp } from './op.js';
export { connectRequest, connectResponse, type ConnectRequest, type ConnectResponse } from './record/connect.js';
export { replyHeader, requestHeader, type ReplyHeader, type RequestHeader } from './record/header.js';
export { type AclEntryRecord, type AclRecord, type IdRecord } from './record/acl.js';
export { type StatRecord } from './record/stat.js';
export { type MultiOperationRecord, type MultiResponse, type MultiResultRecord } from './record/multi.js';
export { watcherEvent, type WatcherEvent } from './record/watch.js';
export { readRequestBody, writeRequest, type RequestOf, type RequestRecord, type RequestType } from './request.js';
export { readResponseBody, writeEvent, writeReply, type ResponseRecord, type Responses } from './response.js';
export { modeOf } from './translate/mode.js';
export { toRequest } from './translate/request.js';
export { toResponse, type Answer } from './translate/response.js';
export { toWatcherEvent } from './translate/event.js';
export { expiredResponse, toConnectResponse, toHello } from './translate/handshake.js';
export { Conversation } from './door/conversation.js';
export { answerWord } from './words/answer-word.js';
export { ConnectionStats, ServerStats } from './words/connection-stats.js';
export {
  type AnswerFacts,
  type ConfigurationFacts,
  type ConnectionFacts,
  type EnsembleFacts,
  type FileFacts,
  type FolderFacts,
  type LatencyFacts,
  type LeaderFacts,
  type ProposalFacts,
  type ServerFacts,
  type ServerMode,
  type SessionFacts,
  type WatchFact,
  type WordFacts,
  type WordSource,
} from './words/facts.js';
export { Caller, type CallerOptions, type Heard } from './client/caller.js';

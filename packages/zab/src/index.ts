export { chainHash, nextRecord, ORIGIN, type LogRecord, type Position } from './record.js';
export type { PersistOp, Role, RoleChange, StateChunk, ZabEffect } from './effect.js';
export type { ZabEvent } from './event.js';
export type { EpochEnds, PeerMessage, VoterState } from './message.js';
export { ZAB_DEFAULTS, type RecoveredHistory, type ZabOptions } from './options.js';
export { Peer, type LearnerStatus, type PeerStatus } from './peer.js';
export { isQuorum, majority, quorumZxid, type Voice } from './quorum.js';
export { describeVote, type Vote } from './vote.js';
export { peerMessageToWire, readPeerMessage } from './wire.js';

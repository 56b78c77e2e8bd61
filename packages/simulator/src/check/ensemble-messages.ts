/**
 * What a message claims at the moment it leaves its server: Z8, nothing is said before it is durable; Z4 and Z5 for the
 * streams of records; Z7 for what a leader calls committed.
 *
 * Not judged: `blank`, because what is logged after a vote was made may become durable in one batch with it.
 */
import { epochOf, shortZxid } from '@synod/protocol';
import type { LogRecord, PeerMessage } from '@synod/zab';
import type { Entry, Records } from './ensemble-records.js';
import type { ServerView, Stream } from './ensemble-server.js';
import { sameBytes, succession } from './ensemble-shape.js';

/** What the judge of messages needs of the checker. */
export interface MessageJudge {
  readonly records: Records;
  view(server: number): ServerView | null;
  /** Somebody calls everything up to there committed. */
  claimCommitted(who: string, zxid: number): void;
  report(rule: string, text: string): void;
}

type Of<T extends PeerMessage['type']> = Extract<PeerMessage, { type: T }>;

export function judgeMessage(judge: MessageJudge, from: ServerView, to: number, message: PeerMessage): void {
  const name = `n${from.id}`;
  const lie = (what: string): void => judge.report('Z8', `${name} says to n${to}: ${what}, which is not durable there`);
  const { epochs } = from;
  switch (message.type) {
    case 'vote':
      judgeVote(from, message, lie);
      return;
    case 'follow':
      if (message.accepted > epochs.accepted) lie(`it promised epoch ${message.accepted}`);
      if (message.member && !isMember(from)) lie('it is a member');
      return;
    case 'epoch':
      from.leads = message.epoch;
      if (epochs.accepted < message.epoch) lie(`epoch ${message.epoch} begins`);
      return;
    case 'ack-epoch':
      from.follows = { leader: to, attempt: message.attempt, epoch: message.epoch };
      if (epochs.accepted < message.epoch) lie(`it promises epoch ${message.epoch}`);
      if (message.current > epochs.current) lie(`its epoch is ${message.current}`);
      if (!holdsPlace(judge, from, message.last)) lie(`it holds ${shortZxid(message.last.zxid)}`);
      return;
    case 'ack':
      judgeAck(judge, from, to, message.attempt, message.zxid, lie);
      return;
    case 'pong':
      judgeAck(judge, from, to, message.attempt, message.durable, lie);
      return;
    case 'ack-leader':
      judgeAckLeader(judge, from, to, message, lie);
      return;
    case 'need-state': {
      const stream = streamOf(judge, to, from.id, message.attempt);
      if (stream !== null) stream.inState = true;
      return;
    }
    case 'state-ack':
      if (message.cursor === null) judgeState(from, streamOf(judge, to, from.id, message.attempt), lie);
      return;
    case 'commit':
      judge.claimCommitted(name, message.zxid);
      return;
    case 'up-to-date':
    case 'ping':
      judge.claimCommitted(name, message.committed);
      return;
    default:
      judgeStream(judge, from, to, message);
  }
}

function judgeVote(from: ServerView, { member, vote }: Of<'vote'>, lie: (what: string) => void): void {
  const { epochs, durable, id } = from;
  if (member && !isMember(from)) lie('it is a member');
  if (vote.leader !== id) return;
  if (vote.epoch > epochs.current) lie(`it stands for epoch ${vote.epoch}`);
  if (vote.zxid > durable.last.zxid) lie(`it stands for ${shortZxid(vote.zxid)}`);
}

/** It has entered an epoch; where its disk was lost, one that began since. */
function isMember(from: ServerView): boolean {
  return from.epochs.current >= 1 && !from.hadBegun(from.epochs.current);
}

function judgeState(from: ServerView, stream: Stream | null, lie: (what: string) => void): void {
  if (stream === null || stream.state === null) return;
  stream.inState = false;
  if (from.durable.base.zxid < stream.state.zxid) lie(`the whole state of ${shortZxid(stream.state.zxid)} is in force`);
}

/** What is acknowledged is durable, and it is the leader's record, not another one with that zxid. */
function judgeAck(
  judge: MessageJudge,
  from: ServerView,
  to: number,
  attempt: number,
  zxid: number,
  lie: (what: string) => void,
): void {
  if (zxid === 0) return;
  const { durable, epochs, follows } = from;
  const entry = zxid <= durable.base.zxid ? durable.base : judge.records.findAt(zxid, (one) => durable.holds(one));
  if (entry === null) {
    lie(`${shortZxid(zxid)} is logged`);
    return;
  }
  if (epochs.accepted < epochOf(zxid)) lie(`${shortZxid(zxid)} is logged under a promise of its epoch`);
  const leader = judge.view(to);
  if (leader === null || leader.leads === 0 || follows?.attempt !== attempt) return;
  if (follows.leader !== to || follows.epoch !== leader.leads) return;
  if (streamOf(judge, to, from.id, attempt)?.inState === true) return;
  if (entry.index > leader.memory.base.index && !leader.memory.holds(entry)) {
    judge.report('Z8', `n${from.id} acknowledges to n${to} a ${shortZxid(zxid)} that n${to} never had`);
  }
}

function judgeAckLeader(
  judge: MessageJudge,
  from: ServerView,
  to: number,
  message: Of<'ack-leader'>,
  lie: (what: string) => void,
): void {
  const asked = streamOf(judge, to, from.id, message.attempt)?.newLeader ?? null;
  if (asked?.epoch !== message.epoch) {
    judge.report('Z8', `n${from.id} answers n${to}, which has not asked it to take over epoch ${message.epoch}`);
    return;
  }
  if (!holdsPlace(judge, from, asked.last)) lie(`it holds the history up to ${shortZxid(asked.last.zxid)}`);
  if (asked.member && from.epochs.current !== message.epoch) lie(`its epoch is ${message.epoch}`);
  if (from.epochs.accepted < message.epoch) lie(`it promised epoch ${message.epoch}`);
}

function holdsPlace(judge: MessageJudge, view: ServerView, place: { zxid: number; chain: number }): boolean {
  if (judge.records.isForgotten(place.zxid)) return true;
  const entry = judge.records.find(place);
  return entry !== null && view.durable.holds(entry);
}

function streamOf(judge: MessageJudge, leader: number, learner: number, attempt: number): Stream | null {
  const stream = judge.view(leader)?.streams.get(learner);
  return stream?.attempt === attempt ? stream : null;
}

/** Keeps account of what a leader sends to a learner. */
function judgeStream(judge: MessageJudge, from: ServerView, to: number, message: PeerMessage): void {
  switch (message.type) {
    case 'truncate':
      openStream(from, to, message.attempt).last = message.after;
      return;
    case 'state': {
      const stream = openStream(from, to, message.attempt);
      stream.last = message.chunk.cursor === null ? message.chunk.position : null;
      stream.state = stream.last;
      stream.inState = true;
      return;
    }
    case 'propose':
      judgeRecords(judge, from, to, openStream(from, to, message.attempt), message.records);
      return;
    case 'new-leader': {
      const { epoch, last, member } = message;
      openStream(from, to, message.attempt).newLeader = { epoch, last, member };
      return;
    }
    default:
  }
}

function openStream(from: ServerView, to: number, attempt: number): Stream {
  const known = from.streams.get(to);
  if (known?.attempt === attempt) return known;
  const stream: Stream = { attempt, last: null, state: null, inState: false, newLeader: null };
  from.streams.set(to, stream);
  return stream;
}

function judgeRecords(
  judge: MessageJudge,
  from: ServerView,
  to: number,
  stream: Stream,
  records: readonly LogRecord[],
): void {
  const where = `n${from.id} sends to n${to}`;
  for (const record of records) {
    const broken = stream.last === null ? null : succession(stream.last.zxid, record.zxid);
    if (broken !== null) judge.report(broken.rule, `${where}: ${broken.text}`);
    const entry = judge.records.find(record);
    if (entry !== null) judgeRecord(judge, where, stream, entry, record);
    else if (!judge.records.isForgotten(record.zxid)) {
      judge.report('Z3', `${where} ${shortZxid(record.zxid)}, which no leader has proposed so`);
    }
    stream.last = record;
  }
}

function judgeRecord(judge: MessageJudge, where: string, stream: Stream, entry: Entry, record: LogRecord): void {
  const { last } = stream;
  const before = entry.parent;
  if (last !== null && before !== null && last.zxid === before.zxid && last.chain !== before.chain) {
    judge.report('Z4', `${where} ${shortZxid(record.zxid)} behind another record than its own predecessor`);
  }
  if (entry.body !== null && !sameBytes(entry.body, record.body)) {
    judge.report('Z2', `${where} ${shortZxid(record.zxid)} with other bytes than were proposed`);
  }
}

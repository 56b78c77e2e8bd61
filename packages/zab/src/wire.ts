/**
 * Messages between servers to MessagePack arrays and back. Links are authenticated and both ends run the same protocol
 * version, yet every field is checked: a fault must cost the link, not the process.
 *
 *     vote        1 round state leader epoch zxid member blank     propose     10 attempt [zxid chain body …]
 *     follow      2 attempt accepted member blank voter            new-leader  11 attempt epoch zxid chain member
 *     epoch       3 attempt epoch                                  ack-leader  12 attempt epoch
 *     ack-epoch   4 attempt epoch current zxid chain ends|nil base up-to-date  13 attempt committed
 *     refuse      5 attempt reason                                 ack         14 attempt zxid
 *     truncate    6 attempt zxid chain                             commit      15 attempt zxid
 *     state       7 attempt first zxid chain rows cursor|nil digest  ping      16 attempt round committed
 *     state-ack   8 attempt cursor|nil                             pong        17 attempt round durable
 *     need-state  9 attempt reason                                 resign      18 attempt
 */
import { badMessage, Fields, limits, MAX_EPOCH } from '@synod/protocol';
import type { EpochEnds, PeerMessage, VoterState } from './message.js';
import type { LogRecord, Position } from './record.js';

const STATES: readonly VoterState[] = ['looking', 'following', 'leading', 'observing'];
const MOST = Number.MAX_SAFE_INTEGER;
const TEXT = 65_536;

/** A message to its wire form: an array that starts with the number of its kind. */
export function peerMessageToWire(m: PeerMessage): unknown[] {
  switch (m.type) {
    case 'vote':
      return [1, m.round, STATES.indexOf(m.state), m.vote.leader, m.vote.epoch, m.vote.zxid, m.member, m.blank];
    case 'follow':
      return [2, m.attempt, m.accepted, m.member, m.blank, m.voter];
    case 'epoch':
      return [3, m.attempt, m.epoch];
    case 'ack-epoch': {
      const ends = m.ends === null ? null : m.ends.flatMap((end) => [end.zxid, end.chain]);
      return [4, m.attempt, m.epoch, m.current, m.last.zxid, m.last.chain, ends, m.base];
    }
    case 'refuse':
      return [5, m.attempt, m.reason];
    case 'truncate':
      return [6, m.attempt, m.after.zxid, m.after.chain];
    case 'state': {
      const { position, rows, cursor, digest } = m.chunk;
      return [7, m.attempt, m.first, position.zxid, position.chain, rows, cursor, digest];
    }
    case 'state-ack':
      return [8, m.attempt, m.cursor];
    case 'need-state':
      return [9, m.attempt, m.reason];
    case 'propose':
      return [10, m.attempt, m.records.flatMap((record) => [record.zxid, record.chain, record.body])];
    case 'new-leader':
      return [11, m.attempt, m.epoch, m.last.zxid, m.last.chain, m.member];
    case 'ack-leader':
      return [12, m.attempt, m.epoch];
    case 'up-to-date':
      return [13, m.attempt, m.committed];
    case 'ack':
      return [14, m.attempt, m.zxid];
    case 'commit':
      return [15, m.attempt, m.zxid];
    case 'ping':
      return [16, m.attempt, m.round, m.committed];
    case 'pong':
      return [17, m.attempt, m.round, m.durable];
    case 'resign':
      return [18, m.attempt];
  }
}

function position(f: Fields): Position {
  return { zxid: f.zxid('zxid'), chain: f.int('chain', 0, MOST) };
}

function textOrNull(f: Fields, name: string): string | null {
  return f.skipNull() ? null : f.string(name, TEXT);
}

function ends(f: Fields): EpochEnds | null {
  if (f.skipNull()) return null;
  const list = f.list('ends', 1_000_000);
  const inner = new Fields(list, 'ends');
  const found: Position[] = [];
  for (let i = 0; i < list.length; i += 2) found.push(position(inner));
  return found;
}

function records(f: Fields): LogRecord[] {
  const list = f.list('records', 30_000_000);
  const found: LogRecord[] = [];
  const inner = new Fields(list, 'records');
  for (let i = 0; i < list.length; i += 3) {
    const zxid = inner.zxid('zxid');
    found.push({ zxid, chain: inner.int('chain', 0, MOST), body: inner.bytes('body', limits.peerFrameBytes) });
  }
  return found;
}

/** Checks and reads one message; throws SynodError MARSHALLING_ERROR. */
export function readPeerMessage(wire: readonly unknown[]): PeerMessage {
  const f = new Fields(wire, 'peer message');
  const kind = f.int('kind', 1, 18);
  const message = kind === 1 ? readVote(f) : readOf(kind, f.int('attempt', 0, MOST), f);
  f.end();
  return message;
}

function readVote(f: Fields): PeerMessage {
  const round = f.int('round', 0, MOST);
  const state = STATES[f.int('state', 0, STATES.length - 1)];
  if (state === undefined) throw badMessage('vote: no such state');
  const vote = { leader: f.int('leader', 0, 255), epoch: f.int('epoch', -1, MAX_EPOCH), zxid: f.zxid('zxid') };
  return { type: 'vote', round, state, vote, member: f.bool('member'), blank: f.bool('blank') };
}

function readOf(kind: number, attempt: number, f: Fields): PeerMessage {
  switch (kind) {
    case 2: {
      const accepted = f.int('accepted', 0, MAX_EPOCH);
      const member = f.bool('member');
      return { type: 'follow', attempt, accepted, member, blank: f.bool('blank'), voter: f.bool('voter') };
    }
    case 3:
      return { type: 'epoch', attempt, epoch: f.int('epoch', 1, MAX_EPOCH) };
    case 4: {
      const epoch = f.int('epoch', 1, MAX_EPOCH);
      const current = f.int('current', -1, MAX_EPOCH);
      const last = position(f);
      return { type: 'ack-epoch', attempt, epoch, current, last, ends: ends(f), base: f.zxid('base') };
    }
    case 5:
      return { type: 'refuse', attempt, reason: f.string('reason', TEXT) };
    case 6:
      return { type: 'truncate', attempt, after: position(f) };
    case 7: {
      const first = f.bool('first');
      const place = position(f);
      const rows = f.bytes('rows', limits.peerFrameBytes);
      const cursor = textOrNull(f, 'cursor');
      return {
        type: 'state',
        attempt,
        first,
        chunk: { position: place, rows, cursor, digest: f.int('digest', 0, MOST) },
      };
    }
    case 8:
      return { type: 'state-ack', attempt, cursor: textOrNull(f, 'cursor') };
    case 9:
      return { type: 'need-state', attempt, reason: f.string('reason', TEXT) };
    default:
      return readBroadcast(kind, attempt, f);
  }
}

function readBroadcast(kind: number, attempt: number, f: Fields): PeerMessage {
  switch (kind) {
    case 10:
      return { type: 'propose', attempt, records: records(f) };
    case 11:
      return {
        type: 'new-leader',
        attempt,
        epoch: f.int('epoch', 1, MAX_EPOCH),
        last: position(f),
        member: f.bool('member'),
      };
    case 12:
      return { type: 'ack-leader', attempt, epoch: f.int('epoch', 1, MAX_EPOCH) };
    case 13:
      return { type: 'up-to-date', attempt, committed: f.zxid('committed') };
    case 14:
      return { type: 'ack', attempt, zxid: f.zxid('zxid') };
    case 15:
      return { type: 'commit', attempt, zxid: f.zxid('zxid') };
    case 16:
      return { type: 'ping', attempt, round: f.int('round', 0, MOST), committed: f.zxid('committed') };
    case 17:
      return { type: 'pong', attempt, round: f.int('round', 0, MOST), durable: f.zxid('durable') };
    default:
      return { type: 'resign', attempt };
  }
}

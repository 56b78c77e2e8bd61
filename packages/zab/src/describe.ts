/**
 * Messages and role changes in one line, the same in logs, transcripts and simulations. Zxids are written `epoch:counter`
 * in decimal. Bodies are not shown, only how many there are.
 */
import { shortZxid } from '@synod/protocol';
import type { RoleChange } from './effect.js';
import type { EpochEnds, PeerMessage } from './message.js';
import type { LogRecord } from './record.js';

/** `following n3 in epoch 2: level with n3`. */
export function describeRole(change: RoleChange): string {
  const { role, epoch, leader, cause } = change;
  if (role === 'looking') return `looking (epoch ${epoch}): ${cause}`;
  return role === 'leading' ? `leading epoch ${epoch}: ${cause}` : `${role} n${leader} in epoch ${epoch}: ${cause}`;
}

/** One message, without the attempt it belongs to. */
export function describeMessage(m: PeerMessage): string {
  switch (m.type) {
    case 'vote': {
      const { leader, epoch, zxid } = m.vote;
      return `vote round ${m.round}, ${m.state}: n${leader} (epoch ${epoch}, ${shortZxid(zxid)})${voice(m)}`;
    }
    case 'follow':
      return `follow, accepted epoch ${m.accepted}${m.voter ? voice(m) : ', observer'}`;
    case 'epoch':
      return `epoch ${m.epoch}`;
    case 'ack-epoch': {
      const current = m.current < 0 ? 'promised before' : `current epoch ${m.current}`;
      return `ack-epoch ${m.epoch}, ${current}, ${describeEnds(m.ends)}, applied ${shortZxid(m.base)}`;
    }
    case 'refuse':
      return `refuse: ${m.reason}`;
    case 'truncate':
      return `truncate after ${shortZxid(m.after.zxid)}`;
    case 'state': {
      const more = m.chunk.cursor === null ? 'last' : `more at ${m.chunk.cursor}`;
      return `state at ${shortZxid(m.chunk.position.zxid)}, ${m.first ? 'first, ' : ''}${more}`;
    }
    case 'state-ack':
      return m.cursor === null ? 'state-ack, whole' : `state-ack, go on at ${m.cursor}`;
    case 'need-state':
      return `need-state: ${m.reason}`;
    case 'propose':
      return `propose ${describeRecords(m.records)}`;
    case 'new-leader':
      return `new-leader of epoch ${m.epoch} from ${shortZxid(m.last.zxid)}${m.member ? '' : ', does not count yet'}`;
    case 'ack-leader':
      return `ack-leader of epoch ${m.epoch}`;
    case 'up-to-date':
      return `up-to-date, committed ${shortZxid(m.committed)}`;
    case 'ack':
      return `ack ${shortZxid(m.zxid)}`;
    case 'commit':
      return `commit ${shortZxid(m.zxid)}`;
    case 'ping':
      return `ping ${m.round}, committed ${shortZxid(m.committed)}`;
    case 'pong':
      return `pong ${m.round}, durable ${shortZxid(m.durable)}`;
    case 'resign':
      return 'resign';
  }
}

function voice(of: { readonly member: boolean; readonly blank: boolean }): string {
  if (of.member) return '';
  return of.blank ? ', blank' : ', no member';
}

function describeEnds(ends: EpochEnds | null): string {
  if (ends === null) return 'no provable history';
  return ends.length === 0 ? 'empty' : `holds ${ends.map(({ zxid }) => shortZxid(zxid)).join(' ')}`;
}

function describeRecords(records: readonly LogRecord[]): string {
  const first = records[0];
  const last = records.at(-1);
  if (!first || !last) return 'nothing';
  return first === last ? shortZxid(first.zxid) : `${shortZxid(first.zxid)}..${shortZxid(last.zxid)}`;
}

/** What the messages of a server claim to be durable: acknowledgements to other servers, and everything clients are told. */
import { readPeerMessage, type PeerMessage } from '@synod/zab';
import type { Sent } from './frames.js';

/** The ports of an ensemble, by which its connections are told apart. */
export interface Ports {
  readonly clients: ReadonlySet<number>;
  readonly peers: ReadonlySet<number>;
}

/** Something that may leave only when this much is durable. */
export interface Claim {
  readonly event: number;
  /** Kind of the message, for people. */
  readonly what: string;
  /** Every record up to here is durable at the sender; 0: nothing is said about its records. */
  readonly zxid: number;
  /** Every record up to here is durable at a majority of the servers, of which the sender need not be one. */
  readonly committed: number;
  readonly accepted: number;
  readonly current: number;
}

/** Where a message of the leader says the epoch's history ends, by connection (as the learner sees it) and attempt. */
export type HistoryEnds = ReadonlyMap<string, { readonly zxid: number; readonly member: boolean }>;

/** Collects what leaders said in `new-leader`. */
export function historyEnds(sent: readonly Sent[], ports: Ports): HistoryEnds {
  const ends = new Map<string, { zxid: number; member: boolean }>();
  for (const { connection, message } of sent) {
    const peer = peerMessage(connection, message, ports);
    if (peer?.type !== 'new-leader') continue;
    const [own, other] = connection.split('>');
    ends.set(`${other}>${own} ${peer.attempt}`, { zxid: peer.last.zxid, member: peer.member });
  }
  return ends;
}

/** The claims of one server, in order. */
export function claimsOf(sent: readonly Sent[], ports: Ports, ends: HistoryEnds): Claim[] {
  const claims: Claim[] = [];
  for (const { event, connection, message } of sent) {
    const peer = peerMessage(connection, message, ports);
    const claim = peer
      ? ofPeer(peer, connection, ends)
      : ports.clients.has(ownPort(connection))
        ? ofDoor(message)
        : forwarded(message);
    if (claim) claims.push({ ...NOTHING, ...claim, event });
  }
  return claims;
}

const NOTHING = { zxid: 0, committed: 0, accepted: 0, current: 0 };

type Partly = { readonly what: string } & Partial<Claim>;

function ownPort(connection: string): number {
  return Number(connection.split('>')[0]);
}

function peerMessage(connection: string, message: readonly unknown[], { peers }: Ports): PeerMessage | null {
  if (!connection.split('>').some((port) => peers.has(Number(port)))) return null;
  return Number(message[0]) < 100 ? readPeerMessage(message) : null;
}

function ofPeer(message: PeerMessage, connection: string, ends: HistoryEnds): Partly | null {
  switch (message.type) {
    case 'ack':
      return { what: 'ack', zxid: message.zxid };
    case 'pong':
      return { what: 'pong', zxid: message.durable };
    case 'epoch':
    case 'ack-epoch':
      return { what: message.type, accepted: message.epoch };
    case 'ack-leader': {
      const end = ends.get(`${connection} ${message.attempt}`);
      if (end === undefined) throw new Error(`nothing that ack-leader of attempt ${message.attempt} answers was sent`);
      return { what: 'ack-leader', zxid: end.zxid, current: end.member ? message.epoch : 0 };
    }
    case 'up-to-date':
    case 'ping':
      return { what: message.type, committed: message.committed };
    case 'commit':
      return { what: 'commit', committed: message.zxid };
    default:
      return null;
  }
}

/** What a client is told: welcome (its session is a record too), replies and events, each with its zxid. */
function ofDoor(message: readonly unknown[]): Partly | null {
  const [kind] = message;
  const zxid = kind === 0 ? Math.max(Number(message[3]), Number(message[6])) : Number(message[1]);
  if (kind === 0) return { what: 'welcome', zxid, committed: zxid };
  if (kind === -1) return { what: 'event', zxid, committed: zxid };
  return Number(kind) > 0 ? { what: 'reply', zxid, committed: zxid } : null;
}

/** The leader's word to another server up to where a client's `sync` reaches. */
function forwarded(message: readonly unknown[]): Partly | null {
  return message[0] === 112 ? { what: 'synced', committed: Number(message[2]) } : null;
}

/** Draws a sequence of requests from a seed. */
import { ZooKeeperOp } from '@synod/zookeeper';
import { Draft, FUTURE } from './draft.js';
import { endConnection } from './ends.js';
import { hostileRequest } from './hostile.js';
import { someRequest } from './requests.js';
import { typeOf } from '../program.js';

/** @typedef {import('./draft.js').Slot} Slot */

/** Requests of one sequence, about. */
const length = 300;

const timeOuts = [60_000, 60_000, 90_000, 0, -1, 1000, 600_000, 2 ** 31 - 1];

/** What a client may take for the secret of its session. */
const secrets = [
  null,
  new Uint8Array(0),
  new Uint8Array(8),
  new Uint8Array(16),
  new Uint8Array(17),
  new Uint8Array(16).fill(9),
];

/** The label of a session that no server has ever made. */
const STRANGER = 1000;

/**
 * @param {string} seed
 * @param {string} root
 * @param {number} connections
 * @returns {import('../program.js').Program}
 */
export function drawSequence(seed, root, connections) {
  const draft = new Draft(seed, root, connections);
  const { random } = draft;
  while (draft.count < length) {
    const slot = random.pick(draft.slots);
    if (!slot.open) connect(draft, slot);
    else if (random.chance(0.035)) endConnection(draft, slot);
    else if (random.chance(0.015)) move(draft, slot);
    else burst(draft, slot);
  }
  return { name: seed, root, connections, outside: draft.outside, steps: draft.steps };
}

/** One request, or many in one piece. @param {Draft} draft @param {Slot} slot */
function burst(draft, slot) {
  const { random } = draft;
  draft.send(slot, several(draft, slot, random.chance(0.35) ? 1 : Math.round(random.spread(2, 40))));
}

/**
 * Requests that leave together. An access list is set last: until it is, ZooKeeper judges what comes behind by the old one.
 *
 * @param {Draft} draft
 * @param {Slot} slot
 * @param {number} count
 */
function several(draft, slot, count) {
  /** @type {import('../program.js').Request[]} */
  const requests = [];
  while (requests.length < count) {
    const request = draft.random.chance(0.06) ? hostileRequest(draft, slot) : someRequest(draft, slot);
    requests.push(request);
    if (typeOf(request) === ZooKeeperOp.setAcl) break;
  }
  return requests;
}

/**
 * Opens a connection: for a new session, for one that has lost its connection, or in vain.
 *
 * @param {Draft} draft
 * @param {Slot} slot
 */
function connect(draft, slot) {
  const { random } = draft;
  const free = draft.sessions.filter((label) => draft.slots.every(({ session }) => session !== label));
  const [lost] = free;
  if (random.chance(0.1)) {
    refused(draft, slot, lost ?? STRANGER);
    return;
  }
  const session = lost !== undefined && random.chance(0.8) ? lost : null;
  handshake(draft, slot, { session, passwd: session === null ? random.pick(secrets) : 'own', lives: true });
}

/** @param {Draft} draft @param {Slot} slot @param {number} lost */
function refused(draft, slot, lost) {
  const { random } = draft;
  const session = random.chance(0.5) ? lost : STRANGER;
  const inVain = /** @type {const} */ ({ session: null, passwd: null, lives: false });
  if (random.chance(0.3)) handshake(draft, slot, { ...inVain, cut: 2 + random.below(43) });
  else if (random.chance(0.1)) {
    handshake(draft, slot, { session: random.pick([null, lost]), passwd: 'own', lives: false, ahead: true });
  } else handshake(draft, slot, { session, passwd: random.pick(secrets), lives: false });
}

/**
 * @param {Draft} draft
 * @param {Slot} slot
 * @param {{ session: number | null; passwd: Uint8Array | null | 'own'; lives: boolean; cut?: number; ahead?: boolean }} how
 */
function handshake(draft, slot, { session, passwd, lives, cut = 0, ahead = false }) {
  const { random } = draft;
  const label = lives && session === null ? draft.newLabel() : STRANGER;
  slot.watches = new Map();
  slot.open = lives;
  slot.session = session ?? label;
  const behind = lives && random.chance(0.2) ? several(draft, slot, 1 + random.below(5)) : [];
  const lastZxid = ahead
    ? FUTURE
    : random.chance(0.5)
      ? { value: 0n }
      : { of: Math.max(0, draft.count - 1 - random.below(50)) };
  const readOnly = random.pick([false, false, true, null]);
  const rest = { lastZxid, timeOut: random.pick(timeOuts), readOnly, cut, behind };
  draft.steps.push({ kind: 'connect', on: slot.on, session, label, passwd, ...rest });
  if (!lives) draft.lose(slot);
}

/**
 * A session is resumed elsewhere while its connection lives, which ends that one. What it was owed is fetched before: what
 * is under way when a connection ends may be lost.
 *
 * @param {Draft} draft
 * @param {Slot} from
 */
function move(draft, from) {
  const to = draft.slots.find(({ open }) => !open);
  const { session } = from;
  if (!to || session === null) return;
  draft.send(from, [draft.request({ type: ZooKeeperOp.sync, path: '/' })]);
  if (draft.random.chance(0.2)) {
    handshake(draft, to, { session, passwd: new Uint8Array(16).fill(9), lives: false });
    draft.send(from, [draft.request({ type: ZooKeeperOp.sync, path: '/' })], 'either');
    return;
  }
  handshake(draft, to, { session, passwd: 'own', lives: true });
  draft.steps.push({ kind: 'ended', on: from.on });
  draft.lose(from);
}

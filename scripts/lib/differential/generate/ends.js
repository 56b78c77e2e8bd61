/** What ends a connection: bytes that a server will not have, and what goes with them. */
import { Xid, ZooKeeperOp } from '@synod/zookeeper';
import { int, text } from './bytes.js';
import { typeOf } from '../program.js';
import { byHand } from './hostile.js';
import { nowhere } from './paths.js';
import { someRequest } from './requests.js';

/** @typedef {import('./draft.js').Draft} Draft */
/** @typedef {import('./draft.js').Slot} Slot */

/** Operations that there are not. */
const unknown = [0, -1, -2, 10, 23, 50, 99, 108, 200, 2 ** 31 - 1, -(2 ** 31)];

/** Schemes that prove nothing. @type {readonly (readonly [string | null, string | null])[]} */
const schemes = [
  ['world', 'anyone'],
  ['auth', ''],
  ['sasl', 'x'],
  ['super', 'x'],
  [null, 'x'],
  ['', ''],
  ['Digest', 'u:p'],
  ['none', 'x'],
];

/** @type {Readonly<Record<string, (draft: Draft, slot: Slot) => void>>} */
const makers = {
  // What is refused as soon as it is read ends the connection before replies that are still due: so nothing is in front.
  unknown(draft, slot) {
    draft.send(slot, [byHand(draft, draft.random.pick(unknown), text(nowhere(draft)))], 'end');
  },
  header(draft, slot) {
    const frame = Buffer.alloc(draft.random.below(8), 1);
    draft.send(slot, [draft.raw(frame, { silent: true })], 'end');
  },
  length(draft, slot) {
    const length = draft.random.pick([-1, -2, -(2 ** 31), 2 ** 31 - 1, 1_048_576, 2 ** 24]);
    draft.send(slot, [draft.raw(Buffer.alloc(draft.random.pick([0, 20])), { silent: true, length })], 'end');
  },
  auth(draft, slot) {
    const [scheme, auth] = draft.random.pick(schemes);
    const record = { type: ZooKeeperOp.auth, authType: 0, scheme, auth: auth === null ? null : Buffer.from(auth) };
    draft.send(slot, [draft.request(record, Xid.auth)], 'end');
  },
  cutAuth(draft, slot) {
    const record = { type: ZooKeeperOp.auth, authType: 0, scheme: 'digest', auth: Buffer.from('u:p') };
    const { id, frame } = draft.request(record, Xid.auth);
    draft.send(slot, [{ id, frame: frame.slice(0, 8 + draft.random.below(frame.length - 8)) }], 'end');
  },
  sasl(draft, slot) {
    const body = draft.random.pick([[], [int(-1)], [int(-2)], [int(3)], [int(3), Buffer.alloc(2)]]);
    draft.send(slot, [byHand(draft, ZooKeeperOp.sasl, ...body)], 'either');
  },
  // What ZooKeeper keeps for itself: Synod ends the connection.
  internal(draft, slot) {
    const { random } = draft;
    const type = random.pick([-10, 13, 20]);
    const body = type === -10 ? [] : [text(nowhere(draft)), int(-1)];
    draft.send(slot, [byHand(draft, type, ...body), draft.request({ type: ZooKeeperOp.ping }, Xid.ping)], 'either');
  },
  long(draft, slot) {
    const auth = Buffer.alloc(1025 + draft.random.below(100), 'x');
    draft.send(
      slot,
      [draft.request({ type: ZooKeeperOp.auth, authType: 0, scheme: 'digest', auth }, Xid.auth)],
      'either',
    );
  },
  secondHandshake(draft, slot) {
    const frame = Buffer.alloc(45);
    frame.writeInt32BE(draft.random.pick([0, 1]), 4);
    draft.send(slot, [draft.raw(frame)], 'either');
  },
  closeSession(draft, slot) {
    const request = draft.request({ type: ZooKeeperOp.closeSession });
    draft.sessions = draft.sessions.filter((label) => label !== slot.session);
    draft.send(slot, [...before(draft, slot), request], 'end');
  },
  drop(draft, slot) {
    draft.steps.push({ kind: 'drop', on: slot.on });
    draft.lose(slot);
  },
};

/** @param {Draft} draft @param {Slot} slot */
function before(draft, slot) {
  const requests = Array.from({ length: draft.random.below(4) }, () => someRequest(draft, slot));
  return requests.filter((request) => typeOf(request) !== ZooKeeperOp.setAcl);
}

const weights = {
  sasl: 1,
  unknown: 6,
  header: 2,
  length: 2,
  auth: 3,
  cutAuth: 1,
  internal: 2,
  long: 1,
  secondHandshake: 1,
  closeSession: 12,
  drop: 10,
};

/** Ends a connection in some way. @param {Draft} draft @param {Slot} slot */
export function endConnection(draft, slot) {
  /** @type {(draft: Draft, slot: Slot) => void} */ (makers[draft.random.weighted(weights)])(draft, slot);
}

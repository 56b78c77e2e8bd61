/**
 * Requests that no client makes, but that leave the connection alive: cut short, with lengths that lie, without what must
 * be there, with flags and operations that do not belong together.
 */
import { ZooKeeperOp } from '@synod/zookeeper';
import { frameOf } from '../frames.js';
import { typeOf } from '../program.js';
import { int, multiHeader, openAcl, text } from './bytes.js';
import { nowhere, usual } from './paths.js';
import { someOperation, someRequest } from './requests.js';

/** @typedef {import('./draft.js').Draft} Draft */
/** @typedef {import('./draft.js').Slot} Slot */
/** @typedef {import('../program.js').Request} Request */

const OPEN = [{ permissions: 31, scheme: 'world', id: 'anyone' }];
const lengths = [-2, -3, -(2 ** 31), 2 ** 31 - 1, 2 ** 24, 1000];

/** Operations whose body begins with a path. */
const ofPath = [1, 2, 3, 4, 5, 6, 7, 8, 9, 12, 15, 17, 18, 19, 21, 103, 104, 106];

/** Bytes. */
const longestFrame = 1_048_575;

/** Text that is no UTF-8. */
const mangled = ['ff', 'c3', 'c0af', 'e282', 'eda080', 'f09f', 'f8888080', '80', '41ff42', 'e28241'].map((hex) =>
  Buffer.from(hex, 'hex'),
);

/** A frame that is written by hand. @param {Draft} draft @param {number} type @param {readonly Uint8Array[]} body */
export function byHand(draft, type, ...body) {
  return draft.raw(Buffer.concat([int(draft.newXid()), int(type), ...body]));
}

/** An ordinary request, but none that is answered at once: those end the connection where they cannot be read. @param {Draft} draft @param {Slot} slot @returns {Request} */
function ordinary(draft, slot) {
  const request = someRequest(draft, slot);
  const type = typeOf(request);
  return type === ZooKeeperOp.auth || type === ZooKeeperOp.sasl ? ordinary(draft, slot) : request;
}

/** @type {Readonly<Record<string, (draft: Draft, slot: Slot) => Request>>} */
const makers = {
  cut(draft, slot) {
    const { id, frame } = ordinary(draft, slot);
    return { id, frame: frame.slice(0, 8 + draft.random.below(Math.max(1, frame.length - 8))) };
  },
  longer(draft, slot) {
    const request = ordinary(draft, slot);
    return { ...request, frame: Buffer.concat([request.frame, Buffer.alloc(1 + draft.random.below(9), 1)]) };
  },
  length(draft) {
    const path = text(usual(draft), draft.random.pick(lengths));
    return byHand(draft, draft.random.pick(ofPath), path, int(-1), openAcl, int(0));
  },
  nullPath(draft) {
    return byHand(draft, draft.random.pick(ofPath), text(null), int(-1), openAcl, int(0), int(0), int(5));
  },
  mangled(draft) {
    const { random, root } = draft;
    const path = text(Buffer.concat([Buffer.from(`${root}/`), random.pick(mangled)]));
    const type = random.pick([1, 2, 3, 4, 5, 6, 7, 8, 9, 12, 15, 19, 103, 104]);
    const acl = type === ZooKeeperOp.setAcl ? openAcl : Buffer.alloc(0);
    const creates = [1, 15, 19].includes(type);
    return byHand(
      draft,
      type,
      path,
      acl,
      creates || type === 5 ? int(-1) : int(0),
      creates ? openAcl : int(-1),
      int(type === 19 ? 4 : 0),
    );
  },
  aclLength(draft) {
    return byHand(draft, ZooKeeperOp.create, text(usual(draft)), int(-1), int(draft.random.pick(lengths)), int(0));
  },
  flags(draft) {
    const { random } = draft;
    const wrong = [-1, 7, 8, 9, 100, 2 ** 31 - 1, -(2 ** 31)];
    const type = random.pick(
      /** @type {const} */ ([ZooKeeperOp.create, ZooKeeperOp.create2, ZooKeeperOp.createContainer]),
    );
    return draft.request({ type, path: usual(draft), data: null, acl: OPEN, flags: random.pick(wrong) });
  },
  otherFlags(draft) {
    return draft.request(mixed(draft));
  },
  multiFlags(draft) {
    const { random } = draft;
    const flags = random.pick([-1, 7, 9]);
    const create = { type: ZooKeeperOp.create, path: nowhere(draft), data: null, acl: OPEN, flags };
    const parts = Array.from({ length: random.below(3) }, () => someOperation(draft));
    // Some of these ZooKeeper 3.8 trips over, and then forgets to take back what stood in front of them.
    if (random.chance(0.5)) parts.unshift(mixed(draft));
    else parts.splice(random.below(parts.length + 1), 0, create);
    return draft.request({ type: ZooKeeperOp.multi, operations: parts });
  },
  multiBeyond(draft) {
    const parts = Array.from({ length: 1 + draft.random.below(2) }, () => someOperation(draft));
    const missing = { type: ZooKeeperOp.delete, path: nowhere(draft), version: -1 };
    const beyond = { type: ZooKeeperOp.create, path: nowhere(draft), data: null, acl: largeAcl(draft), flags: 0 };
    return draft.request({ type: ZooKeeperOp.multi, operations: [...parts, missing, beyond] });
  },
  multiPart: strangePart,
  multiEnd(draft) {
    const { random } = draft;
    const parts = [multiHeader(2), text(nowhere(draft)), int(-1), multiHeader(2, true)];
    const type = random.pick([ZooKeeperOp.multi, ZooKeeperOp.multiRead]);
    return byHand(draft, type, ...parts.slice(0, random.below(5)));
  },
  nullLists(draft) {
    const type = draft.random.pick([ZooKeeperOp.setWatches, ZooKeeperOp.setWatches2]);
    const lists = Array.from({ length: 5 }, () => int(0));
    // A persistent watch of no path at all is one that ZooKeeper 3.8 takes and then cannot get rid of.
    if (draft.random.chance(0.5)) lists[draft.random.below(type === ZooKeeperOp.setWatches ? 3 : 5)] = int(-1);
    else lists[draft.random.below(3)] = Buffer.concat([int(1), text(null)]);
    return byHand(draft, type, int(0), int(0), ...lists);
  },
  beyond: (draft) => draft.request(beyondLimits(draft)),
};

/** A create whose operation, flags and time to live do not belong together, where nothing can be created. @param {Draft} draft */
function mixed(draft) {
  const { random } = draft;
  const rest = { path: nowhere(draft), data: null, acl: OPEN };
  const { create, create2, createContainer, createTtl } = ZooKeeperOp;
  if (random.chance(0.3)) return { type: createTtl, ...rest, flags: random.below(5), ttl: random.pick([0, 1000]) };
  const type = random.pick(/** @type {const} */ ([create, create2, createContainer]));
  const flags = type === createContainer ? random.pick([0, 1, 2, 3, 5, 6]) : random.pick([4, 5, 6]);
  return { type, ...rest, flags };
}

/** A multi with an operation that none may have. @param {Draft} draft */
function strangePart(draft) {
  const { random } = draft;
  const path = nowhere(draft);
  const bodies = {
    setAcl: frameOf(0, { type: ZooKeeperOp.setAcl, path, acl: OPEN, version: -1 }),
    getData: frameOf(0, { type: ZooKeeperOp.getData, path, watch: false }),
    getChildren: frameOf(0, { type: ZooKeeperOp.getChildren, path, watch: false }),
    exists: frameOf(0, { type: ZooKeeperOp.exists, path, watch: false }),
    create: frameOf(0, { type: ZooKeeperOp.create, path, data: null, acl: OPEN, flags: 0 }),
    delete: frameOf(0, { type: ZooKeeperOp.delete, path, version: -1 }),
    nothing: Buffer.concat([int(0), int(random.pick([-11, -1, 0, 11, 14, 16, 20, 77]))]),
    nullPath: Buffer.concat([int(0), int(random.pick([1, 2, 5, 13, 4, 8])), text(null), int(-1), openAcl, int(0)]),
  };
  const part =
    bodies[
      random.pick(
        /** @type {const} */ ([
          'setAcl',
          'getData',
          'getChildren',
          'exists',
          'create',
          'delete',
          'nothing',
          'nullPath',
        ]),
      )
    ];
  const type = Buffer.from(part).readInt32BE(4);
  const before = [multiHeader(2), text(path), int(-1)].slice(0, random.chance(0.5) ? 3 : 0);
  const op = random.pick([ZooKeeperOp.multi, ZooKeeperOp.multiRead]);
  return byHand(draft, op, ...before, multiHeader(type), part.subarray(8), multiHeader(-1, true));
}

/** An access list that is too large for Synod. @param {Draft} draft */
function largeAcl({ random }) {
  const entry = { permissions: 31, scheme: 'digest', id: 'a:b' };
  const many = Array.from({ length: 65 }, (_, permissions) => ({ ...entry, permissions }));
  return random.pick([many, [{ ...entry, permissions: -1 }], [{ ...entry, id: `a:${'b'.repeat(1023)}` }]]);
}

/** Beyond what Synod takes, or just within, without an effect also where it is taken. @param {Draft} draft */
function beyondLimits(draft) {
  const { random, root } = draft;
  const path = `${root}/none/${'x'.repeat(16_400)}`;
  const where = { path: nowhere(draft), data: null, flags: 0 };
  const create = /** @type {const} */ ({ type: ZooKeeperOp.create, ...where });
  return random.pick([
    () => ({ ...create, path, acl: OPEN }),
    () => ({ type: ZooKeeperOp.delete, path, version: -1 }),
    () => ({ type: ZooKeeperOp.setData, path, data: null, version: -1 }),
    () => ({ type: ZooKeeperOp.exists, path, watch: false }),
    () => ({ type: ZooKeeperOp.getData, path, watch: false }),
    () => ({ type: ZooKeeperOp.getChildren2, path, watch: false }),
    () => ({ type: ZooKeeperOp.getAllChildrenNumber, path }),
    () => ({ ...create, acl: largeAcl(draft) }),
    () => ({ ...create, acl: [{ permissions: 31, scheme: 'ip', id: random.pick(['::1', 'fe80::/10']) }] }),
    () => ({ type: ZooKeeperOp.setAcl, path: where.path, acl: largeAcl(draft), version: -1 }),
    // The longest frame that there may be.
    () => ({
      type: ZooKeeperOp.setData,
      path: where.path,
      data: new Uint8Array(longestFrame - 20 - where.path.length),
      version: -1,
    }),
  ])();
}

/** @param {Draft} draft @param {Slot} slot @returns {Request} */
export function hostileRequest(draft, slot) {
  const names = Object.keys(makers).filter((name) => draft.watches || name !== 'nullLists');
  return /** @type {(draft: Draft, slot: Slot) => Request} */ (makers[draft.random.pick(names)])(draft, slot);
}

/** Ordinary requests: one maker for each operation, and how often each is drawn. */
import { Xid, ZooKeeperOp } from '@synod/zookeeper';
import { SASL } from '../frames.js';
import { someAcl, someAuth, sounderAcl } from './acls.js';
import { any, toCreate, usual } from './paths.js';
import { addWatch, ofWatcher, setWatches } from './watches.js';

/** @typedef {import('./draft.js').Draft} Draft */
/** @typedef {import('./draft.js').Slot} Slot */
/** @typedef {import('../frames.js').RequestRecord} RequestRecord */
/** @typedef {import('../program.js').Request} Request */
/** @typedef {import('@synod/zookeeper').MultiOperationRecord} Part */

/** Flags of a create by what they mean, for create and create2. */
const flags = { persistent: 0, ephemeral: 1, persistentSequential: 2, ephemeralSequential: 3 };
const flagWeights = { persistent: 12, ephemeral: 4, persistentSequential: 3, ephemeralSequential: 2 };

/** @param {Draft} draft */
function someVersion({ random }) {
  if (random.chance(0.55)) return -1;
  if (random.chance(0.9)) return random.below(4);
  return random.pick([-2, -3, 2 ** 31 - 1, -(2 ** 31), 100]);
}

/** @param {Draft} draft */
function someData({ random }) {
  if (random.chance(0.15)) return null;
  if (random.chance(0.005)) return new Uint8Array(1 + random.below(20_000)).fill(random.below(256));
  return Uint8Array.from({ length: random.below(9) }, () => random.below(256));
}

/** @param {Draft} draft @param {typeof ZooKeeperOp.create | typeof ZooKeeperOp.create2} type @returns {RequestRecord & Part} */
function create(draft, type) {
  const mode = draft.random.weighted(flagWeights);
  const path = toCreate(draft, {
    ephemeral: mode.startsWith('ephemeral'),
    sequential: mode.endsWith('Sequential'),
  });
  if (!mode.endsWith('Sequential')) draft.make(path);
  return { type, path, data: someData(draft), acl: someAcl(draft), flags: flags[mode] };
}

/** @param {Draft} draft @returns {RequestRecord & Part} */
function createContainer(draft) {
  const path = toCreate(draft, { ephemeral: false, sequential: false });
  draft.make(path);
  return { type: ZooKeeperOp.createContainer, path, data: someData(draft), acl: someAcl(draft), flags: 4 };
}

/** @param {Draft} draft @returns {RequestRecord & Part} */
function createTtl(draft) {
  const { random } = draft;
  const sequential = random.chance(0.4);
  const path = toCreate(draft, { ephemeral: false, sequential });
  const ttl = random.chance(0.8) ? 60_000_000 : random.pick([0, -1, 1, 2 ** 40 - 1, 2 ** 40, 2n ** 62n, -(2n ** 63n)]);
  const given = ttl === 1 ? 2 ** 39 : ttl;
  return {
    type: ZooKeeperOp.createTtl,
    path,
    data: someData(draft),
    acl: someAcl(draft),
    flags: sequential ? 6 : 5,
    ttl: given,
  };
}

/** @param {Draft} draft @returns {RequestRecord & Part} */
function remove(draft) {
  const path = any(draft);
  const version = someVersion(draft);
  if (version < 1) draft.unmake(path);
  return { type: ZooKeeperOp.delete, path, version };
}

/** @param {Draft} draft @returns {RequestRecord & Part} */
function setData(draft) {
  return { type: ZooKeeperOp.setData, path: any(draft), data: someData(draft), version: someVersion(draft) };
}

/** @param {Draft} draft @returns {RequestRecord} */
function setAcl(draft) {
  return { type: ZooKeeperOp.setAcl, path: any(draft), acl: someAcl(draft), version: someVersion(draft) };
}

/**
 * @param {Draft} draft
 * @param {Slot} slot
 * @param {typeof ZooKeeperOp.exists | typeof ZooKeeperOp.getData | typeof ZooKeeperOp.getChildren | typeof ZooKeeperOp.getChildren2} type
 * @returns {RequestRecord}
 */
function read(draft, slot, type) {
  const path = any(draft);
  const watch = draft.random.chance(0.4) && draft.watch(slot, path, 'standard');
  return { type, path, watch };
}

/** @param {Draft} draft @returns {Part} */
export function someOperation(draft) {
  const makers = {
    create: () => create(draft, ZooKeeperOp.create),
    create2: () => create(draft, ZooKeeperOp.create2),
    createContainer: () => createContainer(draft),
    createTtl: () => createTtl(draft),
    delete: () => remove(draft),
    setData: () => setData(draft),
    check: () => ({ type: ZooKeeperOp.check, path: any(draft), version: someVersion(draft) }),
  };
  const weights = { create: 6, create2: 3, createContainer: 1, createTtl: 1, delete: 3, setData: 5, check: 4 };
  const part = makers[draft.random.weighted(weights)]();
  return 'acl' in part ? { ...part, acl: sounderAcl(draft) } : part;
}

/** @param {Draft} draft @returns {RequestRecord} */
function multi(draft) {
  const count = draft.random.below(5);
  return { type: ZooKeeperOp.multi, operations: Array.from({ length: count }, () => someOperation(draft)) };
}

/** @param {Draft} draft @returns {RequestRecord} */
function multiRead(draft) {
  const { random } = draft;
  const operations = Array.from({ length: random.below(5) }, () => ({
    type: random.pick(/** @type {const} */ ([ZooKeeperOp.getData, ZooKeeperOp.getChildren])),
    path: any(draft),
    watch: draft.watches && random.chance(0.3),
  }));
  return { type: ZooKeeperOp.multiRead, operations };
}

/** @param {Draft} draft @returns {RequestRecord} */
function getEphemerals(draft) {
  const { random, root } = draft;
  const prefix = random.pick([
    null,
    '',
    '/',
    ' ',
    root,
    `${root}/`,
    `${root}/e`,
    `${root}/a`,
    `${root}/a/e1`,
    'x',
    usual(draft),
  ]);
  return { type: ZooKeeperOp.getEphemerals, prefix };
}

/** @type {Readonly<Record<string, [weight: number, make: (draft: Draft, slot: Slot) => RequestRecord]>>} */
const makers = {
  create: [150, (draft) => create(draft, ZooKeeperOp.create)],
  create2: [60, (draft) => create(draft, ZooKeeperOp.create2)],
  createContainer: [20, (draft) => createContainer(draft)],
  createTtl: [25, (draft) => createTtl(draft)],
  delete: [90, (draft) => remove(draft)],
  exists: [80, (draft, slot) => read(draft, slot, ZooKeeperOp.exists)],
  getData: [80, (draft, slot) => read(draft, slot, ZooKeeperOp.getData)],
  setData: [90, (draft) => setData(draft)],
  getAcl: [30, (draft) => ({ type: ZooKeeperOp.getAcl, path: any(draft) })],
  setAcl: [40, (draft) => setAcl(draft)],
  getChildren: [40, (draft, slot) => read(draft, slot, ZooKeeperOp.getChildren)],
  getChildren2: [50, (draft, slot) => read(draft, slot, ZooKeeperOp.getChildren2)],
  sync: [15, (draft) => ({ type: ZooKeeperOp.sync, path: any(draft) })],
  ping: [10, () => ({ type: ZooKeeperOp.ping })],
  multi: [70, (draft) => multi(draft)],
  multiRead: [30, (draft) => multiRead(draft)],
  reconfig: [3, (draft) => reconfig(draft)],
  auth: [
    15,
    (draft) => ({ type: ZooKeeperOp.auth, authType: draft.random.below(2), scheme: 'digest', auth: someAuth(draft) }),
  ],
  getEphemerals: [25, (draft) => getEphemerals(draft)],
  getAllChildrenNumber: [25, (draft) => ({ type: ZooKeeperOp.getAllChildrenNumber, path: any(draft) })],
  sasl: [4, ({ random }) => ({ type: ZooKeeperOp.sasl, token: new Uint8Array(1 + random.below(9)) })],
  whoAmI: [12, () => ({ type: ZooKeeperOp.whoAmI })],
  addWatch: [25, addWatch],
  checkWatches: [15, (draft, slot) => ofWatcher(draft, slot, ZooKeeperOp.checkWatches)],
  removeWatches: [15, (draft, slot) => ofWatcher(draft, slot, ZooKeeperOp.removeWatches)],
};

/** Operations that only make sense, or are only alike, where there are watches. */
const watchers = ['addWatch', 'removeWatches', 'checkWatches'];

const weights = Object.fromEntries(Object.entries(makers).map(([name, [weight]]) => [name, weight]));
const quiet = Object.fromEntries(Object.entries(weights).filter(([name]) => !watchers.includes(name)));

/** @param {Draft} draft @returns {RequestRecord} */
function reconfig({ random }) {
  const text = () => random.pick([null, '', 'server.1=127.0.0.1:1:2:participant;127.0.0.1:3', '1', 'x']);
  const fields = { joiningServers: text(), leavingServers: text(), newMembers: text() };
  return { type: ZooKeeperOp.reconfig, ...fields, curConfigId: random.pick([-1, 0, 5]) };
}

/** @param {Draft} draft @param {Slot} slot @returns {Request} */
export function someRequest(draft, slot) {
  if (draft.watches && draft.random.chance(0.03)) {
    return setWatches(draft, slot, draft.random.chance(0.5) ? Xid.setWatches : draft.newXid());
  }
  const name = draft.random.weighted(draft.watches ? weights : quiet);
  const record = /** @type {[number, (draft: Draft, slot: Slot) => RequestRecord]} */ (makers[name])[1](draft, slot);
  if (record.type === ZooKeeperOp.auth) return draft.request(record, Xid.auth);
  if (record.type === ZooKeeperOp.sasl) return draft.request(record, SASL);
  if (record.type === ZooKeeperOp.ping) return draft.request(record, Xid.ping);
  return draft.request(record);
}

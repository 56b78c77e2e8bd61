/** ZooKeeper's operations that a client may ask for, by their numbers (ZooDefs.OpCode). */
export const ZooKeeperOp = {
  create: 1,
  delete: 2,
  exists: 3,
  getData: 4,
  setData: 5,
  getAcl: 6,
  setAcl: 7,
  getChildren: 8,
  sync: 9,
  ping: 11,
  getChildren2: 12,
  /** Only inside a multi. */
  check: 13,
  multi: 14,
  create2: 15,
  reconfig: 16,
  checkWatches: 17,
  removeWatches: 18,
  createContainer: 19,
  createTtl: 21,
  multiRead: 22,
  auth: 100,
  setWatches: 101,
  sasl: 102,
  getEphemerals: 103,
  getAllChildrenNumber: 104,
  setWatches2: 105,
  addWatch: 106,
  whoAmI: 107,
  closeSession: -11,
} as const;
export type ZooKeeperOp = (typeof ZooKeeperOp)[keyof typeof ZooKeeperOp];

/** The type of a result in a multi that is an error. */
export const ERROR_RESULT = -1;

/** Numbers in place of a request's own in the `xid` of what is no ordinary request. */
export const Xid = { event: -1, ping: -2, auth: -4, setWatches: -8 } as const;

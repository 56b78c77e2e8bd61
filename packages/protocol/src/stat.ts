import type { Zxid } from './zxid.js';

/**
 * The metadata of a znode, with ZooKeeper's names and meaning (ZooKeeper programmer's guide, "ZooKeeper Stat
 * Structure"). Times are milliseconds since 1970 by the leader's clock.
 */
export interface Stat {
  /** zxid of the create. */
  readonly czxid: Zxid;
  /** zxid of the last data change. */
  readonly mzxid: Zxid;
  /** zxid of the last create or delete of a direct child. */
  readonly pzxid: Zxid;
  readonly ctime: number;
  readonly mtime: number;
  /** Data changes since the create. */
  readonly version: number;
  /** Children created plus children deleted. */
  readonly cversion: number;
  /** ACL changes. */
  readonly aversion: number;
  /** The owning session of an ephemeral znode, else 0 (also for container and TTL znodes). */
  readonly ephemeralOwner: number;
  /** Bytes of data; 0 also for null. */
  readonly dataLength: number;
  readonly numChildren: number;
}

/** A Stat as it travels: its eleven fields in the order of the interface. */
export type StatWire = [number, number, number, number, number, number, number, number, number, number, number];

/** Stat to wire. */
export function statToWire(s: Stat): StatWire {
  return [
    s.czxid,
    s.mzxid,
    s.pzxid,
    s.ctime,
    s.mtime,
    s.version,
    s.cversion,
    s.aversion,
    s.ephemeralOwner,
    s.dataLength,
    s.numChildren,
  ];
}

/** Wire to Stat; for numbers that were checked before. */
export function statFromWire(w: StatWire): Stat {
  return {
    czxid: w[0],
    mzxid: w[1],
    pzxid: w[2],
    ctime: w[3],
    mtime: w[4],
    version: w[5],
    cversion: w[6],
    aversion: w[7],
    ephemeralOwner: w[8],
    dataLength: w[9],
    numChildren: w[10],
  };
}

import type { Codec } from '../codec.js';
import type { Long } from '../long.js';

/** A znode's metadata: 68 bytes, `pzxid` last. A Stat of Synod is one as it is. */
export interface StatRecord {
  readonly czxid: Long;
  readonly mzxid: Long;
  readonly ctime: Long;
  readonly mtime: Long;
  readonly version: number;
  readonly cversion: number;
  readonly aversion: number;
  readonly ephemeralOwner: Long;
  readonly dataLength: number;
  readonly numChildren: number;
  readonly pzxid: Long;
}

export const stat: Codec<StatRecord> = {
  read: (input) => ({
    czxid: input.long('czxid'),
    mzxid: input.long('mzxid'),
    ctime: input.long('ctime'),
    mtime: input.long('mtime'),
    version: input.int('version'),
    cversion: input.int('cversion'),
    aversion: input.int('aversion'),
    ephemeralOwner: input.long('ephemeralOwner'),
    dataLength: input.int('dataLength'),
    numChildren: input.int('numChildren'),
    pzxid: input.long('pzxid'),
  }),
  write(output, value) {
    output.long(value.czxid);
    output.long(value.mzxid);
    output.long(value.ctime);
    output.long(value.mtime);
    output.int(value.version);
    output.int(value.cversion);
    output.int(value.aversion);
    output.long(value.ephemeralOwner);
    output.int(value.dataLength);
    output.int(value.numChildren);
    output.long(value.pzxid);
  },
};

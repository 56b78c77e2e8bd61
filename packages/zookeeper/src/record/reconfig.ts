import type { Codec } from '../codec.js';
import type { Long } from '../long.js';
import { ZooKeeperOp } from '../op.js';

/** A change of the ensemble's members; it is answered as getData is, with the new configuration. */
export interface ReconfigRecord {
  readonly type: typeof ZooKeeperOp.reconfig;
  readonly joiningServers: string | null;
  readonly leavingServers: string | null;
  readonly newMembers: string | null;
  /** −1 for any. */
  readonly curConfigId: Long;
}

export const reconfig: Codec<ReconfigRecord> = {
  read: (input) => ({
    type: ZooKeeperOp.reconfig,
    joiningServers: input.string('joiningServers'),
    leavingServers: input.string('leavingServers'),
    newMembers: input.string('newMembers'),
    curConfigId: input.long('curConfigId'),
  }),
  write(output, value) {
    output.string(value.joiningServers);
    output.string(value.leavingServers);
    output.string(value.newMembers);
    output.long(value.curConfigId);
  },
};

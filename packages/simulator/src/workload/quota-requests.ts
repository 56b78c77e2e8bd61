/**
 * Draws what clients do about quotas: they make and take away the two znodes of one, change its limits, look at its usage.
 * Only top-level subtrees get one, so that no quota lies inside of another, and nobody writes a usage.
 */
import { Op, type MultiOperation, type Request } from '@synod/protocol';
import type { Random } from '../random.js';
import { create, get, remove, set } from './requests.js';

const EMPTY = 'count=0,bytes=0';

/** A request about the quota of a top-level znode. `znodes`: about so many there are. */
export function quotaRequest(random: Random, root: string, znodes: number): Request {
  const home = `/zookeeper/quota${root}`;
  const [limits, usage] = [`${home}/zookeeper_limits`, `${home}/zookeeper_stats`];
  const text = limitsText(random, znodes);
  const all: MultiOperation[] = [create(home, ''), create(limits, text), create(usage, EMPTY)];
  return random.weighted<Request>([
    [6, { op: Op.multi, operations: all }],
    [1, { op: Op.multi, operations: [...all, create(`${root}/quota`, 'data')] }],
    [1, create(home, '')],
    [1, create(limits, text)],
    [1, create(usage, EMPTY)],
    [2, set(limits, text)],
    [3, get(usage)],
    [1, remove(limits)],
    [1, remove(usage)],
    [4, { op: Op.multi, operations: [remove(limits), remove(usage), remove(home)] }],
  ]);
}

function limitsText(random: Random, znodes: number): string {
  const count = Math.ceil(random.logUniform(1, 2 * znodes));
  const bytes = Math.round(random.logUniform(1, 40 * znodes));
  return random.weighted([
    [3, `count=-1,bytes=-1=;byteHardLimit=${bytes};countHardLimit=${count}`],
    [2, `count=-1,bytes=-1=;countHardLimit=${count}`],
    [2, `count=${count};bytes=${bytes}`],
    [1, 'no limits'],
  ]);
}

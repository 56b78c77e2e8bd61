/**
 * Carries the counters of sequential names over. A parent counts the children that were ever created below it, and the count
 * is the next sequential name. In the target only those were created that are left: names would come again that were given
 * before, and one that is still there would refuse the create. A create that is taken back at once counts too.
 */
import { refusalText, type Tally } from './tally.js';
import { isOfZnode, type Target } from './target.js';
import type { Copy, Counter } from './copy.js';
import { Walk } from './walk.js';

/** Counters that are read, and that are raised, at a time. */
const READ_AT_A_TIME = 400;
const RAISED_AT_A_TIME = 8;

interface Low extends Counter {
  readonly now: number;
}

/** Raises each counter by at most `limit`; 0 leaves all of them and only notes which are low. */
export async function carryCounters(copy: Copy, target: Target, tally: Tally, limit: number): Promise<void> {
  const low: Low[] = [];
  const read = new Walk<Counter>(READ_AT_A_TIME, async (counter) => {
    if (copy.isLost(counter)) return;
    try {
      const now = await target.creates(counter.to);
      if (now < counter.creates) low.push({ ...counter, now });
    } catch (error) {
      if (!isOfZnode(error)) throw error;
      tally.skip(counter.from, `its counter of sequential names: ${refusalText(error)}`);
    }
  });
  read.add(copy.counters);
  await read.run();

  const raise = new Walk<Low>(RAISED_AT_A_TIME, async ({ from, to, now, creates }) => {
    try {
      await target.raise(to, creates - now, (count) => (tally.toRaise -= count));
      tally.note('counter', from, `${now} to ${creates}`);
    } catch (error) {
      if (!isOfZnode(error)) throw error;
      tally.skip(from, `its counter of sequential names stays below ${creates}: ${refusalText(error)}`);
    }
  });
  raise.add(toRaise(low, tally, limit));
  await raise.run();
}

function toRaise(low: readonly Low[], tally: Tally, limit: number): Low[] {
  const found: Low[] = [];
  for (const counter of low) {
    const { from, now, creates } = counter;
    const gap = creates - now;
    if (limit === 0) tally.note('lowCounter', from, `${now} instead of ${creates}`);
    else if (gap > limit) {
      const advice = `--counters ${gap} raises it`;
      tally.skip(from, `its counter of sequential names stays at ${now}, at the source it is ${creates} (${advice})`);
    } else {
      tally.toRaise += gap;
      found.push(counter);
    }
  }
  return found;
}

/**
 * Loaded into a server by `--import`: prints the longest time its event loop was held up, once a second where it was
 * 5 ms or more. The resolution of the measurement is taken off.
 */
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { isMainThread } from 'node:worker_threads';

const resolution = 2;

if (isMainThread) {
  const delay = monitorEventLoopDelay({ resolution });
  delay.enable();
  setInterval(() => {
    const longest = delay.max / 1e6 - resolution;
    delay.reset();
    if (longest >= 5) console.log(`event-loop-held-up at=${Date.now()} ms=${longest.toFixed(1)}`);
  }, 1000).unref();
}

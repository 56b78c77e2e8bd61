/** The thread of the log. */
import { workerData } from 'node:worker_threads';
import { LogWork } from './log-work.js';
import type { LogWorkerData, ThreadData } from './messages.js';
import { nodeDisk } from './node-disk.js';
import { serve } from './worker-answers.js';

const { dir, data } = workerData as ThreadData<LogWorkerData>;

serve(new LogWork(nodeDisk(dir), data));

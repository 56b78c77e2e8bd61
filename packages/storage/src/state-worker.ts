/** The thread of the state at rest. */
import { workerData } from 'node:worker_threads';
import type { StateWorkerData, ThreadData } from './messages.js';
import { nodeDisk } from './node-disk.js';
import { StateWork } from './state-work.js';
import { serve } from './worker-answers.js';

const { dir, data } = workerData as ThreadData<StateWorkerData>;

serve(new StateWork(nodeDisk(dir), data));

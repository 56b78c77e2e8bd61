/** The programs that a client can run, by name. */
import { appends, counters } from './appends.js';
import type { LoadProgram } from './load.js';
import { locks } from './locks.js';
import { queues } from './queues.js';
import { randomProgram } from './random-program.js';
import { registers } from './registers.js';
import type { ProgramName } from './settings.js';
import { slowReader } from './slow-reader.js';
import { watchers } from './watchers.js';

export const programs: Readonly<Record<ProgramName, LoadProgram>> = {
  random: randomProgram,
  registers,
  appends,
  counters,
  locks,
  watchers,
  queues,
  slowReader,
};

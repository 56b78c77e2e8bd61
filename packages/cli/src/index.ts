export { run } from './run.js';
export { ExitCode, type Streams } from './streams.js';

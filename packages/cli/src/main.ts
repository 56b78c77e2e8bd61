#!/usr/bin/env node
/** The entry of the `synod` command: hands the process's own streams to run.ts. */
import { homedir } from 'node:os';
import { join } from 'node:path';
import { run } from './run.js';

// A reader that has seen enough (`synod ls -R / | head`) is no failure.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code !== 'EPIPE') throw error;
  process.exit(0);
});

const code = await run(process.argv.slice(2), {
  stdin: process.stdin,
  stdout: process.stdout,
  stderr: process.stderr,
  env: process.env,
  historyFile: join(homedir(), '.synod_history'),
});

// A server that fails sets a code of its own.
if (code !== 0) process.exitCode = code;

/**
 * The C library tests/durability/record.c, which is preloaded into servers to record what they do with their disk, and to
 * let the disk fail: compiled when it is needed, with `cc`, which the product's own dependencies need anyway.
 */
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { Complaint, inRoot } from './project.js';

/** Why servers cannot be recorded on this system, in words; null where they can. */
export const unrecordable =
  process.platform === 'linux'
    ? null
    : `what a process writes and sends is recorded with LD_PRELOAD, which ${process.platform} does not have; run this on Linux`;

/**
 * @param {string} dir where the library goes
 * @returns {string} its path
 * @throws {Complaint} where it cannot be compiled
 */
export function compileRecorder(dir) {
  const library = join(dir, 'record.so');
  const source = inRoot('tests', 'durability', 'record.c');
  const compiler = process.env['CC'] ?? 'cc';
  const args = ['-shared', '-fPIC', '-O2', '-o', library, source, '-lpthread'];
  const { status, stderr, error } = spawnSync(compiler, args, { encoding: 'utf8' });
  if (status === 0) return library;
  throw new Complaint(`${compiler} did not compile ${source}:\n${error ? error.message : stderr}`);
}

/** `synod import`: its options. They are long ones, and it makes no sense in the shell: so it is none of the table's commands. */
import type { Credentials } from '@synod/client';
import { pathProblem } from '@synod/protocol';
import type { Argv } from 'yargs';
import { readCredentials } from '../command-line.js';
import type { ImportOptions } from '../import/import.js';
import { UsageError } from '../usage.js';

/** Creates that are made and taken back for one counter at most: less than a minute of work. */
const COUNTERS = 1_000_000;

export const IMPORT_HELP = 'copies znodes from a running ZooKeeper';

/** Describes the options to yargs. */
export function importOptions(yargs: Argv) {
  return yargs.options({
    from: { type: 'string', demandOption: true, describe: 'the ZooKeeper: host:port,host:port/chroot' },
    'from-auth': { type: 'string', describe: 'scheme:credentials at the source; may be repeated' },
    path: { type: 'string', default: '/', describe: 'the subtree to copy' },
    to: { type: 'string', describe: 'where to put it, by default the same path' },
    'dry-run': { type: 'boolean', default: false, describe: 'writes nothing, tells what it would do' },
    'drop-unknown-acl': {
      type: 'boolean',
      default: false,
      describe: 'leaves out ACL entries that Synod cannot hold (sasl, x509) instead of skipping the znode',
    },
    counters: {
      type: 'string',
      default: String(COUNTERS),
      describe: 'raises counters of sequential names by at most so much; 0 leaves them',
    },
    report: { type: 'string', describe: 'a file for all znodes that were not equal already' },
    verbose: { type: 'boolean', default: false, describe: 'names all znodes that were not just copied' },
  });
}

/** What yargs makes of the options; those of text are lists where they are repeated. */
type Parsed = Awaited<ReturnType<typeof importOptions>['argv']>;

/** Checks the options; throws UsageError. */
export function readImportOptions(parsed: Parsed): ImportOptions {
  const path = pathOf('path', parsed.path);
  return {
    // More servers of the same ensemble.
    from: [parsed.from].flat().join(','),
    fromAuth: [parsed.fromAuth ?? []].flat().map((text): Credentials => readCredentials('--from-auth', text)),
    path,
    to: parsed.to === undefined ? path : pathOf('to', parsed.to),
    dryRun: parsed.dryRun,
    dropUnknownAcl: parsed.dropUnknownAcl,
    counters: countOf(once('counters', parsed.counters)),
    report: parsed.report === undefined ? undefined : once('report', parsed.report),
    verbose: parsed.verbose,
  };
}

/** yargs makes a list of an option that is repeated. */
function once(name: string, value: string | readonly string[]): string {
  if (typeof value === 'string') return value;
  throw new UsageError(`--${name} may be given once only`);
}

function pathOf(name: string, value: string): string {
  const path = once(name, value);
  const problem = pathProblem(path);
  if (problem === undefined) return path;
  throw new UsageError(`--${name}: ${problem}`);
}

function countOf(text: string): number {
  if (/^\d{1,10}$/.test(text)) return Number(text);
  throw new UsageError(`--counters must be a whole number, not "${text}"`);
}

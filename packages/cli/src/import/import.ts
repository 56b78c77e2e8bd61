/** An import from beginning to end: both connections, the copy, the counters, the quotas, the report. */
import { connect, parseConnectString, type Client, type ConnectString, type Credentials } from '@synod/client';
import { isSynodError, joinPath, SynodError } from '@synod/protocol';
import type { CommandLine } from '../command-line.js';
import { reportOf } from '../report.js';
import { ExitCode, type Streams } from '../streams.js';
import { UsageError } from '../usage.js';
import { Copy } from './copy.js';
import { carryCounters } from './counters.js';
import { Progress } from './progress.js';
import { identitiesOf, Rehearsal } from './rehearsal.js';
import { Source } from './source.js';
import { ReportFile, SHOWN, summaryOf } from './summary.js';
import { Tally } from './tally.js';
import { ClientTarget, type Target } from './target.js';
import { readNames } from './znode.js';

const QUOTA = '/zookeeper/quota';

export interface ImportOptions {
  /** Connect string of the ZooKeeper. */
  readonly from: string;
  readonly fromAuth: readonly Credentials[];
  /** What is copied, below the chroot of the source; and where to, below that of the target. */
  readonly path: string;
  readonly to: string;
  readonly dryRun: boolean;
  readonly dropUnknownAcl: boolean;
  /** By how much a counter of sequential names is raised at most. */
  readonly counters: number;
  /** A file for the report of all znodes. */
  readonly report: string | undefined;
  readonly verbose: boolean;
}

/** Both ends of what is copied, as servers see it and as the target's client does. */
interface Ends {
  readonly servers: ConnectString['servers'];
  readonly from: string;
  readonly to: string;
  /** True where the target's client sees the servers' own paths. */
  readonly whole: boolean;
}

/**
 * Carries an import out; resolves with the exit code, 0 only where nothing was skipped. Throws UsageError and SynodError for
 * what is wrong before the first znode; later errors are told with the report of what was done.
 */
export async function runImport(options: ImportOptions, line: CommandLine, streams: Streams): Promise<ExitCode> {
  const ends = endsOf(options, line);
  const file = options.report === undefined ? undefined : new ReportFile(options.report);
  const kept = options.verbose ? Infinity : SHOWN;
  const tally = new Tally(kept, (kind, note) => file?.note(kind, note));
  const progress = new Progress(streams.stderr, tally);
  try {
    const failure = await transfer(options, ends, line, tally, progress);
    progress.end();
    for (const text of summaryOf(tally, progress.seconds, options.dryRun, options.verbose)) {
      streams.stdout.write(`${text}\n`);
    }
    if (failure === undefined) return tally.skipped.length === 0 ? ExitCode.ok : ExitCode.refused;
    const { text, code } = reportOf(failure, undefined, undefined);
    streams.stderr.write(
      `${text}\nThe import is not complete. Run it again: what is equal already is not copied again.\n`,
    );
    return code;
  } finally {
    progress.end();
    file?.close(tally.skipped);
  }
}

function endsOf({ from, path, to }: ImportOptions, { servers }: CommandLine): Ends {
  const source = readSource(from);
  const whole = parseConnectString(servers).chroot === '';
  const root = path === '/' ? source.chroot || '/' : source.chroot + path;
  if (isSystem(root)) throw new UsageError(`--path: ${root} belongs to the servers; quotas come with what they limit`);
  if (whole && isSystem(to)) throw new UsageError(`--to: ${to} belongs to the servers`);
  return { servers: source.servers, from: root, to, whole };
}

function readSource(text: string): ConnectString {
  try {
    return parseConnectString(text);
  } catch (error) {
    if (isSynodError(error)) throw new UsageError(`--from: ${error.reason}`);
    throw error;
  }
}

function isSystem(path: string): boolean {
  return path === '/zookeeper' || path.startsWith('/zookeeper/');
}

/** Copies; resolves with the error that ended it once it had begun. */
async function transfer(
  options: ImportOptions,
  { servers, from, to, whole }: Ends,
  line: CommandLine,
  tally: Tally,
  progress: Progress,
): Promise<SynodError | undefined> {
  const client = await connectTarget(line);
  let source: Source | undefined;
  try {
    source = await Source.connect({
      servers,
      auth: options.fromAuth,
      connectTimeout: line.options.connectTimeout ?? 0,
      onTrouble: (text) => progress.say(text),
    });
    await mustExist(source, from);
    const real = new ClientTarget(client);
    const { auth = [] } = line.options;
    const target: Target = options.dryRun ? new Rehearsal(real, await identitiesOf(client, auth)) : real;
    const reserved = new Set(whole ? ['/zookeeper'] : []);
    const copy = new Copy(source, target, tally, { dropUnknownAcl: options.dropUnknownAcl, reserved });
    try {
      await copy.run(from, to);
      await carryCounters(copy, target, tally, options.counters);
      await copyQuotas(source, copy, tally, { from, to, whole });
    } catch (error) {
      if (!isSynodError(error)) throw error;
      return error;
    }
    return undefined;
  } finally {
    await Promise.all([source?.close(), client.close()]);
  }
}

/** Says which of the two ends it is that cannot be reached. */
async function connectTarget({ servers, options }: CommandLine): Promise<Client> {
  try {
    return await connect(servers, options);
  } catch (error) {
    if (isSynodError(error)) throw new SynodError({ code: error.code, reason: `the target: ${error.reason}` });
    throw error;
  }
}

async function mustExist(source: Source, path: string): Promise<void> {
  const found = await readNames(source, path);
  if (found === 'gone') throw new SynodError({ code: 'BAD_ARGUMENTS', reason: 'the source has no such znode', path });
}

/** Last, so that no limit stands in the way of what it limits. */
async function copyQuotas(source: Source, copy: Copy, tally: Tally, ends: Omit<Ends, 'servers'>): Promise<void> {
  const [from, to] = [ends.from, ends.to].map((path) => (path === '/' ? QUOTA : joinPath(QUOTA, path.slice(1))));
  const names = await readNames(source, from!);
  if (names === 'gone' || names.length === 0) return;
  if (ends.whole && names !== 'denied') await copy.run(from!, to!);
  else tally.skip(from!, ends.whole ? 'its quotas may not be read' : 'quotas: a target with a chroot cannot have them');
}

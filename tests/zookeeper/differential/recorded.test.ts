/**
 * Some 2,000 random requests that a real ZooKeeper 3.8.0 has answered, sent to Synod: the answers must be the same, but for
 * the rows of the table. The recording is made by `npm run differential -- --requests 2000 --record FILE`; so is one of
 * whatever else shows a difference. And whether the comparison would notice one at all.
 */
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Tally, compare } from '../../../scripts/lib/differential/compare.js';
import { describeDifference } from '../../../scripts/lib/differential/describe.js';
import { Player, type Entry } from '../../../scripts/lib/differential/player.js';
import { readRecording } from '../../../scripts/lib/differential/recording.js';
import { startSynod, superUser, type Server } from '../../../scripts/lib/differential/servers.js';
import { isEvent } from '../../../scripts/lib/differential/wire.js';

const here = dirname(fileURLToPath(import.meta.url));
const recorded = readRecording(join(here, 'zookeeper-3.8.0.json.gz'));

/** What differs, in words; undefined where nothing does. */
function difference(left: readonly Entry[], right: readonly Entry[], tally = new Tally()): string | undefined {
  const found = compare(left, right, tally);
  return found ? describeDifference(found, ['ZooKeeper', 'Synod']) : undefined;
}

describe('Synod answers as ZooKeeper 3.8.0 has answered', () => {
  const dir = mkdtempSync(join(tmpdir(), 'synod-recorded-'));
  let server: Server;

  beforeAll(async () => {
    server = await startSynod(dir);
  });

  afterAll(async () => {
    await server.stop();
    rmSync(dir, { recursive: true, force: true });
  });

  test.each(recorded.map(({ program, entries }) => [program.name, { program, entries }] as const))(
    'sequence %s',
    async (_name, { program, entries }) => {
      const tally = new Tally();
      expect(difference(entries, await new Player(server.address, superUser).play(program), tally)).toBeUndefined();
      expect(tally.requests).toBeGreaterThan(200);
    },
  );
});

describe('the comparison notices', () => {
  const { entries } = recorded[0]!;

  /** The recorded entries with one frame changed, the first that `change` does not leave alone. */
  function changed(change: (frame: Buffer, index: number) => Buffer[] | undefined): readonly Entry[] {
    for (const [at, entry] of entries.entries()) {
      if (entry.step.kind !== 'send') continue;
      for (const [index, frame] of entry.frames.entries()) {
        const put = change(Buffer.from(frame), index);
        if (put) return entries.with(at, { ...entry, frames: entry.frames.toSpliced(index, 1, ...put) });
      }
    }
    throw new Error('there is no such frame in the recording');
  }

  function poke(frame: Buffer, at: number): Buffer[] {
    frame.writeUInt8(frame.readUInt8(at) ^ 1, at);
    return [frame];
  }

  const isStat = (frame: Buffer): boolean => !isEvent(frame) && frame.length === 84 && frame.readInt32BE(12) === 0;

  test('nothing where there is nothing, and uses no row for it', () => {
    const tally = new Tally();
    expect(difference(entries, entries, tally)).toBeUndefined();
    expect([...tally.excused.keys()]).toEqual([]);
    expect(tally.events).toBeGreaterThan(0);
  });

  test.each<readonly [string, (frame: Buffer, index: number) => Buffer[] | undefined]>([
    ['another xid', (frame) => (isEvent(frame) ? undefined : poke(frame, 3))],
    ['another error', (frame) => (frame.readInt32BE(12) === -101 ? poke(frame, 15) : undefined)],
    ['an error in place of a result', (frame) => (isStat(frame) ? [errorOf(frame)] : undefined)],
    ['a zxid that runs ahead', (frame) => (isStat(frame) ? poke(frame, 8) : undefined)],
    ['another version', (frame) => (isStat(frame) ? poke(frame, 16 + 35) : undefined)],
    ['another cversion', (frame) => (isStat(frame) ? poke(frame, 16 + 39) : undefined)],
    ['another owner', (frame) => (isStat(frame) ? poke(frame, 16 + 51) : undefined)],
    ['another number of children', (frame) => (isStat(frame) ? poke(frame, 16 + 59) : undefined)],
    ['a pzxid that does not hang together', (frame) => (isStat(frame) ? poke(frame, 16 + 64) : undefined)],
    ['a missing event', (frame) => (isEvent(frame) ? [] : undefined)],
    ['one event too many', (frame) => (isEvent(frame) ? [frame, frame] : undefined)],
    ['another kind of event', (frame) => (isEvent(frame) ? poke(frame, 19) : undefined)],
    ['bytes behind a reply', (frame) => (isStat(frame) ? [Buffer.concat([frame, Buffer.alloc(1)])] : undefined)],
    ['bytes that are missing', (frame) => (isStat(frame) ? [frame.subarray(0, -1)] : undefined)],
    ['a reply too few', (frame) => (isStat(frame) ? [] : undefined)],
  ])('%s', (_name, change) => {
    expect(difference(entries, changed(change))).toEqual(expect.any(String));
    expect(difference(changed(change), entries)).toEqual(expect.any(String));
  });

  test('a connection that ends, and a step that is missing', () => {
    const at = entries.findIndex(({ state, frames }) => state === 'open' && frames.length > 0);
    expect(difference(entries, entries.with(at, { ...entries[at]!, state: 'closed' }))).toMatch(
      /open here, closed there/,
    );
    expect(difference(entries, entries.slice(0, -1))).toMatch(/more steps/);
  });

  test('two times on one transaction, and a time that runs backwards', () => {
    const isCreated = (frame: Buffer): boolean =>
      isStat(frame) && frame.readBigInt64BE(16) !== frame.readBigInt64BE(24);
    expect(
      difference(
        entries,
        changed((frame) => (isCreated(frame) ? poke(frame, 16 + 20) : undefined)),
      ),
    ).toMatch(/time/);
  });
});

/** The reply with the error that a znode is missing. */
function errorOf(frame: Buffer): Buffer {
  const error = Buffer.from(frame.subarray(0, 16));
  error.writeInt32BE(-101, 12);
  return error;
}

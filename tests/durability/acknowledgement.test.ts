/**
 * No acknowledgement leaves before the syncs that cover it: real servers run under a recorder of their system calls, and
 * everything that they told each other and their clients is held against what they had synced by then. The checker itself
 * is shown to bite: it must object to the same record with one sync taken out or moved behind what it covers.
 */
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { Client } from '@synod/client';
import { Disk, violations, type Server } from './checker.js';
import type { Claim } from './claims.js';
import { impossible, RecordedEnsemble } from './rig.js';
import type { TraceEvent } from './trace.js';

const SEQUENTIAL = 60;
const PIPELINED = 600;
/** A prime: no number of claims is a multiple of it. */
const STRIDE = 10_007;

/** Writes one after the other, each with a marker of its own, then many at once. */
async function write(client: Client, path: string): Promise<string[]> {
  await client.create(path, 'start');
  const markers: string[] = [];
  for (let i = 0; i < SEQUENTIAL; i++) {
    const marker = `<${path} sequential ${i}>`;
    await client.set(path, marker);
    markers.push(marker);
  }
  await Promise.all(Array.from({ length: PIPELINED }, (_, i) => client.set(path, `<${path} pipelined ${i}>`)));
  return markers;
}

function without(server: Server, sync: number): Server {
  // Indexes stay the same: an event of an unknown file takes the place of the begin of the sync and of its end.
  const trace = server.trace.map((event, i) =>
    i === sync || i === endOf(server.trace, sync) ? { ...event, name: '' } : event,
  );
  return { ...server, trace };
}

/** The sync comes after the event of the claim instead of before it. */
function delayed(server: Server, sync: number, claim: Claim): Server {
  const trace = [...server.trace];
  const end = trace[endOf(trace, sync)]!;
  trace[endOf(trace, sync)] = { ...end, name: '' };
  const at = trace[claim.event]!;
  trace.splice(claim.event + 1, 0, { ...end, ns: at.ns + 1n });
  const claims = server.claims.map((one) => (one.event > claim.event ? { ...one, event: one.event + 1 } : one));
  return { ...server, trace, claims };
}

function endOf(trace: readonly TraceEvent[], sync: number): number {
  return trace.findIndex(({ kind, name }, i) => i > sync && kind === 'synced' && name === trace[sync]!.name);
}

/** Some claims that say something new about records, each with the one sync of that file that it rests on. */
function coveredClaims({ trace, claims }: Server, file: string, most: number): { claim: Claim; sync: number }[] {
  let before = 0;
  const news = claims.filter((claim) => {
    const isNew = claim.zxid > before && (claim.what === 'ack' || claim.what === 'reply');
    before = Math.max(before, claim.zxid);
    return isNew;
  });
  const found: { claim: Claim; sync: number }[] = [];
  // From all over the run, in strides that meet every claim once.
  for (let i = 0; i < news.length && found.length < most; i++) {
    const claim = news[(i * STRIDE) % news.length]!;
    const sync = onlySync(trace, claim, file);
    if (sync >= 0) found.push({ claim, sync });
  }
  return found;
}

/** The sync of that file without which the claim is false; −1 where a later one covers it too. */
function onlySync(trace: readonly TraceEvent[], claim: Claim, file: string): number {
  const disk = new Disk([claim.zxid]);
  const reached = (): boolean => (file === 'watermark' ? (disk.mark?.position.zxid ?? 0) : disk.log) >= claim.zxid;
  let begun = -1;
  let found = -1;
  for (let i = 0; i < claim.event; i++) {
    const event = trace[i]!;
    if (event.kind === 'sync-begins' && event.name === file) begun = i;
    const was = reached();
    disk.take(event);
    if (event.kind === 'synced' && event.name === file) found = !was && reached() ? begun : -1;
  }
  return found;
}

if (impossible !== null) test(`cannot be tested here: ${impossible}`, () => console.warn(impossible));
else {
  describe.each([
    ['three servers', 3],
    ['one server alone', 1],
  ])('%s', (_, voters) => {
    let rig: RecordedEnsemble;
    let leader: number;
    let servers: Server[];
    let markers: string[];

    beforeAll(async () => {
      rig = await RecordedEnsemble.create(voters);
      await rig.startAll();
      leader = await rig.ensemble.leader();
      const clients = await Promise.all(rig.ensemble.ids.map((id) => rig.client(id)));
      markers = (await Promise.all(clients.map((client, i) => write(client, `/${i}`)))).flat();
      await rig.closeClients();
      // Another epoch, so that promises and histories are acknowledged that are not empty.
      await rig.ensemble.kill(leader, 'SIGTERM');
      rig.start(leader);
      await rig.ensemble.serving(rig.ensemble.ids);
      await rig.ensemble.stopAll();
      servers = rig.recorded();
    });

    afterAll(() => rig.end());

    test('acknowledges, replies and commits only what is synced', () => {
      expect(violations(servers)).toEqual([]);
      for (const { id, claims } of servers) {
        const count = (what: string): number =>
          claims.filter((claim) => claim.what === what && claim.zxid + claim.committed > 0).length;
        expect(count('reply')).toBeGreaterThan(SEQUENTIAL + PIPELINED);
        if (voters === 1) continue;
        if (id === leader) {
          expect(count('commit')).toBeGreaterThan(SEQUENTIAL);
          // It has come back as a learner.
          expect(count('ack-leader')).toBeGreaterThan(0);
          expect(claims.some(({ what, accepted }) => what === 'ack-epoch' && accepted > 1)).toBe(true);
        } else {
          expect(count('ack')).toBeGreaterThan(SEQUENTIAL);
          expect(count('pong')).toBeGreaterThan(0);
        }
      }
    });

    test('each write stands in the log of each server, in its own words, before it is synced and acknowledged', () => {
      for (const { trace } of servers) {
        const text = trace.map(({ kind, name, data }) =>
          kind === 'wrote' && name === 'log.db-wal' ? data.toString('latin1') : '',
        );
        for (const marker of markers) expect(text.some((bytes) => bytes.includes(marker))).toBe(true);
      }
    });

    test.each(['log.db-wal', 'watermark'])('the checker objects where one sync of %s is missing or late', (file) => {
      for (const server of servers) {
        const covered = coveredClaims(server, file, 6);
        expect(covered).toHaveLength(6);
        for (const { claim, sync } of covered) {
          for (const changed of [without(server, sync), delayed(server, sync, claim)]) {
            const found = violations(servers.map((one) => (one === server ? changed : one)));
            expect(found.join('\n')).toContain(`server ${server.id}, event ${claim.event}: ${claim.what}`);
          }
        }
      }
    });
  });
}

/**
 * Scenarios with real server processes: each has an ensemble of its own below a temporary folder, which is removed where
 * the scenario succeeds and named where it fails. No process outlives its test file.
 */
import { afterAll, expect, test } from '@jest/globals';
import { connect, type Client, type ConnectOptions } from '@synod/client';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Ensemble } from '../../scripts/lib/ensemble.js';
import { RawClient } from './raw-client.js';

export type { Ensemble } from '../../scripts/lib/ensemble.js';

/** What a server says at /health. */
export interface Health {
  readonly code: number;
  readonly serving: boolean;
  readonly role: string;
  readonly detail: string;
}

/** The clients of one scenario; all of them end with it. */
export class Guests {
  readonly #ensemble: Ensemble;
  readonly #clients: Client[] = [];
  readonly #raw: RawClient[] = [];

  constructor(ensemble: Ensemble) {
    this.#ensemble = ensemble;
  }

  /** A client of all servers, or of some. */
  async connect(ids: readonly number[] = this.#ensemble.ids, options: ConnectOptions = {}): Promise<Client> {
    const servers = ids.map((id) => this.#ensemble.address(id)).join(',');
    const client = await connect(servers, { sessionTimeout: 5_000, ...options });
    this.#clients.push(client);
    return client;
  }

  /** A connection on which the test says every word itself. */
  async dial(id: number): Promise<RawClient> {
    const client = await RawClient.dial(this.#ensemble.address(id));
    this.#raw.push(client);
    return client;
  }

  leave(): void {
    for (const client of this.#clients) client.kill('the scenario is over');
    for (const client of this.#raw) client.terminate();
  }
}

const ensembles = new Set<Ensemble>();

/** In milliseconds. Some seconds of work for an idle machine; what a scenario waits for has limits of its own. */
const SCENARIO_MS = 180_000;

afterAll(async () => {
  await Promise.all([...ensembles].map((ensemble) => ensemble.stopAll('SIGKILL')));
});

/** A test with an ensemble that is not started yet. */
export function scenario(
  name: string,
  shape: Parameters<typeof Ensemble.create>[1],
  body: (ensemble: Ensemble, guests: Guests) => Promise<void>,
): void {
  test(
    name,
    async () => {
      const dir = mkdtempSync(join(tmpdir(), 'synod-'));
      const ensemble = await Ensemble.create(dir, shape);
      const guests = new Guests(ensemble);
      ensembles.add(ensemble);
      try {
        await body(ensemble, guests);
      } catch (error) {
        if (error instanceof Error) error.message += `\n(data and logs are in ${dir})\n${ensemble.logTails()}`;
        throw error;
      } finally {
        guests.leave();
        await ensemble.stopAll('SIGKILL');
        ensembles.delete(ensemble);
      }
      rmSync(dir, { recursive: true });
    },
    SCENARIO_MS,
  );
}

/** What a server says of its health. */
export async function healthOf(ensemble: Ensemble, id: number): Promise<Health> {
  const answer = await fetch(`http://${ensemble.address(id)}/health`);
  return { code: answer.status, ...((await answer.json()) as Omit<Health, 'code'>) };
}

/** Waits until a server answers at all, serving or not. */
export async function answers(ensemble: Ensemble, ids: readonly number[]): Promise<void> {
  const all = async (): Promise<boolean> =>
    (await Promise.all(ids.map((id) => ensemble.status(id)))).every((status) => status !== null);
  await ensemble.until(all, `answers of ${ids.join(', ')}`, 30_000);
}

/** Waits until each of these servers has links to all others of them. */
export async function linked(ensemble: Ensemble, ids: readonly number[]): Promise<void> {
  const all = async (): Promise<boolean> => {
    const statuses = await Promise.all(ids.map((id) => ensemble.status(id)));
    return statuses.every((status) => {
      const up = status?.peers.filter(({ connected }) => connected).map(({ server }) => server) ?? [];
      return ids.every((id) => id === status?.server || up.includes(id));
    });
  };
  await ensemble.until(all, `links between ${ids.join(', ')}`, 30_000);
}

/** Looks for `ms` milliseconds that nothing happens which should not; for what no event can tell. */
export async function stays(ms: number, condition: () => Promise<boolean>): Promise<void> {
  const end = performance.now() + ms;
  while (performance.now() < end) {
    expect(await condition()).toBe(true);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

/** True while none of these servers serves. */
export async function noneServes(ensemble: Ensemble, ids: readonly number[]): Promise<boolean> {
  const serving = await Promise.all(ids.map((id) => ensemble.health(id)));
  return !serving.includes(true);
}

/** Runs a server that is expected to give up; its exit code and what it said. */
export async function runToEnd(ensemble: Ensemble, id: number): Promise<{ code: number | null; log: string }> {
  const before = ensemble.log(id).length;
  const [code] = (await once(ensemble.start(id), 'exit')) as [number | null];
  return { code, log: ensemble.log(id).slice(before) };
}

/** The servers that do not lead. */
export async function followers(ensemble: Ensemble): Promise<readonly number[]> {
  const leader = await ensemble.leader();
  return ensemble.ids.filter((id) => id !== leader);
}

/** One writer that never pauses: which writes were acknowledged, and how long the longest took. */
export class Load {
  readonly acknowledged: string[] = [];
  readonly errors: unknown[] = [];
  longestMs = 0;
  readonly #client: Client;
  readonly #parent: string;
  readonly #done: Promise<void>;
  #stopped = false;
  #wanted = 0;
  #reached: () => void = () => undefined;

  /** Writes below `parent`, which must exist. */
  constructor(client: Client, parent: string) {
    this.#client = client;
    this.#parent = parent;
    this.#done = this.#run();
  }

  async #run(): Promise<void> {
    while (!this.#stopped) {
      const started = performance.now();
      try {
        const { path } = await this.#client.create(`${this.#parent}/n-`, 'x', { mode: 'persistentSequential' });
        this.acknowledged.push(path);
      } catch (error) {
        this.errors.push(error);
        this.#reached();
        return;
      }
      this.longestMs = Math.max(this.longestMs, performance.now() - started);
      if (this.acknowledged.length >= this.#wanted) this.#reached();
    }
  }

  /** Waits until so many more writes were acknowledged. */
  async more(count: number): Promise<void> {
    this.#wanted = this.acknowledged.length + count;
    await new Promise<void>((resolve) => (this.#reached = resolve));
    if (this.errors.length > 0) throw this.errors[0];
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    await this.#done;
  }
}

/** Every acknowledged write is there, and nothing was made twice. */
export async function expectExactly(client: Client, parent: string, acknowledged: readonly string[]): Promise<void> {
  await client.sync(parent);
  const { children } = await client.children(parent);
  expect(children.map((name) => `${parent}/${name}`).sort()).toEqual([...acknowledged].sort());
}

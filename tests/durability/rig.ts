/** Servers under the recorder: compiled, started, written to, stopped; then what they have done, ready to be checked. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { connect, type Client } from '@synod/client';
import { Ensemble } from '../../scripts/lib/ensemble.js';
import { compileRecorder } from '../../scripts/lib/recorder.js';
import type { Server } from './checker.js';
import { claimsOf, historyEnds, type Ports } from './claims.js';
import { sentMessages } from './frames.js';
import { readTrace } from './trace.js';

export { unrecordable as impossible } from '../../scripts/lib/recorder.js';

/** An ensemble (or one server alone) whose processes are recorded. */
export class RecordedEnsemble {
  readonly ensemble: Ensemble;
  readonly #dir: string;
  readonly #library: string;
  readonly #clients: Client[] = [];

  private constructor(dir: string, library: string, ensemble: Ensemble) {
    this.#dir = dir;
    this.#library = library;
    this.ensemble = ensemble;
  }

  static async create(voters: number): Promise<RecordedEnsemble> {
    const dir = mkdtempSync(join(tmpdir(), 'synod-durability-'));
    const library = compileRecorder(dir);
    return new RecordedEnsemble(dir, library, await Ensemble.create(join(dir, 'ensemble'), { voters }));
  }

  async startAll(): Promise<void> {
    for (const id of this.ensemble.ids) this.start(id);
    await this.ensemble.serving(this.ensemble.ids);
  }

  /** Starts a server; a later life goes on in the same trace. */
  start(id: number): void {
    const { ensemble } = this;
    ensemble.env = {
      LD_PRELOAD: this.#library,
      SYNOD_RECORD_DIR: ensemble.member(id).dataDir,
      SYNOD_RECORD_FILE: this.#traceFile(id),
      SYNOD_RECORD_FAULT: this.#faultFile(id),
    };
    ensemble.start(id);
  }

  /** From now on the next `times` calls on files with that end of their name fail. */
  fail(id: number, what: 'sync' | 'write', code: 'EIO' | 'ENOSPC', suffix: string, times: number): void {
    writeFileSync(this.#faultFile(id), `${what} ${code === 'EIO' ? 5 : 28} ${suffix} ${times}`);
  }

  /** The disk works again. */
  heal(id: number): void {
    rmSync(this.#faultFile(id), { force: true });
  }

  /** A client of one server only. */
  async client(id: number): Promise<Client> {
    const client = await connect(this.ensemble.address(id), { sessionTimeout: 10_000 });
    this.#clients.push(client);
    return client;
  }

  async closeClients(): Promise<void> {
    await Promise.all(this.#clients.splice(0).map((client) => client.close()));
  }

  get ports(): Ports {
    const members = [...this.ensemble.members.values()];
    return {
      clients: new Set(members.map(({ clientPort }) => clientPort)),
      peers: new Set(members.map(({ peerPort }) => peerPort)),
    };
  }

  /** What the servers did so far. */
  recorded(): Server[] {
    const all = this.ensemble.ids.map((id) => {
      const trace = readTrace(this.#traceFile(id));
      return { id, trace, sent: sentMessages(trace) };
    });
    const ends = new Map(all.flatMap(({ sent }) => [...historyEnds(sent, this.ports)]));
    return all.map(({ id, trace, sent }) => ({ id, trace, claims: claimsOf(sent, this.ports, ends) }));
  }

  async end(): Promise<void> {
    for (const client of this.#clients) client.kill();
    await this.ensemble.stopAll('SIGKILL');
    rmSync(this.#dir, { recursive: true, force: true });
  }

  #traceFile(id: number): string {
    return join(this.#dir, `trace-${id}`);
  }

  #faultFile(id: number): string {
    return join(this.#dir, `fault-${id}`);
  }
}

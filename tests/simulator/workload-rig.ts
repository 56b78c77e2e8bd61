/** A calm world with a workload in it, for tests of what clients do. */
import { RecordDisk } from '@synod/simulator/disk/record-disk';
import type { History } from '@synod/simulator/history';
import { drawConfig, faultKinds, type SwarmConfig } from '@synod/simulator/swarm';
import {
  drawWorkload,
  modeNames,
  programNames,
  requestNames,
  troubleNames,
  type ProgramName,
  type Weights,
  type WorkloadSettings,
} from '@synod/simulator/workload/settings';
import { Random } from '@synod/simulator/random';
import { Workload } from '@synod/simulator/workload/workload';
import { World } from '@synod/simulator/world';

/** The same weight for some names, 0 for the others. */
export function only<K extends string>(names: readonly K[], chosen: readonly K[]): Weights<K> {
  return Object.fromEntries(names.map((name) => [name, chosen.includes(name) ? 1 : 0])) as Weights<K>;
}

/** Everything that can be drawn is there, at a lively pace; nothing happens to clients. */
export function lively(programs: readonly ProgramName[]): WorkloadSettings {
  return {
    ...drawWorkload(new Random(1, 'workload'), { minTimeout: 1_000, maxTimeout: 10_000 }),
    ...{ clients: 4, programsEach: 1, programs: only(programNames, programs), heartbeats: 0, settled: 0 },
    ...{ minTimeout: 2_000, maxTimeout: 4_000, think: 30, burst: 5, depth: 8, watched: 0.2, paths: 12, levels: 3 },
    ...{
      requests: only(requestNames, requestNames),
      modes: only(modeNames, modeNames),
      guarded: 0.1,
      users: 2,
      ttl: 500,
    },
    ...{ bytes: 50, large: 0.02, keys: 2, troubles: only(troubleNames, []) },
  };
}

export class Rig {
  readonly world: World;
  readonly workload: Workload;

  constructor(seed: number, workload: WorkloadSettings) {
    const drawn = drawConfig(seed);
    const config: SwarmConfig = {
      ...{ ...drawn, workload, voters: 3, observers: 0, tier: 'A', tickTime: 500, clockError: 0, outside: 0 },
      ...{ faults: only(faultKinds, []), disk: { mean: 1, tail: 0, tailMs: 1 }, turnMs: 0.5, coarse: 1 },
      network: { delayMean: 1, delayLeast: 0.2, tail: 0, tailMs: 1, loss: 0, resendMs: 200, breaks: 0 },
    };
    this.world = new World(seed, config, (id) => new RecordDisk(`/s${id}`), null);
    const { random, timeline, history, servers } = this.world;
    this.workload = new Workload(workload, {
      ...{ random: random.fork('workload'), timeline, history, servers: [...servers.keys()] },
      makeClient: (settings) => this.world.makeClient(settings),
    });
    for (const server of servers.values()) server.start();
    this.workload.start();
  }

  get history(): History {
    return this.world.history;
  }

  /** Lets time pass, at most so long, until something holds; tells whether it does. */
  async until(ms: number, holds: () => boolean): Promise<boolean> {
    const { timeline, observation } = this.world;
    const end = timeline.now + ms;
    while (!holds()) {
      if (!timeline.step(end)) return holds();
      if (!observation.dirty) continue;
      observation.dirty = false;
      await new Promise((resolve) => setImmediate(resolve));
    }
    return true;
  }

  async pass(ms: number): Promise<void> {
    await this.until(ms, () => false);
  }
}

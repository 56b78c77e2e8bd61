/** Workloads that write: nodes of their own in pipelined batches, counters by compare-and-set, and what watchers watch. */
import { ops } from '@synod/client';

/** @typedef {import('./workload.js').Workload} Workload */
/** @typedef {import('./recorded-client.js').RecordedClient} RecordedClient */

/** Nodes that one writer keeps. */
const most = 40;

/** The paths that watchers look at. */
export const watched = ['a', 'b', 'c', 'd', 'e', 'f'].map((name) => `/watched/${name}`);

export const counters = ['/counters/0', '/counters/1', '/counters/2'];

/** Creates, changes and deletes nodes of its own, several calls at once. */
export async function writer(/** @type {Workload} */ load) {
  const { random, name } = load;
  /** @type {string[]} */
  const nodes = [];
  let number = 0;

  /** @param {RecordedClient} client */
  const one = (client) => {
    const node = nodes.length > 0 ? random.pick(nodes) : '';
    const fresh = `/data/${name}-${++number}`;
    switch (
      random.weighted({ create: 4, set: 8, multi: 2, refused: 1, sequential: 2, delete: nodes.length > most ? 9 : 0 })
    ) {
      case 'create':
        return client.create(fresh, `${number}`).then(({ ok }) => ok && nodes.push(fresh));
      case 'set':
        return client.set(node || '/data/none', `${number}`);
      case 'multi':
        return client
          .multi([ops.create(fresh, 'multi'), ops.set(fresh, `${number}`, 0), ops.check('/data')])
          .then(({ ok }) => ok && nodes.push(fresh));
      case 'refused':
        return client.multi([ops.create(fresh, 'never'), ops.check('/data', 77), ops.set(fresh, 'never')]);
      case 'sequential':
        return client
          .create('/seq/s-', `${number}`, { mode: 'persistentSequential' })
          .then(({ ok, value }) => ok && nodes.push(value.path));
      case 'delete':
        return client.delete(/** @type {string} */ (nodes.shift()));
    }
  };

  await load.withClients(async (client) => {
    for (let round = 0; !load.stopping && !client.over && round < 400; round++) {
      await Promise.all(Array.from({ length: 1 + random.below(8) }, () => one(client)));
      await load.pause(20, 120);
    }
  });
}

/** Adds one to a counter, again and again, by its version: each increment must count exactly once. */
export async function incrementer(/** @type {Workload} */ load) {
  await load.withClients(async (client) => {
    while (!load.stopping && !client.over) {
      const path = load.random.pick(counters);
      const { ok, value } = await client.get(path);
      if (ok) await client.set(path, String(Number(value.data) + 1), value.stat.version);
      await load.pause(5, 60);
    }
  });
}

/** Creates, changes and deletes what watchers watch, and a level below it. */
export async function toucher(/** @type {Workload} */ load) {
  const { random } = load;
  await load.withClients(async (client) => {
    while (!load.stopping && !client.over) {
      const path = random.pick(watched);
      switch (random.weighted({ create: 4, set: 4, delete: 3, child: 2, both: 1 })) {
        case 'create':
          await client.create(path, 'x');
          break;
        case 'set':
          await client.set(path, load.name);
          break;
        case 'delete':
          await client.delete(random.chance(0.4) ? `${path}/below` : path);
          break;
        case 'child':
          await client.create(`${path}/below`, 'y', random.chance(0.3) ? { mode: 'ephemeral' } : {});
          break;
        case 'both':
          await client.multi([ops.set(path, '1'), ops.create(`${path}/below`, 'z'), ops.set(path, '2')]);
      }
      await load.pause(10, 150);
    }
  });
}

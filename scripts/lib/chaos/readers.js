/** Workloads that read and watch. */
import { setTimeout as delay } from 'node:timers/promises';
import { counters, watched } from './writers.js';

/** @typedef {import('./workload.js').Workload} Workload */
/** @typedef {import('./recorded-client.js').RecordedClient} RecordedClient */

/** Reads what others write, often several things at once, with writes of its own in between. */
export async function reader(/** @type {Workload} */ load) {
  const { random } = load;
  let number = 0;

  /** @param {RecordedClient} client */
  const one = (client) => {
    switch (random.weighted({ counter: 4, watched: 4, children: 2, missing: 1, sync: 1, own: 2 })) {
      case 'counter':
        return client.get(random.pick(counters));
      case 'watched':
        return client.exists(random.pick(watched));
      case 'children':
        return client.children(random.pick(['/watched', '/locks', '/counters', '/eph']));
      case 'missing':
        return client.get('/data/none');
      case 'sync':
        return client.sync();
      case 'own':
        return client.set('/data', `${load.name} ${++number}`);
    }
  };

  await load.withClients(async (client) => {
    for (let round = 0; !load.stopping && !client.over && round < 600; round++) {
      await Promise.all(Array.from({ length: 1 + random.below(5) }, () => one(client)));
      await load.pause(10, 100);
      if (random.chance(0.005)) client.client.disconnect();
    }
  });
}

/**
 * Watches one subtree for ever and single nodes once, each armed again when it has fired. At the end it reads once more,
 * so that everything that happened is due.
 */
export async function watcher(/** @type {Workload} */ load) {
  const { random } = load;
  await load.withClients(async (client) => {
    await client.watchAll('/watched', () => undefined);
    /** @param {() => void} again */
    const later = (again) => void delay(random.between(0, 60)).then(() => !load.stopping && !client.over && again());
    /** @param {string} path */
    const data = (path) =>
      void client.get(path, () => later(() => data(path))).then(({ code }) => code === 'NO_NODE' && absent(path));
    /** @param {string} path */
    const absent = (path) => void client.exists(path, () => later(() => data(path)));
    /** @param {string} path */
    const children = (path) =>
      void client
        .children(path, () => later(() => children(path)))
        .then(({ code }) => code === 'NO_NODE' && later(() => children(path)));
    for (const path of watched) data(path);
    children('/watched');
    children('/watched/a');
    while (!load.stopping && !client.over) {
      // Between its reads it is told of changes only.
      await load.pause(50, 1500);
      await client.exists(random.pick(watched));
      if (random.chance(0.02)) client.client.disconnect();
    }
    await client.sync();
    await client.exists('/watched');
  });
}

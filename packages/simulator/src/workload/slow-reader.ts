/**
 * The program `slowReader`: asks for much at once, does not read the answers for a while, and then all of them.
 * And `heartbeat`: contact at a third of the session timeout, so that it is known when the session was last alive.
 */
import { CreateMode, Op } from '@synod/protocol';
import type { Answer } from '../client-memory.js';
import { wait, type Latch, type Program } from '../fibre.js';
import type { Load } from './load.js';
import { children, create, exists, get, set } from './requests.js';

const CHILDREN = 60;
const LARGE = 3_000;
const MOST_ASKED = 120;

export function* slowReader(load: Load): Program {
  const { random, client } = load;
  if (!(yield* load.ensure(['/big']))) return;
  const names = Array.from({ length: CHILDREN }, (_, i) => `/big/${'name'.repeat(10)}${i}`);
  if (random.chance(0.5) && !(yield* load.ensure(names))) return;
  const large = load.unique().padEnd(LARGE, '.');
  while (!load.over()) {
    const paused = random.chance(0.5) && !load.common.calm;
    if (paused) client.pause();
    const latches: Latch<Answer>[] = [];
    if (random.chance(0.3)) latches.push(load.ask(set('/big', large)));
    if (random.chance(0.2)) latches.push(load.ask(create('/big/mine-', '', CreateMode.ephemeral)));
    for (let count = random.int(1, MOST_ASKED); count > 0; count--) {
      const multi = { op: Op.multiRead, operations: [get('/big'), children('/big')] };
      latches.push(load.ask(random.pick([get('/big'), children('/big'), exists('/big'), multi])));
    }
    if (paused) {
      yield* load.pause(random.exponential(client.settings.timeout / 3));
      client.resume();
    }
    for (const latch of latches) yield* wait(latch);
    yield* load.pause(load.settings.think * latches.length);
  }
}

export function* heartbeat(load: Load): Program {
  const { client } = load;
  while (!load.over()) {
    yield* load.pause(client.settings.timeout / 3);
    if (!load.over()) yield* wait(load.ask(exists('/')));
  }
}

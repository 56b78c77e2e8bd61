/**
 * The fault `giant`: a client asks for the largest that the limits allow, and for more. Its calls are not in the history
 * (checkers take what it did as the log has it), for they would fill it; everybody has to live with them all the same.
 *
 * It leaves out what a client's own machine refuses: frames that are too long do not even leave it.
 */
import { CREATOR_ACL, CreateMode, limits, Op, type MultiOperation } from '@synod/protocol';
import type { SimClient } from './client.js';
import { wait, type Program } from './fibre.js';
import { emptyHistory } from './history.js';
import type { Random } from './random.js';
import { bytes, create, get, set } from './workload/requests.js';
import type { World } from './world.js';

/** Users that it proves to be, with names as long as they may be: in bytes, so that a character takes two. */
const USERS = limits.identities - 1;
const USER_LENGTH = 480;
/** Znodes that are to belong to all of them: far more than one transaction can say. */
const LEAST_OWNED = 100;
const MOST_OWNED = 600;

/** Length of its path; changes of it in one multi, and multis: together more than the journal of changes remembers. */
const PATH_LENGTH = limits.pathLength - 64;
const CHANGES = 60;
const MULTIS = 20;

/** Znodes with the longest data, how often each is read at once, and how long they stay, on average. */
const VALUES = 4;
const READS = 6;
const HOLD_MS = 10_000;

/** Lets such a client come, and go when it is done or `over`. */
export function giant(world: World, random: Random, over: () => boolean): void {
  const client = world.makeClient({ timeout: world.config.workload.maxTimeout, history: emptyHistory() });
  world.observation.trace('·', 'giant', client.name);
  const programs = [owners(client, random), changes(client, over), values(client, random)];
  client.start(random.pick(programs));
}

/** Znodes that hold as much as one frame can bring, for a while; read so often at once that the answers do not fit. */
function* values(client: SimClient, random: Random): Program {
  for (let count = random.int(1, VALUES); count > 0; count--) {
    const path = `/${client.name}-${count}`;
    const data = '.'.repeat(limits.frameBytes - random.int(30, 200));
    yield* wait(client.ask(create(path, '', CreateMode.ephemeral)));
    yield* wait(client.ask(set(path, data)));
    const reads = Array.from({ length: random.int(1, READS) }, () => client.ask(get(path)));
    for (const read of reads) yield* wait(read);
  }
  yield* wait(client.sleep(random.exponential(HOLD_MS)));
  client.close();
}

/** A multi whose ACLs grow beyond the longest transaction: each `auth` stands for all who the client proves to be. */
function* owners(client: SimClient, random: Random): Program {
  const letter = random.pick(['a', 'ä', 'ä']);
  for (let user = 0; user < USERS; user++) {
    const name = `${user}${letter.repeat(USER_LENGTH)}`;
    yield* wait(client.ask({ op: Op.addAuth, scheme: 'digest', credentials: bytes(`${name}:secret`) }));
  }
  const operations: MultiOperation[] = [];
  for (let count = random.int(LEAST_OWNED, MOST_OWNED); count > 0; count--) {
    operations.push(create(`/${client.name}-${count}`, '', CreateMode.ephemeral, CREATOR_ACL));
  }
  yield* wait(client.ask({ op: Op.multi, operations }));
  client.close();
}

/** One znode with a long path, changed so often that servers forget the changes before. */
function* changes(client: SimClient, over: () => boolean): Program {
  const path = `/${client.name}`.padEnd(PATH_LENGTH, 'x');
  yield* wait(client.ask(create(path, '', CreateMode.ephemeral)));
  for (let count = MULTIS; count > 0 && !over(); count--) {
    yield* wait(client.ask({ op: Op.multi, operations: Array.from({ length: CHANGES }, () => set(path, '')) }));
  }
  client.close();
}

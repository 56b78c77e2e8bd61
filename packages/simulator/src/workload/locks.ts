/**
 * The program `locks`: ZooKeeper's recipe for locks. An ephemeral sequential znode for each who wants it; the first has
 * it, the others each watch the one before them. Whoever has it gives it up before its session is closed, and when its
 * connection is lost, because nobody then knows how long the session lives. What the lock guards asks for the czxid of
 * the lock's znode and refuses older ones.
 */
import { CreateMode } from '@synod/protocol';
import { Latch, wait, type Part, type Program } from '../fibre.js';
import type { LockRecord } from '../history.js';
import { resultWith, type Load } from './load.js';
import { children, create, exists, get, remove } from './requests.js';

/** A waiter looks again after so long, in milliseconds, whatever it was told. */
const LOOK_AGAIN_MS = 5_000;

/** A znode that stands for a wish to have a lock. */
interface Wish {
  readonly lock: string;
  readonly path: string;
  /** The czxid of the znode. */
  readonly token: number;
}

export function* locks(load: Load): Program {
  const { random, shared, client } = load;
  if (!(yield* load.ensure(['/lock']))) return;
  if (!(yield* load.ensure(shared.locks))) return;
  while (!load.over()) {
    const lock = random.pick(shared.locks);
    const answer = yield* wait(load.ask(create(`${lock}/l-`, client.name, CreateMode.ephemeralSequential)));
    const made = resultWith('path', answer);
    if (made) {
      const wish = { lock, path: made.path, token: made.stat.czxid };
      if (yield* turn(load, wish)) yield* hold(load, wish);
      if (!load.over()) yield* wait(load.ask(remove(wish.path)));
    }
    yield* load.think();
  }
}

/** Waits until the wish is the first of its lock. False where it never will be. */
function* turn(load: Load, { lock, path }: Wish): Part<boolean> {
  const own = path.slice(lock.length + 1);
  while (!load.over()) {
    const mine = load.ask(get(path));
    const found = resultWith('children', yield* wait(load.ask(children(lock))));
    const owner = resultWith('data', yield* wait(mine))?.stat.ephemeralOwner;
    // A znode of a session that is over may still be listed; it is nobody's.
    if (found === null || owner !== load.client.session) return false;
    const names = [...found.children].sort();
    const index = names.indexOf(own);
    if (index <= 0) return index === 0;
    const gone = new Latch<boolean>();
    const before = load.watch(exists(`${lock}/${names[index - 1]!}`, true), 'exists', () => gone.open(true));
    if ((yield* wait(before)).ok) yield* load.atMost(gone, LOOK_AGAIN_MS);
    else yield* load.pause(0);
  }
  return false;
}

/** Has the lock, and uses what it guards a few times. */
function* hold(load: Load, { lock, token }: Wish): Part<void> {
  const { client, common, random } = load;
  const note = (what: LockRecord['what'], accepted = true): void => {
    common.history.locks.push({ t: 'lock', client: client.name, lock, what, token, at: common.timeline.now, accepted });
  };
  if (!client.connected || load.over()) return;
  const lost = load.doubt();
  note('acquired');
  let released = false;
  lost.then(() => {
    if (!released) note('lost');
  });
  for (let uses = random.int(1, 5); uses > 0 && !lost.isOpen; uses--) {
    note('access', common.resources.access(lock, token));
    yield* load.think();
  }
  released = true;
  if (!lost.isOpen) note('released');
}

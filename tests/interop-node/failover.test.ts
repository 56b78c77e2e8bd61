/**
 * Three sessions of npm's `node-zookeeper-client` that write all the time while the leader is killed, and then the server of
 * one of them: no session ends, no acknowledged write is lost, ephemerals and watches stay.
 */
import { expect, test } from '@jest/globals';
import { setTimeout as delay } from 'node:timers/promises';
import { House, library, until, type Guest, type WatchedEvent } from './rig.js';

const { CreateMode } = library;

const house = new House();

/** Writes that one writer has to have answered between two faults. */
const round = 20;

/** Creates one znode after the other; one whose answer was lost may be there when it is created again. */
class Writer {
  readonly guest: Guest;
  readonly number: number;
  readonly session: Buffer;
  readonly #done: Promise<void>;
  acknowledged = 0;
  #stopped = false;

  constructor(guest: Guest, number: number) {
    this.guest = guest;
    this.number = number;
    this.session = guest.raw.getSessionId();
    this.#done = this.#write();
  }

  async #write(): Promise<void> {
    while (!this.#stopped) {
      await this.guest
        .insist(() => this.guest.create(`/failover/${this.number}-${this.acknowledged}`))
        .catch((error: unknown) => {
          if (!(error instanceof Error && error.name === 'NODE_EXISTS')) throw error;
        });
      this.acknowledged++;
      await delay(2);
    }
  }

  async anotherRound(): Promise<void> {
    const wanted = this.acknowledged + round;
    await Promise.race([until(() => this.acknowledged >= wanted, `writes of ${this.number}`), this.#done]);
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    await this.#done;
  }
}

test('the death of servers costs no session, no write, no ephemeral and no watch', async () => {
  const { servers } = house;
  const guests = await Promise.all([house.guest(), house.guest(), house.guest()]);
  await guests[0].create('/failover');
  await Promise.all(guests.map((guest, i) => guest.insist(() => guest.create(`/e${i}`, '', CreateMode.EPHEMERAL))));
  const events: WatchedEvent[] = [];
  for (const [i, guest] of guests.entries()) {
    await guest.exists(`/watched${i}`, (event) => events.push(event));
  }
  const writers = guests.map((guest, number) => new Writer(guest, number));
  const anotherRound = (): Promise<unknown> => Promise.all(writers.map((writer) => writer.anotherRound()));
  const start = async (id: number): Promise<void> => {
    servers.start(id);
    await servers.serving(servers.ids);
  };
  await anotherRound();
  const leader = await servers.leader();
  await servers.kill(leader);
  await anotherRound();
  await start(leader);
  await anotherRound();
  const [first] = writers;
  if (!first) throw new Error('no writer');
  const id = house.idOf(first.guest.port);
  await servers.kill(id);
  await anotherRound();
  await start(id);
  await Promise.all(writers.map((writer) => writer.stop()));

  expect(first.guest.states).toContain('DISCONNECTED');
  const { guest: reader } = first;
  await reader.insist(() => reader.create('/fence'));
  const found = new Set(await reader.children('/failover'));
  for (const { guest, number, session, acknowledged } of writers) {
    expect(guest.states).not.toContain('EXPIRED');
    expect(guest.raw.getSessionId()).toEqual(session);
    expect((await reader.exists(`/e${number}`))?.ephemeralOwner).toEqual(session);
    const lost = Array.from({ length: acknowledged }, (_, n) => `${number}-${n}`).filter((name) => !found.has(name));
    expect(lost).toEqual([]);
    await guest.create(`/watched${number}`);
  }
  await until(() => events.length === writers.length, 'the watches');
  expect(events.map(({ path }) => path).sort()).toEqual(['/watched0', '/watched1', '/watched2']);
});

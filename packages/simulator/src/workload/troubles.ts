/** What happens to clients that is not their programs' doing: they die, are closed, disconnected, stand still. */
import { CreateMode } from '@synod/protocol';
import type { SimClient } from '../client.js';
import type { Random } from '../random.js';
import type { Common } from './load.js';
import { create } from './requests.js';
import { choices, troubleNames, type TroubleName } from './settings.js';

const MINUTE_MS = 60_000;

/** From the last call of a client to its end, on average, in milliseconds. */
const LATE_MS = 5;

/** A process stands still for so many session timeouts. */
const STOP_LEAST = 0.1;
const STOP_MOST = 3;
/** What is read nothing for, in session timeouts. */
const UNREAD_LEAST = 0.02;
const UNREAD_MOST = 1.5;

export class Troubles {
  readonly #common: Common;
  readonly #random: Random;
  readonly #close: (client: SimClient) => void;
  /** What makes good again what was done, by client. */
  readonly #undo = new Map<SimClient, () => void>();

  /** `close`: closes a client whose programs must know. */
  constructor(common: Common, random: Random, close: (client: SimClient) => void) {
    this.#common = common;
    this.#random = random;
    this.#close = close;
  }

  /** From now on things happen to this client. */
  await(client: SimClient): void {
    const { troubles } = this.#common.settings;
    const perMinute = troubleNames.reduce((sum, name) => sum + troubles[name], 0);
    if (perMinute === 0) return;
    this.#common.timeline.after(this.#random.exponential(MINUTE_MS / perMinute), () => {
      if (client.over || this.#common.calm) return;
      const trouble = this.#random.weighted(choices(troubleNames, troubles));
      this.#happen(trouble, client);
    });
  }

  /** Everything goes on that was held up. */
  calm(): void {
    for (const undo of [...this.#undo.values()]) undo();
  }

  #happen(trouble: TroubleName, client: SimClient): void {
    switch (trouble) {
      case 'abandon':
        this.#end(client, () => client.abandon());
        return;
      case 'close':
        this.#end(client, () => this.#close(client));
        return;
      case 'disconnect':
        client.disconnect();
        this.await(client);
        return;
      case 'unread':
        client.pause();
        this.#later(client, this.#random.logUniform(UNREAD_LEAST, UNREAD_MOST), () => client.resume());
        return;
      case 'stop':
        this.#stop(client);
    }
  }

  /** Perhaps something is still under way when it ends: it is carried out before, or never. */
  #end(client: SimClient, end: () => void): void {
    if (this.#random.chance(0.5)) client.ask(create(`/late-${client.name}`, '', CreateMode.ephemeral));
    this.#common.timeline.after(this.#random.exponential(LATE_MS), () => {
      if (!this.#common.calm) end();
    });
  }

  #stop(client: SimClient): void {
    const { timeline, history } = this.#common;
    const { process } = client.world;
    const since = timeline.now;
    process.stop();
    this.#later(client, this.#random.logUniform(STOP_LEAST, STOP_MOST), () => {
      process.go();
      history.stalls.push({ t: 'stall', client: client.name, at: timeline.now, ms: timeline.now - since });
    });
  }

  #later(client: SimClient, timeouts: number, then: () => void): void {
    const undo = (): void => {
      if (!this.#undo.delete(client)) return;
      then();
      this.await(client);
    };
    this.#undo.set(client, undo);
    this.#common.timeline.after(timeouts * client.settings.timeout, undo);
  }
}

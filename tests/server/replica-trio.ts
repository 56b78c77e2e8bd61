/** Three replicas and the links between them. */
import { readPeerMessage } from '@synod/zab';
import { readServerMessage } from '@synod/server/replica/message';
import { options, Rig } from './replica-rig.js';

const STEP_MS = 20;

export class Trio {
  readonly rigs: readonly Rig[];
  /** What servers said to each other of clients: `2>1 attach`. */
  readonly talk: string[] = [];
  readonly #links = new Set<string>();
  readonly #frames: { readonly from: number; readonly to: number; readonly wire: readonly unknown[] }[] = [];

  constructor() {
    const ids = [1, 2, 3];
    this.rigs = ids.map((self) => new Rig(ids, undefined, { zab: { ...options(ids).zab, self } }));
    this.rigs.forEach((rig, i) => (rig.onSend = (to, wire) => this.#send(i + 1, to, wire)));
    this.up(1, 2);
    this.up(1, 3);
    this.up(2, 3);
    this.tick(1_000);
  }

  rig(id: number): Rig {
    return this.rigs[id - 1]!;
  }

  /** The server that leads. */
  get leader(): number {
    return this.rigs.findIndex(({ replica }) => replica.status.zab.role === 'leading') + 1;
  }

  tick(ms: number): void {
    for (let left = ms; left > 0; left -= STEP_MS) {
      for (const rig of this.rigs) rig.tick(Math.min(left, STEP_MS));
      this.settle();
    }
  }

  /** Ends all turns and lets arrive what can. */
  settle(): void {
    for (const rig of this.rigs) rig.turn();
    for (let frame = this.#frames.shift(); frame !== undefined; frame = this.#frames.shift()) {
      const { from, to, wire } = frame;
      const { replica } = this.rig(to);
      if (Number(wire[0]) >= 100) replica.step({ type: 'server-message', from, message: readServerMessage(wire) });
      else replica.step({ type: 'peer-message', from, message: readPeerMessage(wire) });
      this.rig(to).turn();
    }
  }

  #send(from: number, to: number, wire: readonly unknown[]): void {
    if (!this.#links.has(pair(from, to))) return;
    this.#note(from, to, wire);
    this.#frames.push({ from, to, wire });
  }

  #note(from: number, to: number, wire: readonly unknown[]): void {
    if (Number(wire[0]) < 100) return;
    this.talk.push(`${from}>${to} ${readServerMessage(wire).type}`);
  }

  up(a: number, b: number): void {
    this.#links.add(pair(a, b));
    this.rig(a).replica.step({ type: 'link-up', peer: b });
    this.rig(b).replica.step({ type: 'link-up', peer: a });
    this.settle();
  }
}

function pair(a: number, b: number): string {
  return a < b ? `${a}-${b}` : `${b}-${a}`;
}

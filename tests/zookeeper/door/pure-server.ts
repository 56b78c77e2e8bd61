/**
 * A whole server for ZooKeeper's clients but for sockets, disk and clock: conversations around a real replica that stands
 * alone. Whatever is persisted is durable at once.
 */
import { Tree } from '@synod/tree';
import type { ReplicaEffect } from '@synod/server/replica/effect';
import { Replica } from '@synod/server/replica/replica';
import { ConnectionStats, Conversation, FrameSplitter, ServerStats } from '@synod/zookeeper';
import { options } from '../../server/replica-rig.js';
import { hello } from './talk.js';

/** One client's connection. */
export interface Line {
  readonly id: number;
  readonly conversation: Conversation;
  /** Frames that came from the server. */
  readonly frames: Uint8Array[];
  closed: boolean;
}

export class PureServer {
  readonly #replica: Replica;
  readonly #lines = new Map<number, Line>();
  readonly #splitters = new Map<number, FrameSplitter>();
  readonly #stats = new ServerStats();
  #now = 1_000;
  #lastId = 0;

  constructor() {
    const position = { zxid: 0, chain: 0 };
    const start = { base: position, state: position, last: position, ends: [], tail: [] };
    const history = { damage: null, acceptedEpoch: 0, currentEpoch: 0, committed: 0, ...start };
    let random = 0;
    const randomBytes = (length: number): Uint8Array => new Uint8Array(length).fill(++random);
    this.#replica = new Replica(options([1]), { history, tree: new Tree(), seed: 1_000_000, randomBytes });
    this.tick(100);
  }

  tick(ms: number): void {
    for (let left = ms; left > 0; left -= 20) {
      this.#now += 20;
      this.#replica.step({ type: 'tick', now: this.#now, wall: this.#now });
      this.#turn();
    }
  }

  dial(): Line {
    const id = ++this.#lastId;
    const conversation = new Conversation(0xfffff, new ConnectionStats(this.#stats, this.#now));
    const line = { id, conversation, frames: [], closed: false };
    this.#lines.set(id, line);
    this.#splitters.set(id, new FrameSplitter(64 * 1_048_576));
    this.#replica.step({ type: 'client-open', connection: id, address: '127.0.0.1' });
    return line;
  }

  /** A connection with a session. */
  open(): Line {
    const line = this.dial();
    this.write(line, hello());
    return line;
  }

  /** The client says something, in one turn of the server. */
  write(line: Line, ...chunks: readonly Uint8Array[]): void {
    for (const chunk of chunks) {
      if (line.closed) return;
      this.#hear(line, () => line.conversation.receive(chunk, this.#now));
    }
    this.#turn();
  }

  drop(line: Line): void {
    line.closed = true;
    this.#lines.delete(line.id);
    this.#replica.step({ type: 'client-closed', connection: line.id });
    this.#turn();
  }

  #hear(line: Line, listen: () => ReturnType<Conversation['proceed']>): void {
    for (const message of listen()) this.#replica.step({ type: 'client-message', connection: line.id, message });
    if (line.conversation.ended !== null && !line.closed) {
      line.closed = true;
      this.#lines.delete(line.id);
      this.#replica.step({ type: 'client-closed', connection: line.id });
    }
  }

  #turn(): void {
    for (let effects = this.#replica.take(); effects.length > 0; effects = this.#replica.take()) {
      for (const effect of effects) this.#carryOut(effect);
    }
  }

  #carryOut(effect: ReplicaEffect): void {
    if (effect.type === 'persist') this.#replica.step({ type: 'durable', token: effect.token });
    else if (effect.type === 'fold' && effect.chunk.last) {
      this.#replica.step({ type: 'folded', position: effect.chunk.position });
    } else if (effect.type === 'exit') throw new Error(effect.reason);
    else if ('connection' in effect) this.#forClient(effect);
  }

  #forClient(effect: Extract<ReplicaEffect, { readonly connection: number }>): void {
    const line = this.#lines.get(effect.connection);
    if (!line) return;
    const { conversation } = line;
    if (effect.type === 'client-send') {
      for (const one of this.#splitters.get(line.id)!.push(conversation.answer(effect.messages, this.#now))) {
        if (one.kind !== 'frame') throw new Error(`the server sent a ${one.kind}`);
        line.frames.push(one.bytes);
      }
      this.#hear(line, () => conversation.proceed(this.#now));
      if (effect.full) this.#replica.step({ type: 'client-drained', connection: line.id });
    } else if (effect.type === 'client-pause') conversation.pause();
    else if (effect.type === 'client-resume') {
      conversation.resume();
      this.#hear(line, () => conversation.proceed(this.#now));
    } else {
      line.closed = true;
      this.#lines.delete(line.id);
      this.#replica.step({ type: 'client-closed', connection: line.id });
    }
  }
}

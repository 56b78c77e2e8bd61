/**
 * One simulated client: the session machine of @synod/client, a simulated connection, and programs that use it. All that
 * it is told goes into the history.
 *
 * It stands for one process with one session. When the session is over it does nothing more; whoever wants to go on makes
 * a new client.
 */
import type { Session } from '@synod/client/session/session';
import { Session as SessionMachine } from '@synod/client/session/session';
import type { Effect } from '@synod/client/session/effect';
import { Op, refuse, type Request, type WatchEvent } from '@synod/protocol';
import { ClientMemory, type Answer, type Listener, type OpenCall } from './client-memory.js';
import type { ClientTrace } from './client-trace.js';
import { Fibres, Latch, type Program } from './fibre.js';
import type { History, WatchKind } from './history.js';
import type { End, Network } from './network.js';
import type { Enter, Process } from './process.js';
import type { Random } from './random.js';
import { serverNode } from './server-links.js';

/** What a client is made with. */
export interface ClientSettings {
  readonly name: string;
  readonly servers: readonly number[];
  /** Milliseconds. */
  readonly timeout: number;
  readonly expireAfter: number;
  /** It no longer wants the answers of some calls after so long, on average; 0: it always does. */
  readonly patience: number;
}

/** What is around a client. */
export interface ClientWorld {
  readonly process: Process;
  readonly network: Network;
  readonly random: Random;
  readonly history: History;
  readonly trace: ClientTrace | null;
  /** A promise of the client itself is broken. */
  report(rule: string, text: string): void;
  /** An answer of a server with this zxid has arrived. */
  answered(zxid: number): void;
}

/** A connection that is being opened. */
interface Attempt {
  giveUp: () => void;
}

/** A timer that comes late, and what was under way. */
const PATIENCE_SLACK_MS = 200;

/** Share of calls that an impatient client gives up. */
const GIVEN_UP = 0.2;

const NO_ATTEMPT: Attempt = { giveUp: () => undefined };

export class SimClient {
  readonly name: string;
  readonly world: ClientWorld;
  readonly #settings: ClientSettings;
  readonly #session: Session<OpenCall, Listener>;
  readonly #enter: Enter;
  readonly #fibres = new Fibres();
  readonly #memory: ClientMemory;
  readonly #impatience: Random;
  #end: End | null = null;
  #attempt = NO_ATTEMPT;
  #timer: (() => void) | null = null;
  #timerAt = Infinity;
  #over = false;
  #flushing = false;
  #waiters: Latch<boolean>[] = [];

  constructor(settings: ClientSettings, world: ClientWorld) {
    this.name = settings.name;
    this.world = world;
    this.#settings = settings;
    this.#enter = world.process.entrance();
    this.#impatience = world.random.fork('impatience');
    this.#memory = new ClientMemory(settings.name, world.process, world.history, world.trace);
    const { timeout, expireAfter } = settings;
    const servers = settings.servers.map((id) => ({ host: serverNode(id), port: 1 }));
    const options = { servers, timeout, expireAfter, maxQueue: 10_000, resume: undefined };
    this.#session = new SessionMachine<OpenCall, Listener>(
      options,
      () => world.random.float(),
      world.process.clock.now,
    );
    this.#arm();
  }

  /** True once nothing more can be asked of it. */
  get over(): boolean {
    return this.#over;
  }

  get connected(): boolean {
    return this.#session.state === 'connected';
  }

  get session(): number {
    return this.#session.identity.id;
  }

  /** Calls without an answer. */
  get waiting(): number {
    return this.#memory.waiting;
  }

  /** Runs a program until it ends or the client is over. */
  start(program: Program): void {
    this.#fibres.start(program);
    this.world.process.after(0, () => this.#run());
  }

  /** Programs that are not at their end. */
  get programs(): number {
    return this.#fibres.running;
  }

  // ---- for programs

  /** Asks; the latch opens with the answer. `told` is called with each event of the watch that the request arms. */
  ask(request: Request, kind?: WatchKind, told: (event: WatchEvent) => void = () => undefined): Latch<Answer> {
    const open = this.#memory.asked(request, kind);
    const { watch } = open.record;
    open.call = this.#session.submit(request, open, watch ? { id: watch.id, told } : undefined);
    // Who it is counts for all that follows, and whoever gives up a call takes its listener away.
    if (kind === undefined && request.op !== Op.addAuth) this.#perhapsGiveUp(open);
    this.#flushSoon();
    return open.latch;
  }

  /** Only what was certainly never sent is given up: of all else it is to be known what became of it. */
  #perhapsGiveUp(open: OpenCall): void {
    const { patience } = this.#settings;
    if (patience === 0 || !this.#impatience.chance(GIVEN_UP)) return;
    this.world.process.after(this.#impatience.exponential(patience), () => {
      const { call, latch } = open;
      if (!call || latch.isOpen || !this.#session.withdraw(call)) return;
      this.#memory.answered(open, refuse('OPERATION_TIMEOUT', '', 'nobody waits for the answer'), 0);
      this.#run();
    });
  }

  /** Opens after so long by this client's clock. */
  sleep(ms: number): Latch<boolean> {
    const latch = new Latch<boolean>();
    this.world.process.after(ms, () => {
      latch.open(true);
      this.#run();
    });
    return latch;
  }

  /** Opens with the next change of the session's state, or when the client is over. */
  change(): Latch<boolean> {
    const latch = new Latch<boolean>();
    if (this.#over) latch.open(false);
    else this.#waiters.push(latch);
    return latch;
  }

  /** Drops the connection and goes on at another server. */
  disconnect(): void {
    this.#session.disconnect(this.world.process.clock.now);
    this.#run();
  }

  /** Ends the session behind all calls. */
  close(): Latch<Answer> {
    const open = this.#memory.asked({ op: Op.closeSession });
    this.#session.close(open, this.world.process.clock.now);
    open.latch.then(() => this.#finish('closed'));
    this.#flushSoon();
    return open.latch;
  }

  /** Goes without a word: the process is gone, the session is left to expire. */
  abandon(): void {
    if (this.#over) return;
    this.#session.kill(refuse('CONNECTION_LOSS', '', 'the client is gone'));
    this.#finish('abandoned');
    this.#run();
    this.#end?.abort('the client is gone');
    this.#end = null;
  }

  #finish(how: 'closed' | 'abandoned' | 'expired'): void {
    if (this.#over) return;
    this.#over = true;
    this.#memory.ended(how);
    for (const latch of this.#waiters.splice(0)) latch.open(false);
  }

  // ---- the driver

  #flushSoon(): void {
    if (this.#flushing) return;
    this.#flushing = true;
    this.world.process.after(0, () => {
      this.#flushing = false;
      this.#run();
    });
  }

  #run(): void {
    const { clock } = this.world.process;
    let effects;
    do {
      this.#session.flush(clock.now);
      effects = this.#session.takeEffects();
      for (const effect of effects) this.#carryOut(effect);
    } while (this.#fibres.run() || effects.length > 0);
    this.#arm();
  }

  /** C13: a client that is without a server for too long declares its session lost by itself. */
  #checkPatience(): void {
    const { process } = this.world;
    const { expireAfter } = this.#settings;
    if (this.#memory.alone < expireAfter + PATIENCE_SLACK_MS) return;
    const { now } = process.timeline;
    if (process.stillBetween(now - this.#memory.alone, now, 0) > 0) return;
    this.world.report(
      'C13',
      `${this.name} waits for a server since ${Math.round(this.#memory.alone)} ms; ${expireAfter} were agreed`,
    );
  }

  #carryOut(effect: Effect<OpenCall, Listener>): void {
    switch (effect.type) {
      case 'send':
        this.#end?.send(effect.bytes);
        this.#memory.sent();
        return;
      case 'answer':
        if (effect.zxid > 0) this.world.answered(effect.zxid);
        this.#memory.answered(effect.token, effect.result, effect.zxid);
        return;
      case 'event':
        for (const listener of effect.listeners) this.#memory.event(effect.event, listener);
        return;
      case 'state':
        this.#state(effect.state, effect.cause);
        return;
      case 'dial':
        this.#dial(effect.connection, effect.server.host);
        return;
      case 'hangUp':
        this.#attempt.giveUp();
        this.#attempt = NO_ATTEMPT;
        this.#end?.close('the client hangs up');
        this.#end = null;
        this.#memory.server = undefined;
    }
  }

  #state(state: string, cause: string): void {
    const { id, timeout } = this.#session.identity;
    this.#memory.session = id;
    this.#checkPatience();
    this.#memory.state(state, cause, timeout);
    if (state === 'expired') this.#finish('expired');
    for (const latch of this.#waiters.splice(0)) latch.open(true);
  }

  #dial(connection: number, server: string): void {
    const { process, network } = this.world;
    const lost = (cause: string): void => {
      this.#session.lost(connection, cause, process.clock.now);
      this.#run();
    };
    const opened = (end: End): void => {
      this.#end = end;
      this.#memory.server = end.to;
      this.#memory.heardAt = process.timeline.now;
      end.attach({
        frame: (bytes) => this.#enter(() => this.#received(connection, end, bytes)),
        closed: (cause) => this.#enter(() => lost(cause)),
      });
      this.#session.opened(connection, process.clock.now);
      this.#run();
    };
    const attempt: Attempt = { giveUp: () => undefined };
    this.#attempt = attempt;
    attempt.giveUp = network.connect(
      this.name,
      server,
      'clients',
      (end) =>
        this.#enter(() => {
          if (end.over || this.#attempt !== attempt) end.abort('the attempt was given up');
          else opened(end);
        }),
      (cause) => this.#enter(() => lost(cause)),
    );
  }

  #received(connection: number, end: End, bytes: Uint8Array): void {
    if (this.#end !== end) return;
    const { timeline, clock } = this.world.process;
    this.#memory.heardAt = timeline.now;
    this.#session.received(connection, bytes, clock.now);
    this.#run();
  }

  #arm(): void {
    const at = this.#session.wakeAt;
    if (at >= this.#timerAt) return;
    this.#timer?.();
    this.#timer = null;
    this.#timerAt = at;
    if (at === Infinity) return;
    const { process } = this.world;
    // At least 1, as timers of Node: rounding may leave `at` due for the machine only a moment later.
    this.#timer = process.after(Math.max(Math.ceil(at - process.clock.now), 1), () => {
      this.#timerAt = Infinity;
      // As the real driver does: what has come in the meantime is read before anybody is blamed for silence.
      process.after(0, () => {
        this.#session.tick(process.clock.now);
        this.#run();
      });
    });
  }

  /** The client reads no frames for a while. */
  pause(): void {
    this.#end?.pause();
  }

  resume(): void {
    this.#end?.resume();
  }

  get settings(): ClientSettings {
    return this.#settings;
  }
}

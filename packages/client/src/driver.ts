/**
 * Runs a session: carries its effects out on a transport, wakes it when it asks for it, and turns answers into promises.
 *
 * All calls of one turn of the event loop leave in as few frames as possible: a call only marks the turn, the end of
 * the turn sends. Answers resolve promises, and listeners run as microtasks, in the order in which the server sent them:
 * so a listener never runs before code that waits for an earlier answer.
 */
import { refuse, type Outcome, type Refusal, type Request, type Result, type WatchEvent } from '@synod/protocol';
import type { CallOptions } from './options.js';
import type { Call } from './session/calls.js';
import type { Effect } from './session/effect.js';
import type { SessionOptions } from './session/session-options.js';
import { Session } from './session/session.js';
import type { SessionState } from './session/state.js';
import type { Link, Transport } from './transport.js';

export type WatchListener = (event: WatchEvent) => void;

/** Turns what the server said into what the caller gets; throws what the caller's promise is to be rejected with. */
export type Interpret<V> = (answer: Result | Refusal) => V;

/** What the owner of a driver wants to hear. */
export interface DriverEvents {
  state(state: SessionState, cause: string): void;
  /** An event as its listeners are to see it. */
  present(event: WatchEvent): WatchEvent;
}

/** One call as its caller sees it. */
class Pending {
  readonly resolve: (value: never) => void;
  readonly reject: (reason: unknown) => void;
  readonly interpret: Interpret<unknown>;
  /** Lets go of timer and signal. */
  release: (() => void) | undefined;

  constructor(resolve: (value: never) => void, reject: (reason: unknown) => void, interpret: Interpret<unknown>) {
    this.resolve = resolve;
    this.reject = reject;
    this.interpret = interpret;
    this.release = undefined;
  }

  finish(answer: Result | Refusal): void {
    this.release?.();
    try {
      this.resolve(this.interpret(answer) as never);
    } catch (error) {
      this.reject(error);
    }
  }
}

/** The longest delay that setTimeout takes. */
const LONGEST_DELAY = 2 ** 31 - 1;

export class Driver {
  readonly session: Session<Pending, WatchListener>;
  readonly #transport: Transport;
  readonly #events: DriverEvents;
  #link: Link | undefined;
  #flushing = false;
  #timer: NodeJS.Timeout | undefined;
  #timerAt = Infinity;

  constructor(options: SessionOptions, transport: Transport, events: DriverEvents) {
    this.session = new Session(options, Math.random, performance.now());
    this.#transport = transport;
    this.#events = events;
  }

  start(): void {
    this.session.tick(performance.now());
    this.#run();
  }

  /** Sends a request; the promise settles with what `interpret` makes of the answer. */
  call<V>(
    request: Request,
    interpret: Interpret<V>,
    options: CallOptions | undefined,
    listener: WatchListener | undefined,
  ): Promise<V> {
    return new Promise<V>((resolve, reject) => {
      if (options?.signal?.aborted === true) {
        reject(options.signal.reason as Error);
        return;
      }
      const pending = new Pending(resolve, reject, interpret);
      const call = this.session.submit(request, pending, listener);
      if (call === undefined) this.#run();
      else {
        if (options !== undefined && (options.signal ?? options.timeout) !== undefined)
          this.#guard(call, pending, options);
        this.#flushSoon();
      }
    });
  }

  /** Rejects a call that takes too long or is aborted, and withdraws it where that is still possible. */
  #guard(call: Call<Pending, WatchListener>, pending: Pending, { signal, timeout }: CallOptions): void {
    const withdraw = (): Outcome => (this.session.withdraw(call) || !call.write ? 'not-applied' : 'unknown');
    const onAbort = (): void => {
      pending.release?.();
      withdraw();
      pending.reject(signal?.reason);
    };
    const onTimeout = (): void => {
      const path = 'path' in call.request ? call.request.path : '';
      const reason = `no answer within ${timeout} ms`;
      pending.finish({ code: 'OPERATION_TIMEOUT', reason, path, outcome: withdraw(), index: -1 });
    };
    const timer = timeout === undefined ? undefined : setTimeout(onTimeout, Math.min(timeout, LONGEST_DELAY));
    signal?.addEventListener('abort', onAbort, { once: true });
    pending.release = () => {
      clearTimeout(timer);
      signal?.removeEventListener('abort', onAbort);
      pending.release = undefined;
    };
  }

  /** Ends the session; resolves when it is over, also where no server could be told. */
  close(): Promise<void> {
    return new Promise((resolve, reject) => {
      this.session.close(new Pending(resolve, reject, () => undefined), performance.now());
      this.#run();
    });
  }

  /** Stops without a word to the servers; what has no answer is rejected with CONNECTION_LOSS. */
  kill(reason: string): void {
    this.session.kill(refuse('CONNECTION_LOSS', '', reason));
    this.#run();
  }

  /** Drops the connection. */
  disconnect(): void {
    this.session.disconnect(performance.now());
    this.#run();
  }

  #flushSoon(): void {
    if (this.#flushing || !this.session.hasUnsent) return;
    this.#flushing = true;
    setImmediate(this.#flush);
  }

  readonly #flush = (): void => {
    this.#flushing = false;
    this.session.flush(performance.now());
    this.#run();
  };

  /** Carries out what the session wants. */
  #run(): void {
    for (const effect of this.session.takeEffects()) this.#carryOut(effect);
    this.#flushSoon();
    this.#arm();
  }

  #carryOut(effect: Effect<Pending, WatchListener>): void {
    switch (effect.type) {
      case 'send':
        this.#link?.send(effect.bytes);
        return;
      case 'answer':
        effect.token.finish(effect.result);
        return;
      case 'event': {
        const event = this.#events.present(effect.event);
        for (const listener of effect.listeners) {
          queueMicrotask(() => {
            listener(event);
          });
        }
        return;
      }
      case 'state':
        queueMicrotask(() => {
          this.#events.state(effect.state, effect.cause);
        });
        return;
      case 'dial':
        this.#dial(effect);
        return;
      case 'hangUp':
        this.#link?.hangUp();
        this.#link = undefined;
    }
  }

  #dial({ connection, server }: Extract<Effect<Pending, WatchListener>, { type: 'dial' }>): void {
    this.#link = this.#transport.dial(server, {
      opened: () => {
        this.session.opened(connection, performance.now());
        this.#run();
      },
      frame: (bytes) => {
        this.session.received(connection, bytes, performance.now());
        this.#run();
      },
      closed: (cause) => {
        this.session.lost(connection, cause, performance.now());
        this.#run();
      },
    });
  }

  /** A timer that is due too early costs one look at the clock; so it is only ever moved forward. */
  #arm(): void {
    const at = this.session.wakeAt;
    if (at === Infinity) {
      clearTimeout(this.#timer);
      this.#timerAt = Infinity;
      return;
    }
    if (at >= this.#timerAt) return;
    clearTimeout(this.#timer);
    this.#timerAt = at;
    const delay = Math.max(0, Math.ceil(at - performance.now()));
    this.#timer = setTimeout(this.#onTimer, Math.min(delay, LONGEST_DELAY));
  }

  readonly #onTimer = (): void => {
    this.#timerAt = Infinity;
    // After a turn that took long, timers come first: what the server has sent in the meantime must be read before the
    // session decides that it was silent.
    setImmediate(() => {
      this.session.tick(performance.now());
      this.#run();
    });
  };
}

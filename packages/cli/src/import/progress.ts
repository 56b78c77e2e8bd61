/** How far an import is, on stderr: one line that is written again and again to a terminal, otherwise a line now and then. */
import type { Streams } from '../streams.js';
import { formatBytes } from './summary.js';
import type { Tally } from './tally.js';

const TERMINAL_MS = 200;
const PLAIN_MS = 10_000;

export class Progress {
  readonly #stream: Streams['stderr'];
  readonly #tally: Tally;
  readonly #timer: NodeJS.Timeout;
  readonly #began = performance.now();
  /** True while the line stands on the screen. */
  #shown = false;

  constructor(stream: Streams['stderr'], tally: Tally) {
    this.#stream = stream;
    this.#tally = tally;
    this.#timer = setInterval(() => this.#show(), stream.isTTY === true ? TERMINAL_MS : PLAIN_MS);
  }

  /** Seconds since the beginning. */
  get seconds(): number {
    return (performance.now() - this.#began) / 1_000;
  }

  /** Writes a line of its own. */
  say(text: string): void {
    this.#clear();
    this.#stream.write(`${text}\n`);
  }

  end(): void {
    clearInterval(this.#timer);
    this.#clear();
  }

  #show(): void {
    const { seen, bytes, counts, toRaise } = this.#tally;
    const rate = Math.round(seen / this.seconds);
    const text =
      toRaise > 0
        ? `counters of sequential names: ${toRaise} creates to go`
        : `${seen} znodes read (${rate}/s), ${counts.copied} copied, ${formatBytes(bytes)}`;
    if (this.#stream.isTTY !== true) return this.say(text);
    this.#clear();
    this.#stream.write(text);
    this.#shown = true;
  }

  #clear(): void {
    if (this.#shown) this.#stream.write('\r\x1b[K');
    this.#shown = false;
  }
}

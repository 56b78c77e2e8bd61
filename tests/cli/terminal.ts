/** Streams that a test can type into and read from, as a terminal or as pipes. */
import { PassThrough, Writable } from 'node:stream';
import type { Streams } from '@synod/cli';

class Output extends Writable {
  readonly isTTY: boolean;
  readonly columns = 80;
  bytes = Buffer.alloc(0);
  #wake: (() => void) | undefined;

  constructor(isTTY: boolean) {
    super();
    this.isTTY = isTTY;
  }

  override _write(chunk: Buffer, _encoding: string, done: () => void): void {
    this.bytes = Buffer.concat([this.bytes, chunk]);
    this.#wake?.();
    done();
  }

  get text(): string {
    return this.bytes.toString();
  }

  /** What was written since the last time. */
  take(): string {
    const { text } = this;
    this.bytes = Buffer.alloc(0);
    return text;
  }

  /** Waits until something that matches was written; what came until then is taken. */
  async until(pattern: RegExp): Promise<string> {
    while (!pattern.test(this.text)) {
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
    return this.take();
  }
}

export class Terminal implements Streams {
  readonly stdin: PassThrough & { isTTY: boolean };
  readonly stdout: Output;
  readonly stderr = new Output(false);
  readonly env: Record<string, string>;
  readonly historyFile: string | undefined;

  constructor(servers: string, options: { tty?: boolean; input?: string; historyFile?: string } = {}) {
    const { tty = false, input } = options;
    this.stdin = Object.assign(new PassThrough(), { isTTY: tty });
    if (input !== undefined) this.stdin.end(input);
    this.stdout = new Output(tty);
    this.env = { SYNOD_SERVER: servers };
    this.historyFile = options.historyFile;
  }

  type(text: string): void {
    this.stdin.write(text);
  }
}

/**
 * The interactive shell: reads lines, runs them one after the other, prints watch events as they fire. Input that is not
 * a terminal works the same way without prompt, completion and history file.
 */
import * as readline from 'node:readline';
import { connect, type Client, type WatchEvent } from '@synod/client';
import { SynodError } from '@synod/protocol';
import type { Context, ShellControl } from './command.js';
import { findCommand } from './commands.js';
import { complete } from './completion.js';
import { HISTORY_LINES, readHistory, writeHistory } from './history-file.js';
import type { Target } from './once.js';
import { formatEvent, formatState } from './output.js';
import { reportOf } from './report.js';
import { ExitCode, type Streams } from './streams.js';
import { parseWords, splitLine } from './usage.js';

/** ZooKeeper's names for the states that its shell reports by itself. */
const STATES = { connected: 'SyncConnected', suspended: 'Disconnected', expired: 'Expired' } as const;

export class Shell implements ShellControl {
  readonly lines: string[] = [];
  readonly #streams: Streams;
  readonly #interactive: boolean;
  readonly #readline: readline.Interface;
  readonly #context: Context;
  #target: Target;
  #client: Client | undefined;
  #done = false;
  /** True while a prompt stands on the screen and a line is being typed. */
  #prompting = false;
  #code: ExitCode = ExitCode.ok;

  constructor(target: Target, streams: Streams) {
    this.#target = target;
    this.#streams = streams;
    this.#interactive = streams.stdin.isTTY === true && streams.stdout.isTTY === true;
    this.#readline = readline.createInterface({
      input: streams.stdin,
      output: this.#interactive ? streams.stdout : undefined,
      terminal: this.#interactive,
      history: this.#interactive ? readHistory(streams.historyFile).reverse() : [],
      historySize: HISTORY_LINES,
      removeHistoryDuplicates: true,
      completer: (line: string, callback: (error: null, result: [string[], string]) => void) => {
        void complete(line, this.#usable()).then((result) => {
          callback(null, result);
        });
      },
    });
    this.#context = {
      client: () => this.#connected(),
      shell: this,
      terminal: streams.stdout.isTTY === true,
      print: (line) => streams.stdout.write(`${line}\n`),
      write: (bytes) => streams.stdout.write(bytes),
      onEvent: (event: WatchEvent) => {
        this.#announce(formatEvent(event));
      },
    };
  }

  /** Runs until quit or the end of input. Resolves with the exit code: that of the first line that failed. */
  async main(): Promise<ExitCode> {
    let history: readonly string[] = [];
    this.#readline.on('history', (lines: string[]) => (history = lines));
    const input = this.#input();
    await this.#attempt(() => this.connect(undefined), undefined);
    // Without a session the lines of a script can only fail, one as the other.
    if (!this.#interactive && this.#client === undefined) this.#done = true;
    while (!this.#done) {
      this.#prompt();
      const line = await input();
      this.#prompting = false;
      if (line === undefined) break;
      if (line.trim() !== '') await this.run(line);
    }
    this.#done = true;
    this.#readline.close();
    await this.close();
    if (this.#interactive && history.length > 0) writeHistory(this.#streams.historyFile, [...history].reverse());
    return this.#code;
  }

  /** Lines as they are asked for; undefined at the end of input. What is typed ahead waits. */
  #input(): () => Promise<string | undefined> {
    const waiting: string[] = [];
    let ended = false;
    let wake: (() => void) | undefined;
    this.#readline.on('line', (line) => {
      waiting.push(line);
      wake?.();
    });
    this.#readline.on('close', () => {
      ended = true;
      if (this.#interactive && !this.#done) this.#streams.stdout.write('\n');
      wake?.();
    });
    this.#readline.on('SIGINT', () => {
      this.#interrupt();
    });
    return async () => {
      while (waiting.length === 0 && !ended) {
        await new Promise<void>((resolve) => {
          wake = resolve;
        });
      }
      return waiting.shift();
    };
  }

  /** Ctrl-C gives up the line, or the shell where there is none. */
  #interrupt(): void {
    if (this.#readline.line === '') {
      this.#readline.close();
      return;
    }
    this.#readline.write(null, { ctrl: true, name: 'e' });
    this.#readline.write(null, { ctrl: true, name: 'u' });
  }

  /** Runs one line; what goes wrong is reported and does not end the shell. */
  async run(line: string): Promise<void> {
    this.lines.push(line.trim());
    let usage: string | undefined;
    await this.#attempt(
      async (about) => {
        const [name = '', ...words] = splitLine(line);
        const { command, grammar } = findCommand(name);
        usage = command.usage;
        const input = parseWords(grammar, words);
        about(input.args[0]);
        await command.run(input, this.#context);
      },
      () => usage,
    );
  }

  async #attempt(
    act: (about: (path: string | undefined) => void) => Promise<void>,
    usage: (() => string | undefined) | undefined,
  ): Promise<void> {
    let path: string | undefined;
    try {
      await act((found) => (path = found));
    } catch (error) {
      const report = reportOf(error, usage?.(), path);
      this.#streams.stderr.write(`${report.text}\n`);
      if (this.#code === ExitCode.ok) this.#code = report.code;
    }
  }

  async connect(servers: string | undefined): Promise<void> {
    await this.close();
    if (servers !== undefined) this.#target = { ...this.#target, servers };
    if (this.#interactive) this.#streams.stdout.write(`Connecting to ${this.#target.servers}\n`);
    const client = await connect(this.#target.servers, this.#target.options);
    this.#client = client;
    client.on('state', (state) => {
      if (state in STATES) this.#announce(formatState(STATES[state as keyof typeof STATES]));
    });
  }

  async close(): Promise<void> {
    const client = this.#client;
    this.#client = undefined;
    client?.removeAllListeners();
    await client?.close();
  }

  quit(): void {
    this.#done = true;
  }

  #connected(): Client {
    if (this.#client !== undefined) return this.#client;
    throw new SynodError({ code: 'CONNECTION_LOSS', reason: 'not connected; use: connect [servers]' });
  }

  #usable(): Client | undefined {
    return this.#client?.state === 'connected' ? this.#client : undefined;
  }

  #prompt(): void {
    if (!this.#interactive) return;
    const where = this.#client?.server ?? this.#target.servers;
    const state = (this.#client?.state ?? 'closed').toUpperCase();
    this.#readline.setPrompt(`[synod: ${where}(${state}) ${this.lines.length}] `);
    this.#readline.prompt();
    this.#prompting = true;
  }

  /** Prints something that nobody waited for: above the line that is being typed, which stays as it is. */
  #announce(text: string): void {
    const { stdout } = this.#streams;
    if (!this.#prompting || !this.#interactive) {
      stdout.write(`${text}\n`);
      return;
    }
    readline.moveCursor(stdout, 0, -this.#readline.getCursorPos().rows);
    readline.cursorTo(stdout, 0);
    readline.clearScreenDown(stdout);
    stdout.write(`${text}\n`);
    // readline goes up by this many rows before it draws the line again; but it starts from a fresh row now.
    (this.#readline as { prevRows?: number }).prevRows = 0;
    this.#readline.prompt(true);
  }
}

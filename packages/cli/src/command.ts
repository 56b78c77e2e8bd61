/** What a command is, and what it works with. One table of them serves the shell, one-shot commands, help and completion. */
import type { Client } from '@synod/client';
import type { WatchEvent } from '@synod/protocol';
import type { Input } from './usage.js';

/** A command that cannot be carried out, in words for the one who gave it; the servers were not at fault. */
export class RefusedError extends Error {
  override readonly name = 'RefusedError';
}

/** The shell as its own commands see it. */
export interface ShellControl {
  /** Lines run so far, by number. */
  readonly lines: readonly string[];
  run(line: string): Promise<void>;
  connect(servers: string | undefined): Promise<void>;
  close(): Promise<void>;
  quit(): void;
}

export interface Context {
  /** Throws where there is no connection. */
  client(): Client;
  /** Undefined in a one-shot command. */
  readonly shell: ShellControl | undefined;
  /** True where output goes to a person's screen. */
  readonly terminal: boolean;
  /** Writes a line. */
  print(line: string): void;
  /** Writes bytes as they are. */
  write(bytes: Uint8Array): void;
  /** Prints a watch event as it fires. */
  readonly onEvent: (event: WatchEvent) => void;
}

export interface Command {
  /** Begins with the name; see usage.ts for the rest. */
  readonly usage: string;
  /** One line for help. */
  readonly help: string;
  /** Makes no sense in a process that ends with the command: its effect is on the session. */
  readonly shellOnly?: true;
  run(input: Input, context: Context): Promise<void> | void;
}

/** The name of a command. */
export function nameOf(command: Command): string {
  return command.usage.split(' ', 1)[0]!;
}

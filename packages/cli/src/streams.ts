/** The streams and the surroundings that the command line works with; tests give their own. */
import type { Readable, Writable } from 'node:stream';

export interface Streams {
  readonly stdin: Readable & { readonly isTTY?: boolean };
  readonly stdout: Writable & { readonly isTTY?: boolean };
  readonly stderr: Writable & { readonly isTTY?: boolean };
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Where the history of the shell is kept; undefined: nowhere. */
  readonly historyFile: string | undefined;
}

/** What the process ends with. */
export const ExitCode = {
  ok: 0,
  /** The servers said no. */
  refused: 1,
  /** The command line is wrong. */
  usage: 2,
  /** No server could be reached, or the session was lost. */
  connection: 3,
} as const;
export type ExitCode = (typeof ExitCode)[keyof typeof ExitCode];

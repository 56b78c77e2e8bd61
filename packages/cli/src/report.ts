/** What went wrong, as words for stderr and an exit code. */
import { isSynodError } from '@synod/protocol';
import { RefusedError } from './command.js';
import { escapeText, formatError } from './output.js';
import { ExitCode } from './streams.js';
import { UsageError } from './usage.js';

export interface Report {
  readonly text: string;
  readonly code: ExitCode;
}

/** Reports an error of a command; `usage` is its usage line, `path` the path it was about. Throws what is our own bug. */
export function reportOf(error: unknown, usage: string | undefined, path: string | undefined): Report {
  if (error instanceof UsageError) {
    const hint = usage === undefined ? '' : `\nusage: ${usage}`;
    return { text: `${error.message}${hint}`, code: ExitCode.usage };
  }
  if (error instanceof RefusedError) return { text: escapeText(error.message), code: ExitCode.refused };
  if (!isSynodError(error)) throw error;
  const { code } = error;
  const lost = code === 'CONNECTION_LOSS' || code === 'SESSION_EXPIRED' || code === 'OPERATION_TIMEOUT';
  return { text: formatError(error, path), code: lost ? ExitCode.connection : ExitCode.refused };
}

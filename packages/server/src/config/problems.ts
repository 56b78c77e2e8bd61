/**
 * What is wrong with a configuration file. All that is wrong is collected and told at once: whoever mends a file should
 * not have to start the server once for each mistake.
 */

/** One finding. `line` counts from 1; null where it is about something that the file does not say. */
export interface Problem {
  readonly line: number | null;
  readonly text: string;
}

/** One finding as people read it: `conf/a.cfg:12: …`, which terminals and editors turn into a link. */
export function formatProblem(file: string, problem: Problem): string {
  return `${file}${problem.line === null ? '' : `:${problem.line}`}: ${problem.text}`;
}

/** A configuration that no server can be started with. The message holds one line for each problem. */
export class ConfigError extends Error {
  override readonly name = 'ConfigError';
  readonly file: string;
  readonly problems: readonly Problem[];

  constructor(file: string, problems: readonly Problem[]) {
    super(problems.map((problem) => formatProblem(file, problem)).join('\n'));
    this.file = file;
    this.problems = problems;
  }
}

/** Collects errors and warnings while a file is read. */
export class Findings {
  readonly #errors: Problem[] = [];
  readonly #warnings: Problem[] = [];

  error(line: number | null, text: string): void {
    this.#errors.push({ line, text });
  }

  warn(line: number | null, text: string): void {
    this.#warnings.push({ line, text });
  }

  /** The warnings in the order of the file; throws ConfigError where there was an error. */
  conclude(file: string): readonly Problem[] {
    if (this.#errors.length > 0) throw new ConfigError(file, this.#errors.sort(byLine));
    return this.#warnings.sort(byLine);
  }
}

/** What has no line comes last: it is mostly about keys that are missing. */
function byLine(a: Problem, b: Problem): number {
  return (a.line ?? Infinity) - (b.line ?? Infinity) || 0;
}

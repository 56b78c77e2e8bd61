/** An example as a process: its lines as they come, its end, its death. */
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { inRoot } from '../../scripts/lib/project.js';

/** How long a line may be waited for, in milliseconds. */
const PATIENCE_MS = 30_000;

export class Program {
  readonly lines: string[] = [];
  /** The exit code; null where a signal ended it. */
  readonly ended: Promise<number | null>;
  readonly #child: ChildProcess;
  readonly #looks = new Set<() => void>();

  constructor(name: string, args: readonly string[]) {
    const child = spawn(process.execPath, [inRoot('packages', 'examples', 'dist', `${name}.js`), ...args], {
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    this.#child = child;
    for (const input of [child.stdout, child.stderr]) {
      createInterface({ input }).on('line', (line) => {
        this.lines.push(line);
        for (const look of this.#looks) look();
      });
    }
    this.ended = once(child, 'close').then(([code]) => code as number | null);
  }

  /** Waits for a line, or finds it among those that came; gives what the groups of the pattern hold. */
  line(pattern: RegExp): Promise<readonly string[]> {
    return new Promise((resolve, reject) => {
      const look = (): void => {
        const found = this.lines.map((line) => pattern.exec(line)).find((match) => match !== null);
        if (!found) return;
        clearTimeout(late);
        this.#looks.delete(look);
        resolve(found.slice(1));
      };
      const late = setTimeout(() => {
        this.#looks.delete(look);
        reject(new Error(`no line like ${String(pattern)}; there are:\n${this.lines.join('\n')}`));
      }, PATIENCE_MS);
      this.#looks.add(look);
      look();
    });
  }

  kill(signal: NodeJS.Signals): void {
    this.#child.kill(signal);
  }
}

const programs = new Set<Program>();

/** Starts an example against some servers. */
export function run(name: string, servers: string, ...args: string[]): Program {
  const program = new Program(name, ['--server', servers, ...args]);
  programs.add(program);
  return program;
}

/** Ends whatever still runs. */
export async function endAll(): Promise<void> {
  for (const program of programs) program.kill('SIGKILL');
  await Promise.all([...programs].map(({ ended }) => ended));
  programs.clear();
}

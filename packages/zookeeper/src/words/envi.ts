import type { WordFacts } from './facts.js';
import { versionText } from './version.js';

/** `envi`: the version, which clients read here, and where the server runs. */
export function envi({ version, environment }: WordFacts): string {
  let lines = '';
  for (const [name, value] of environment) lines += `${name}=${value}\n`;
  return `Environment:\nzookeeper.version=${versionText(version)}\n${lines}`;
}

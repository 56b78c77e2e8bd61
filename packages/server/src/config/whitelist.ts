/** Which four-letter words are answered: a list with commas between, or `*` for all, as in ZooKeeper. */
import { fourLetterWords, type FourLetterWord } from '@synod/zookeeper';
import type { Findings } from './problems.js';
import type { Settings } from './settings.js';

const KEY = '4lw.commands.whitelist';

/** Words of ZooKeeper that Synod does not have: a file that allows them may stay as it is. */
const foreignWords: readonly string[] = ['gtmk', 'hash', 'stmk'];

/** Without the key it is the one that shows no more than how the server is doing. */
const byDefault: readonly FourLetterWord[] = ['srvr'];

export function readWhitelist(settings: Settings, findings: Findings): readonly FourLetterWord[] {
  const text = settings.text(KEY);
  if (text === null) return byDefault;
  const names = text.split(',').map((name) => name.trim());
  const words = fourLetterWords.filter((word) => names.includes(word));
  for (const name of names) {
    if (name === '' || name === '*' || words.some((word) => word === name)) continue;
    const line = settings.line(KEY);
    if (foreignWords.includes(name)) findings.warn(line, `${KEY}: Synod has no word ${name}`);
    else findings.error(line, `${KEY}: there is no word "${name}", but ${fourLetterWords.join(', ')}, and * for all`);
  }
  return names.includes('*') ? fourLetterWords : words;
}

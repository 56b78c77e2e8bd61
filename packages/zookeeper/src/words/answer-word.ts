/**
 * What the server answers to a four-letter word: whether it may, whether it can, and then the text of the word's own file.
 * The formats are those that tools parse, down to blanks and line ends (ZooKeeper administrator's guide, "The Four Letter
 * Words", and its servers' answers).
 */
import type { FourLetterWord } from '../word.js';
import { conf, dirs } from './conf.js';
import { cons } from './cons.js';
import { dump } from './dump.js';
import { envi } from './envi.js';
import type { WordFacts, WordSource } from './facts.js';
import { mntr } from './mntr.js';
import { srvr, stat } from './srvr.js';
import { wchc, wchp, wchs } from './watches.js';

const NOT_SERVING = 'This ZooKeeper instance is not currently serving requests\n';

/** The words that only tell. */
const texts: Readonly<Record<Exclude<FourLetterWord, 'crst' | 'srst'>, (facts: WordFacts) => string>> = {
  conf,
  cons,
  dirs,
  dump,
  envi,
  isro: ({ serving }) => (serving ? 'rw' : 'null'),
  mntr,
  ruok: () => 'imok',
  srvr,
  stat,
  wchc,
  wchp,
  wchs,
};

/** Words that have an answer whether or not the server serves: a process that answers them is alive. */
const always: ReadonlySet<FourLetterWord> = new Set<FourLetterWord>(['ruok', 'envi', 'isro']);

/** The whole answer; the connection ends behind it. A word outside the whitelist is refused and reads no facts. */
export function answerWord(word: FourLetterWord, source: WordSource, whitelist: ReadonlySet<string>): string {
  if (!whitelist.has(word)) return `${word} is not executed because it is not in the whitelist.\n`;
  if (!always.has(word) && !source.serving) return NOT_SERVING;
  switch (word) {
    case 'crst':
      source.resetConnections();
      return 'Connection stats reset.\n';
    case 'srst':
      source.resetServer();
      return 'Server stats reset.\n';
    default:
      return texts[word](source);
  }
}

/** Which words have an answer: the whitelist, a server that does not serve, and what an answer costs. */
import { describe, expect, test } from '@jest/globals';
import { answerWord, fourLetterWords, type FourLetterWord, type WordSource } from '@synod/zookeeper';
import { factsWith } from './facts.js';

const all = new Set<string>(fourLetterWords);
const notServing = 'This ZooKeeper instance is not currently serving requests\n';

/** The facts, and the names of those that were read, in order. */
function watched(): readonly [facts: WordSource, read: string[]] {
  const read: string[] = [];
  const facts = new Proxy(factsWith(), {
    get(target, name, receiver) {
      read.push(String(name));
      return Reflect.get(target, name, receiver) as unknown;
    },
  });
  return [facts, read];
}

describe('the whitelist', () => {
  test.each([...fourLetterWords])('%s is refused where it is not listed, and nothing is looked up or reset', (word) => {
    const [facts, read] = watched();
    const others = new Set(fourLetterWords.filter((other) => other !== word));
    expect(answerWord(word, facts, others)).toBe(`${word} is not executed because it is not in the whitelist.\n`);
    expect(read).toEqual([]);
  });

  test('a listed word is answered', () => {
    expect(answerWord('ruok', factsWith(), new Set(['ruok']))).toBe('imok');
  });
});

describe('a server that does not serve', () => {
  test.each([...fourLetterWords])('%s', (word) => {
    const resets: string[] = [];
    const text = answerWord(word, factsWith({ serving: false }, resets), all);
    if (word === 'ruok') expect(text).toBe('imok');
    else if (word === 'isro') expect(text).toBe('null');
    else if (word === 'envi') expect(text).toMatch(/^Environment:\nzookeeper\.version=3\.9\.0-/);
    else expect(text).toBe(notServing);
    expect(resets).toEqual([]);
  });
});

test.each<[FourLetterWord, string]>([
  ['srst', 'server'],
  ['crst', 'connections'],
])('%s resets the statistics of the %s', (word, what) => {
  const resets: string[] = [];
  answerWord(word, factsWith({}, resets), all);
  expect(resets).toEqual([what]);
});

test.each<[FourLetterWord, readonly string[]]>([
  ['ruok', []],
  ['isro', ['serving']],
  ['envi', ['version', 'environment']],
  ['srvr', ['serving', 'version', 'server']],
  ['stat', ['serving', 'connections', 'version', 'server']],
  ['mntr', ['serving', 'server', 'files', 'version']],
  ['cons', ['serving', 'connections']],
  ['conf', ['serving', 'configuration', 'folders']],
  ['dirs', ['serving', 'folders']],
  ['dump', ['serving', 'server', 'sessions', 'connections']],
  ['wchs', ['serving', 'watches']],
  ['wchc', ['serving', 'watches']],
  ['wchp', ['serving', 'watches']],
])('%s reads each fact that it shows once, and no other', (word, expected) => {
  const [facts, read] = watched();
  answerWord(word, facts, all);
  expect([...new Set(read)].sort()).toEqual([...expected].sort());
  // Small ones may be read again; lists are worked out with each reading.
  const lists = read.filter((name) => !['server', 'version', 'serving'].includes(name));
  expect(lists).toEqual([...new Set(lists)]);
});

/** The key 4lw.commands.whitelist: lists, all, words that Synod does not have, and words that nobody has. */
import { describe, expect, test } from '@jest/globals';
import { fourLetterWords } from '@synod/zookeeper';
import { parse, print, problemsOf } from './config-file.js';

function words(value: string): readonly [words: readonly string[], warnings: readonly string[]] {
  const { config, warnings } = parse('dataDir=d', `4lw.commands.whitelist=${value}`);
  return [config.fourLetterWords, print(warnings)];
}

describe('4lw.commands.whitelist', () => {
  test.each([
    ['ruok', ['ruok'], []],
    ['stat, ruok ,srvr', ['ruok', 'srvr', 'stat'], []],
    ['ruok,ruok,,', ['ruok'], []],
    [',', [], []],
    ['*', fourLetterWords, []],
    ['ruok,*', fourLetterWords, []],
    ['hash,mntr', ['mntr'], ['2: 4lw.commands.whitelist: Synod has no word hash']],
    [
      'gtmk,stmk',
      [],
      ['2: 4lw.commands.whitelist: Synod has no word gtmk', '2: 4lw.commands.whitelist: Synod has no word stmk'],
    ],
  ])('%s', (value, expected, warnings) => {
    expect(words(value)).toEqual([expected, warnings]);
  });

  test('only srvr without the key', () => {
    expect(parse('dataDir=d').config.fourLetterWords).toEqual(['srvr']);
  });

  test('what is no word is named, and what there is', () => {
    const known = 'conf, cons, crst, dirs, dump, envi, isro, mntr, ruok, srst, srvr, stat, wchc, wchp, wchs';
    expect(problemsOf('dataDir=d', '4lw.commands.whitelist=rouk,mntr,RUOK')).toEqual([
      `2: 4lw.commands.whitelist: there is no word "rouk", but ${known}, and * for all`,
      `2: 4lw.commands.whitelist: there is no word "RUOK", but ${known}, and * for all`,
    ]);
  });
});

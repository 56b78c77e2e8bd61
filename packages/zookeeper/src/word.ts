/**
 * The four-letter words: commands of four ASCII letters in the place of the length of a connection's first frame. What
 * they answer is the server's; here they are only told from lengths. As numbers all of them lie far above the longest
 * frame, so no length can be mistaken for one.
 */
export const fourLetterWords = [
  'conf',
  'cons',
  'crst',
  'dirs',
  'dump',
  'envi',
  'isro',
  'mntr',
  'ruok',
  'srst',
  'srvr',
  'stat',
  'wchc',
  'wchp',
  'wchs',
] as const;

export type FourLetterWord = (typeof fourLetterWords)[number];

const byNumber = new Map<number, FourLetterWord>(fourLetterWords.map((word) => [numberOf(word), word]));

function numberOf(word: string): number {
  let number = 0;
  for (let i = 0; i < 4; i++) number = number * 256 + word.charCodeAt(i);
  return number;
}

/** The word that a length spells; undefined where it spells none. */
export function fourLetterWord(length: number): FourLetterWord | undefined {
  return byNumber.get(length);
}

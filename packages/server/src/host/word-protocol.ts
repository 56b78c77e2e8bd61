/** Four-letter words at the client port: a word, the answer, the end. What follows the word is thrown away. */
import { fourLetterWords, type FourLetterWord } from '@synod/zookeeper';
import type { Protocol } from './sniff.js';

/** Milliseconds that an answer may take to leave, and the other side to end the connection. */
const ANSWER_MS = 10_000;

/** `answer`: what to say to a word; null to say nothing. */
export function wordProtocol(answer: (word: FourLetterWord) => string | null): Protocol {
  return {
    name: 'word',
    claims(first) {
      const said = Buffer.from(first.buffer, first.byteOffset, Math.min(first.length, 4)).toString('latin1');
      if (!fourLetterWords.some((word) => word.startsWith(said))) return 'no';
      return said.length === 4 ? 'yes' : 'more';
    },
    accept(socket, first) {
      const text = answer(Buffer.from(first).toString('latin1', 0, 4) as FourLetterWord);
      if (text === null) {
        socket.destroy();
        return;
      }
      // Half-open connections are common here (`echo ruok | nc HOST PORT`): the other side may have ended, or never will.
      const late = setTimeout(() => socket.destroy(), ANSWER_MS);
      socket.once('close', () => clearTimeout(late));
      socket.end(text);
      socket.resume();
    },
  };
}

/** ZooKeeper's handshake begins with the length of its frame, which is far below 2^24; nothing else begins with a 0. */
export function claimsZooKeeper(first: Uint8Array): 'yes' | 'no' {
  return first[0] === 0 ? 'yes' : 'no';
}

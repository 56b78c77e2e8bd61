/**
 * Marks: calls of `globalThis.__synodMark` that are put in at rare branches of the product while the simulator runs, so
 * that a run can say which of them it has reached. A mark that no run reaches tells that the generators are too narrow.
 */
import { diskMarks } from './marks/disk.js';
import { historyMarks } from './marks/history.js';
import { serviceMarks } from './marks/service.js';

/**
 * `find` is exact text that stands in `file` once, `part` the piece of it that matters (all of it where it is missing).
 * How the call is put in: `after` the piece; around a `statement`, which becomes a block that calls first; around the
 * statement that an `if` or `for` in the text rules, its `branch`; as the `else` of such a statement; in front of an
 * `expression`.
 *
 * @typedef {{
 *   name: string;
 *   file: string;
 *   find: string;
 *   part?: string;
 *   how: 'after' | 'statement' | 'branch' | 'else' | 'expression';
 * }} Mark
 */

/** @type {readonly Mark[]} */
export const marks = [...historyMarks, ...diskMarks, ...serviceMarks];

/** Where the statement begins that the first `if` or `for` of a text rules. @param {string} text */
function ruled(text) {
  const start = text.search(/\b(if|for) \(/);
  let depth = 0;
  for (let at = text.indexOf('(', start); at < text.length; at++) {
    if (text[at] === '(') depth++;
    else if (text[at] === ')' && --depth === 0) return at + 2;
  }
  throw new Error(`no statement is ruled by ${text}`);
}

/**
 * The call of a mark as a change of its source.
 *
 * @param {Mark} mark
 * @returns {import('./patch.js').Insertion}
 */
function insertionOf({ name, file, find, part = find, how }) {
  const call = `globalThis.__synodMark?.('${name}')`;
  const from = find.indexOf(part);
  const to = from + part.length;
  switch (how) {
    case 'after':
      return { file, find, from, to, before: '', after: ` ${call};` };
    case 'statement':
      return { file, find, from, to, before: `{ ${call}; `, after: ' }' };
    case 'branch':
      return { file, find, from: ruled(find), to, before: `{ ${call}; `, after: ' }' };
    case 'else':
      return { file, find, from, to, before: '', after: ` else ${call};` };
    case 'expression':
      return { file, find, from, to, before: `(${call}, `, after: ')' };
  }
}

/** All marks as changes of the sources. */
export function insertionsOf() {
  return marks.map(insertionOf);
}

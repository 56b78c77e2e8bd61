/** Paths for requests: few, so that they meet; some that are not there, and some that cannot be. */
import { builtIn } from '../player.js';
import { names, parentOf } from './names.js';

/** Paths that no znode can have; some operations look for them nevertheless. */
const impossible = [
  'a',
  '//',
  '/a/',
  '/a//b',
  '/.',
  '/..',
  '/a/./b',
  '/a/../b',
  '/\u0000',
  '/a\u0000b',
  '/\u0001',
  '/\u007f',
  '/\u009f',
  '/\ud7ff/',
  '/\ue000',
  '/\uf8ff',
  '/\ufff0',
  '/\uffff',
  '/\u{1f600}',
  ' ',
  '/a/b/',
];

/** Paths that look odd and are none the worse for it. */
const odd = ['/..a', '/a.b', '/.a', '/ ', '/ä', '/\u4e2d\u6587', '/\uf900', '/\uffef', '/\u00a0', '/a%2f', '/~', '/-1'];

/** @param {import('./draft.js').Draft} draft @returns {string} a path of a znode that may well be there */
export function usual({ random, root, outside, there }) {
  if (random.chance(0.6)) return random.pick([...there]);
  if (outside && random.chance(0.15)) return random.pick([...builtIn, '/x', '/zookeeper/y']);
  let path = root;
  for (let depth = 1 + Number(random.chance(0.5)) + Number(random.chance(0.2)); depth > 0; depth--) {
    path += `/${random.pick(names)}`;
  }
  if (random.chance(0.2)) return `${path}/e${random.below(3)}`;
  if (random.chance(0.1)) return `${parentOf(path)}/s-${sequence(random.below(12))}`;
  if (random.chance(0.03)) return `${parentOf(path)}/${sequence(random.below(12))}`;
  return random.chance(0.04) ? root : path;
}

/** @param {import('./draft.js').Draft} draft @returns {string} any path */
export function any(draft) {
  const { random, root } = draft;
  if (random.chance(0.96)) return usual(draft);
  if (random.chance(0.3)) return `${root}${random.pick(odd)}`;
  if (random.chance(0.2)) return nowhere(draft);
  return random.chance(0.7) ? `${root}${random.pick(impossible)}` : random.pick(['', ...impossible]);
}

/** @param {import('./draft.js').Draft} draft @returns {string} a path whose parent is never there */
export function nowhere({ random, root }) {
  return `${root}/none/${random.pick(names)}`;
}

/**
 * A path to create at. @param {import('./draft.js').Draft} draft @param {{ ephemeral: boolean; sequential: boolean }} mode
 */
export function toCreate(draft, { ephemeral, sequential }) {
  const { random } = draft;
  if (random.chance(0.04)) return any(draft);
  const parents = [...draft.there].filter((path) => !path.includes('/e'));
  const path = random.chance(0.7) ? `${random.pick(parents)}/${random.pick(names)}` : usual(draft);
  if (sequential) return `${random.chance(0.5) ? path : parentOf(path)}/${random.chance(0.8) ? 's-' : ''}`;
  return ephemeral && random.chance(0.8) ? `${parentOf(path)}/e${random.below(3)}` : path;
}

/** @param {number} number */
function sequence(number) {
  return String(number).padStart(10, '0');
}

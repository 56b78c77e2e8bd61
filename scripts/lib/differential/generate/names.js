/** Names of znodes, and what is in front of them. */

export const names = ['a', 'b', 'c', 'd'];

/** @param {string} path */
export function parentOf(path) {
  return path.slice(0, Math.max(0, path.lastIndexOf('/')));
}

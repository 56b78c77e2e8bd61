/** The module loader's side of loader.js, in a thread of Node's own: gives out code in place of built files. */

/** @type {Map<string, string>} */
let sources = new Map();

/** @param {[string, string][]} data the addresses of built files, and the code in their place */
export function initialize(data) {
  sources = new Map(data);
}

/**
 * @param {string} url
 * @param {import('node:module').LoadHookContext} context
 * @param {(url: string, context: import('node:module').LoadHookContext) => unknown} nextLoad
 */
export function load(url, context, nextLoad) {
  const source = sources.get(url);
  return source === undefined ? nextLoad(url, context) : { format: 'module', source, shortCircuit: true };
}

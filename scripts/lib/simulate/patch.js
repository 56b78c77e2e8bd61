/**
 * Textual patches of the product's sources: how a mutant gets its wrong behaviour and a mark its call. The product has no
 * switch for either; a patch names the exact text that it changes, so a source that moved on is noticed and not missed.
 *
 * Nothing is written: the patched text is compiled in memory, and the module loader (loader.js) gives it out in place of
 * the built file.
 */
import { transformSync } from '@swc/core';
import { readFileSync } from 'node:fs';
import { inRoot } from '../project.js';

/**
 * One change. `find` is exact text that stands in `file` (a path below the root) exactly once.
 *
 * @typedef {{ file: string; find: string; replace: string }} Patch
 */

/**
 * Text put in around a piece of what is there, which does the same as before. `from` and `to`: where the piece lies in
 * `find`.
 *
 * @typedef {{ file: string; find: string; from: number; to: number; before: string; after: string }} Insertion
 */

/** A patch that does not fit the sources of today. */
export class Misfit extends Error {
  /** @override */
  name = 'Misfit';
}

/** How often a text stands in another. @param {string} text @param {string} part */
export function occurrences(text, part) {
  return text.split(part).length - 1;
}

/** @param {string} file a path below the root */
export function readSource(file) {
  return readFileSync(inRoot(file), 'utf8');
}

/** The built file of a source. @param {string} file */
export function builtOf(file) {
  const match = /^packages\/([\w-]+)\/src\/(.+)\.ts$/.exec(file);
  if (match === null) throw new Misfit(`${file} is no source of a package`);
  return inRoot('packages', match[1] ?? '', 'dist', `${match[2] ?? ''}.js`);
}

/** @param {string} text @param {string} find @param {string} file */
function placeOf(text, find, file) {
  const count = occurrences(text, find);
  if (count !== 1) throw new Misfit(`${file} has this text ${count} times, not once:\n${find}`);
  const from = text.indexOf(find);
  return { from, to: from + find.length };
}

/**
 * The text with all changes. An insertion into text that a patch replaces is left out; patches that overlap are a Misfit,
 * equal ones count once.
 *
 * @param {string} file
 * @param {string} text
 * @param {readonly Patch[]} patches
 * @param {readonly Insertion[]} insertions
 */
export function change(file, text, patches, insertions) {
  const replaced = [...new Map(patches.map((patch) => [`${patch.find}\0${patch.replace}`, patch])).values()]
    .map(({ find, replace }) => ({ ...placeOf(text, find, file), text: replace }))
    .sort((a, b) => a.from - b.from);
  for (const [index, edit] of replaced.entries()) {
    const next = replaced[index + 1];
    if (next && next.from < edit.to) throw new Misfit(`two patches change the same place of ${file}`);
  }
  const edits = [...replaced];
  for (const { find, before, after, ...piece } of insertions) {
    const place = placeOf(text, find, file);
    const [from, to] = [place.from + piece.from, place.from + piece.to];
    if (replaced.some((edit) => edit.from < to && from < edit.to)) continue;
    if (before !== '') edits.push({ from, to: from, text: before });
    edits.push({ from: to, to, text: after });
  }
  edits.sort((a, b) => b.from - a.from || b.to - a.to);
  let changed = text;
  for (const edit of edits) changed = changed.slice(0, edit.from) + edit.text + changed.slice(edit.to);
  return changed;
}

/** TypeScript to a module as the build would make it, types unchecked. @param {string} source */
export function compile(source) {
  const { code } = transformSync(source, {
    configFile: false,
    swcrc: false,
    sourceMaps: false,
    jsc: {
      parser: { syntax: 'typescript' },
      target: 'es2022',
      transform: { verbatimModuleSyntax: true },
    },
    module: { type: 'es6' },
  });
  return code;
}

/**
 * All patched modules: the path of the built file, and the code that takes its place.
 *
 * @param {readonly Patch[]} patches
 * @param {readonly Insertion[]} insertions
 * @returns {Map<string, string>}
 */
export function patchedModules(patches, insertions) {
  const modules = new Map();
  for (const file of new Set([...patches, ...insertions].map((one) => one.file))) {
    const text = change(
      file,
      readSource(file),
      patches.filter((one) => one.file === file),
      insertions.filter((one) => one.file === file),
    );
    try {
      modules.set(builtOf(file), compile(text));
    } catch (error) {
      if (error instanceof Misfit) throw error;
      throw new Misfit(`${file} cannot be compiled with its patches: ${String(error)}`);
    }
  }
  return modules;
}

/**
 * Paths of znodes: absolute, `/`-separated, no trailing slash, no empty, `.` or `..` segment, and none of the
 * characters that ZooKeeper forbids (ZooKeeper programmer's guide, "The ZooKeeper data model").
 */
import { limits } from './limits.js';

/**
 * Says what is wrong with a path, or returns undefined for a good one. For a sequential create pass
 * `sequential: true`: the path may then end with a slash, because ten digits follow.
 */
export function pathProblem(path: string, sequential = false): string | undefined {
  const length = path.length;
  if (length === 0) return 'a path must not be empty';
  if (path.charCodeAt(0) !== 47) return 'a path must start with "/"';
  if (length > limits.pathLength) return `a path must not be longer than ${limits.pathLength} characters`;
  if (length === 1) return undefined;
  if (path.charCodeAt(length - 1) === 47 && !sequential) return 'a path must not end with "/"';
  let start = 1;
  for (let i = 1; i <= length; i++) {
    const unit = i === length ? 47 : path.charCodeAt(i);
    if (unit === 47) {
      const problem = i === length && sequential ? undefined : segmentProblem(path, start, i);
      if (problem !== undefined) return problem;
      start = i + 1;
    } else if (isForbidden(unit)) {
      return `a path must not contain the character U+${unit.toString(16).toUpperCase().padStart(4, '0')} (at ${i})`;
    }
  }
  return undefined;
}

function segmentProblem(path: string, start: number, end: number): string | undefined {
  const length = end - start;
  if (length === 0) return 'a path must not have an empty name between two "/"';
  if (path.charCodeAt(start) !== 46) return undefined;
  if (length === 1) return 'a path must not have "." as a name';
  if (length === 2 && path.charCodeAt(start + 1) === 46) return 'a path must not have ".." as a name';
  return undefined;
}

/** Control characters, surrogates and private use, specials: U+0000–1F, 7F–9F, D800–F8FF, FFF0–FFFF. */
function isForbidden(unit: number): boolean {
  return unit < 0x20 || (unit >= 0x7f && (unit <= 0x9f || (unit >= 0xd800 && (unit <= 0xf8ff || unit >= 0xfff0))));
}

/** The path of the parent; `/` for a child of the root. The root itself has none: do not ask. */
export function parentPath(path: string): string {
  const slash = path.lastIndexOf('/');
  return slash <= 0 ? '/' : path.slice(0, slash);
}

/** The last name of a path. */
export function baseName(path: string): string {
  return path.slice(path.lastIndexOf('/') + 1);
}

/** Parent and name joined. */
export function joinPath(parent: string, name: string): string {
  return parent === '/' ? `/${name}` : `${parent}/${name}`;
}

/** The suffix of a sequential znode as ZooKeeper's `%010d`: ten digits, or a minus and at least nine. */
export function sequenceSuffix(sequence: number): string {
  return sequence < 0 ? `-${String(-sequence).padStart(9, '0')}` : String(sequence).padStart(10, '0');
}

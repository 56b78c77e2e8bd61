/**
 * What ZooKeeper's server asks of a path before it looks at the tree. The rules for the characters of a path concern only
 * what is written (create, setData, setACL, check) and are judged by the tree (pathProblem of the protocol); a read or a
 * delete of a malformed path simply finds nothing.
 */
import { limits, refuse, type Refusal } from '@synod/protocol';

/** The path of a create, a delete or a watch, as it is. */
export function pathOf(path: string | null): string | Refusal {
  if (path === null) return refuse('MARSHALLING_ERROR', '', 'there is no path');
  if (path.length <= limits.pathLength) return path;
  return refuse('BAD_ARGUMENTS', '', `a path must not be longer than ${limits.pathLength} characters`);
}

/** The path of setData, setACL or check, which ZooKeeper judges before it does anything else: none at all is a bad one. */
export function judgedPathOf(path: string | null): string | Refusal {
  return path === null ? refuse('BAD_ARGUMENTS', '', 'there is no path') : pathOf(path);
}

/** The path of a read, where the empty path is another name of the root. */
export function readPathOf(path: string | null): string | Refusal {
  return path === '' ? '/' : pathOf(path);
}

/**
 * Who watches a whole subtree, found by walking down a path once. A look-up of each ancestor's path would cost the
 * square of its length, and a path may have eight thousand names.
 */

interface Place {
  readonly parent: Place | null;
  readonly name: string;
  readonly connections: Set<number>;
  readonly below: Map<string, Place>;
}

/** Connections by the paths they watch recursively. What can be no znode's path is left out: there is nothing to tell of it. */
export class RecursiveWatches {
  readonly #root: Place = { parent: null, name: '', connections: new Set(), below: new Map() };
  #size = 0;

  /** Watches, each connection at each path counted. */
  get size(): number {
    return this.#size;
  }

  /** Adds a watch that is not there yet. */
  add(connection: number, path: string): void {
    if (!isPath(path)) return;
    let place = this.#root;
    for (const name of namesOf(path)) {
      let next = place.below.get(name);
      if (next === undefined) {
        next = { parent: place, name, connections: new Set(), below: new Map() };
        place.below.set(name, next);
      }
      place = next;
    }
    place.connections.add(connection);
    this.#size++;
  }

  /** Removes a watch that is there. */
  remove(connection: number, path: string): void {
    if (!isPath(path)) return;
    let place = this.#root;
    for (const name of namesOf(path)) place = place.below.get(name)!;
    place.connections.delete(connection);
    this.#size--;
    while (place.parent !== null && place.connections.size === 0 && place.below.size === 0) {
      place.parent.below.delete(place.name);
      place = place.parent;
    }
  }

  /** Calls `tell` for each connection that watches the path or an ancestor of it; one may come several times. */
  forEach(path: string, tell: (connection: number) => void): void {
    if (this.#size === 0) return;
    let place = this.#root;
    place.connections.forEach(tell);
    for (const name of namesOf(path)) {
      const next = place.below.get(name);
      if (next === undefined) return;
      next.connections.forEach(tell);
      place = next;
    }
  }
}

/** Whether the names of a path tell it from every other: they do not show how it begins, nor a slash at its end. */
function isPath(path: string): boolean {
  return path.startsWith('/') && (path === '/' || !path.endsWith('/'));
}

function* namesOf(path: string): Generator<string> {
  for (let start = 1; start < path.length;) {
    const slash = path.indexOf('/', start);
    const end = slash < 0 ? path.length : slash;
    yield path.slice(start, end);
    start = end + 1;
  }
}

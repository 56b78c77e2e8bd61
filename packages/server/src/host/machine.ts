/**
 * What the four-letter words tell of the process and the machine under it. Read when it is asked for; what cannot be read
 * is left out or 0, because a server that cannot tell the size of a file still serves.
 */
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { homedir, hostname, release, type, userInfo } from 'node:os';
import { join } from 'node:path';
import { getHeapStatistics } from 'node:v8';
import type { FileFacts, FolderFacts, WordFacts } from '@synod/zookeeper';

/** The version in this package's own manifest, and what runs it. */
export function versionOf(): WordFacts['version'] {
  const manifest = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8')) as {
    readonly version: string;
  };
  return { product: manifest.version, platform: `Node.js ${process.version}` };
}

/** Names as ZooKeeper has them. Memory is that of the heap, as there. */
export function* environment(): Generator<readonly [name: string, value: string], void> {
  const heap = getHeapStatistics();
  const megabytes = (bytes: number): string => `${Math.round(bytes / 1_048_576)}MB`;
  const user = readable(() => userInfo().username);
  yield ['host.name', hostname()];
  yield ['node.version', process.version];
  yield ['os.name', type()];
  yield ['os.arch', process.arch];
  yield ['os.version', release()];
  if (user !== null) yield ['user.name', user];
  yield ['user.home', homedir()];
  yield ['user.dir', process.cwd()];
  yield ['os.memory.free', megabytes(heap.total_heap_size - heap.used_heap_size)];
  yield ['os.memory.max', megabytes(heap.heap_size_limit)];
  yield ['os.memory.total', megabytes(heap.total_heap_size)];
}

/** Linux tells; other systems are not asked. */
export function filesOf(): FileFacts {
  return {
    // The folder itself is open while it is read.
    open: readable(() => readdirSync('/proc/self/fd').length - 1),
    most: readable(() => {
      const limit = /^Max open files\s+(\d+)/m.exec(readFileSync('/proc/self/limits', 'latin1'))?.[1];
      return limit === undefined ? null : Number(limit);
    }),
  };
}

/** Sizes of the files in a server's folder. */
export function foldersOf(folder: string): FolderFacts {
  let [dataBytes, logBytes] = [0, 0];
  for (const name of readable(() => readdirSync(folder)) ?? []) {
    // A file may go between the two calls.
    const size = readable(() => statSync(join(folder, name)).size) ?? 0;
    if (name.startsWith('log')) logBytes += size;
    else dataBytes += size;
  }
  return { dataBytes, logBytes };
}

function readable<T>(read: () => T): T | null {
  try {
    return read();
  } catch {
    return null;
  }
}

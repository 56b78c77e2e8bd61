/** Reads one znode of the source, its data and its access list as they were at the same moment. */
import { isSynodError } from '@synod/protocol';
import type { AclRecord, StatRecord } from '@synod/zookeeper';
import type { Source } from './source.js';

export interface Znode {
  readonly data: Uint8Array | null;
  readonly acl: AclRecord;
  readonly stat: StatRecord;
}

/** Times a znode is read again because it changes meanwhile. */
const ATTEMPTS = 5;

/** The znode; `gone` where there is none (any more), `denied` where it may not be read, `restless` where it never rests. */
export async function readZnode(source: Source, path: string): Promise<Znode | 'gone' | 'denied' | 'restless'> {
  try {
    for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
      const [{ data, stat }, { acl, stat: later }] = await Promise.all([source.data(path), source.acl(path)]);
      // The list was the same when the data were read.
      if (stat.czxid === later.czxid && stat.aversion === later.aversion) return { data, acl, stat };
    }
    return 'restless';
  } catch (error) {
    return missing(error);
  }
}

/** The names of the children, sorted. */
export async function readNames(source: Source, path: string): Promise<string[] | 'gone' | 'denied'> {
  try {
    const { children } = await source.children(path);
    return (children ?? []).map((name) => name ?? '').sort();
  } catch (error) {
    return missing(error);
  }
}

function missing(error: unknown): 'gone' | 'denied' {
  if (isSynodError(error) && error.code === 'NO_NODE') return 'gone';
  if (isSynodError(error) && error.code === 'NO_AUTH') return 'denied';
  throw error;
}

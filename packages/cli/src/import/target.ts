/**
 * The Synod that is written to. Creates go in multis, several under way at a time, in the order in which they were asked
 * for: a parent before its children. A multi that is refused is tried again one by one, so that each znode has an answer of
 * its own.
 */
import { ops, type Client } from '@synod/client';
import {
  isSynodError,
  joinPath,
  type Acl,
  type CreateRequest,
  type ErrorCode,
  type MultiOperation,
  type Stat,
  type SynodError,
} from '@synod/protocol';

/** Creates in one multi, bytes of their data and paths, and multis under way. */
const OPERATIONS = 500;
const BYTES = 256 * 1024;
const UNDER_WAY = 8;

/** Pairs of create and delete in one multi that raises a counter, their bytes, and multis under way. */
const PAIRS = 2_000;
const PAIRS_BYTES = 512 * 1024;
const PAIR_OVERHEAD = 64;
const RAISES_UNDER_WAY = 4;

/** The child that is made and removed to raise a counter; nobody ever sees it. */
const RAISER = 'synod-import';

/** A znode as the target has it. */
export interface Present {
  readonly data: Uint8Array | null;
  readonly acl: Acl;
  readonly stat: Stat;
}

export interface Target {
  /** Null where there is no such znode. Rejects with NO_AUTH. */
  read(path: string): Promise<Present | null>;
  children(path: string): Promise<readonly string[]>;
  /**
   * Takes a create; resolves when there is room for the next one. `settle` hears how it went: undefined, or the refusal of
   * this znode. What ends the import rejects this or a later call.
   */
  create(path: string, data: Uint8Array | null, acl: Acl, settle: (refusal?: SynodError) => void): Promise<void>;
  /** Both only where the znode still is as it was read. */
  setData(path: string, data: Uint8Array | null, old: Present): Promise<void>;
  setAcl(path: string, acl: Acl, old: Present): Promise<void>;
  /** Resolves when all creates are settled. */
  drain(): Promise<void>;
  /** How many children were ever created below a znode: the next sequential name has this number. */
  creates(path: string): Promise<number>;
  /** Counts so many creates more; `tick` is called now and then with how many it were. */
  raise(path: string, by: number, tick: (count: number) => void): Promise<void>;
}

/** Refusals that concern one znode; all others end the import. */
const OF_ZNODE: ReadonlySet<ErrorCode> = new Set([
  'NO_NODE',
  'NO_AUTH',
  'NODE_EXISTS',
  'NO_CHILDREN_FOR_EPHEMERALS',
  'BAD_VERSION',
  'BAD_ARGUMENTS',
  'INVALID_ACL',
  'QUOTA_EXCEEDED',
]);

/** True for the refusal of one znode. */
export function isOfZnode(error: unknown): error is SynodError {
  return isSynodError(error) && OF_ZNODE.has(error.code);
}

/** The number of creates behind a Stat: cversion counts them twice and takes away the children that are left. */
export function createsOf({
  cversion,
  numChildren,
}: {
  readonly cversion: number;
  readonly numChildren: number;
}): number {
  return ((cversion + numChildren) >>> 0) / 2;
}

interface Creation {
  readonly operation: CreateRequest;
  readonly settle: (refusal?: SynodError) => void;
}

export class ClientTarget implements Target {
  readonly #client: Client;
  #batch: Creation[] = [];
  #bytes = 0;
  #underWay = 0;
  #failure: { readonly error: unknown } | undefined;
  #wake: (() => void)[] = [];

  constructor(client: Client) {
    this.#client = client;
  }

  async read(path: string): Promise<Present | null> {
    try {
      const [{ data, stat }, { acl }] = await Promise.all([this.#client.get(path), this.#client.getAcl(path)]);
      return { data, acl, stat };
    } catch (error) {
      if (isSynodError(error) && error.code === 'NO_NODE') return null;
      throw error;
    }
  }

  async children(path: string): Promise<readonly string[]> {
    return (await this.#client.children(path)).children;
  }

  async create(path: string, data: Uint8Array | null, acl: Acl, settle: Creation['settle']): Promise<void> {
    while (this.#underWay >= UNDER_WAY) await this.#change();
    this.#check();
    const bytes = path.length + (data?.length ?? 0);
    if (this.#bytes + bytes > BYTES) this.#flush();
    this.#batch.push({ operation: ops.create(path, data, { acl }), settle });
    this.#bytes += bytes;
    if (this.#batch.length === OPERATIONS) this.#flush();
  }

  async setData(path: string, data: Uint8Array | null, { stat: { version } }: Present): Promise<void> {
    await this.#client.set(path, data, { version });
  }

  async setAcl(path: string, acl: Acl, { stat: { aversion } }: Present): Promise<void> {
    await this.#client.setAcl(path, acl, { version: aversion });
  }

  async drain(): Promise<void> {
    this.#flush();
    while (this.#underWay > 0) await this.#change();
    this.#check();
  }

  async creates(path: string): Promise<number> {
    const stat = await this.#client.exists(path);
    return stat === null ? 0 : createsOf(stat);
  }

  async raise(path: string, by: number, tick: (count: number) => void): Promise<void> {
    const child = joinPath(path, RAISER);
    const pairs = Math.max(1, Math.min(PAIRS, Math.floor(PAIRS_BYTES / (2 * (child.length + PAIR_OVERHEAD)))));
    const raise = async (count: number): Promise<void> => {
      const operations: MultiOperation[] = [];
      for (let i = 0; i < count; i++) operations.push(ops.create(child), ops.delete(child));
      await this.#client.multi(operations);
      tick(count);
    };
    for (let left = by; left > 0;) {
      const group: Promise<void>[] = [];
      for (; left > 0 && group.length < RAISES_UNDER_WAY; left -= Math.min(left, pairs)) {
        group.push(raise(Math.min(left, pairs)));
      }
      await Promise.all(group);
    }
  }

  #flush(): void {
    const batch = this.#batch;
    if (batch.length === 0) return;
    this.#batch = [];
    this.#bytes = 0;
    this.#underWay++;
    void this.#carryOut(batch)
      .catch((error: unknown) => {
        this.#failure ??= { error };
      })
      .finally(() => {
        this.#underWay--;
        for (const wake of this.#wake.splice(0)) wake();
      });
  }

  async #carryOut(batch: readonly Creation[]): Promise<void> {
    if (batch.length > 1) {
      try {
        await this.#client.multi(batch.map(({ operation }) => operation));
        for (const { settle } of batch) settle();
        return;
      } catch (error) {
        if (!isOfZnode(error)) throw error;
      }
    }
    await Promise.all(batch.map((creation) => this.#single(creation)));
  }

  async #single({ operation: { path, data, acl }, settle }: Creation): Promise<void> {
    try {
      await this.#client.create(path, data, { acl });
      settle();
    } catch (error) {
      if (!isOfZnode(error)) throw error;
      settle(error);
    }
  }

  #change(): Promise<void> {
    return new Promise((resolve) => this.#wake.push(resolve));
  }

  #check(): void {
    if (this.#failure !== undefined) throw this.#failure.error;
  }
}

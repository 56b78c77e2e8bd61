/**
 * A target that is not written to, for a dry run: reads are the real ones, writes only find out whether the identities would
 * allow them. What else may be refused (quotas, malformed access lists) is not known before it is tried.
 */
import { createHash } from 'node:crypto';
import type { Client, Credentials } from '@synod/client';
import { parentPath, Permission, SynodError, type Acl, type Identity } from '@synod/protocol';
import { mayHave } from './acl.js';
import { isOfZnode, type Present, type Target } from './target.js';

export class Rehearsal implements Target {
  readonly #target: Target;
  readonly #identities: readonly Identity[];
  /** Znodes that would be made and below which nothing could be, and such as would be refused. */
  readonly #closed = new Set<string>();
  readonly #refused = new Set<string>();
  /** Whether children may be made, by parent; and how many would be. */
  readonly #open = new Map<string, Promise<boolean>>();
  readonly #made = new Map<string, number>();

  constructor(target: Target, identities: readonly Identity[]) {
    this.#target = target;
    this.#identities = identities;
  }

  read(path: string): Promise<Present | null> {
    return this.#target.read(path);
  }

  children(path: string): Promise<readonly string[]> {
    return this.#target.children(path);
  }

  async create(
    path: string,
    _data: Uint8Array | null,
    acl: Acl,
    settle: (refusal?: SynodError) => void,
  ): Promise<void> {
    const parent = parentPath(path);
    if (!mayHave(acl, this.#identities, Permission.CREATE)) this.#closed.add(path);
    let refusal: SynodError | undefined;
    if (this.#refused.has(parent)) refusal = new SynodError({ code: 'NO_NODE', reason: 'there is no parent', path });
    else if (!(await this.#isOpen(parent))) refusal = denied('CREATE', path);
    if (refusal !== undefined) this.#refused.add(path);
    else this.#made.set(parent, (this.#made.get(parent) ?? 0) + 1);
    settle(refusal);
  }

  /** What is neither closed nor in the target would be made open. */
  #isOpen(parent: string): Promise<boolean> {
    if (this.#closed.has(parent)) return Promise.resolve(false);
    let open = this.#open.get(parent);
    if (open === undefined) {
      open = this.#target.read(parent).then(
        (present) => present === null || mayHave(present.acl, this.#identities, Permission.CREATE),
        (error: unknown) => {
          if (isOfZnode(error)) return true;
          throw error;
        },
      );
      this.#open.set(parent, open);
    }
    return open;
  }

  setData(path: string, _data: Uint8Array | null, { acl }: Present): Promise<void> {
    if (mayHave(acl, this.#identities, Permission.WRITE)) return Promise.resolve();
    return Promise.reject(denied('WRITE', path));
  }

  setAcl(path: string, acl: Acl, old: Present): Promise<void> {
    if (!mayHave(old.acl, this.#identities, Permission.ADMIN)) return Promise.reject(denied('ADMIN', path));
    this.#open.set(path, Promise.resolve(mayHave(acl, this.#identities, Permission.CREATE)));
    return Promise.resolve();
  }

  drain(): Promise<void> {
    return Promise.resolve();
  }

  async creates(path: string): Promise<number> {
    return (await this.#target.creates(path)) + (this.#made.get(path) ?? 0);
  }

  raise(_path: string, by: number, tick: (count: number) => void): Promise<void> {
    tick(by);
    return Promise.resolve();
  }
}

function denied(permission: string, path: string): SynodError {
  return new SynodError({ code: 'NO_AUTH', reason: `this needs the permission ${permission}`, path });
}

/** The identities of a client: the server does not show the hashes of digests, but the credentials are known here. */
export async function identitiesOf(client: Client, auth: readonly Credentials[]): Promise<Identity[]> {
  const digests = auth.filter(({ scheme }) => scheme === 'digest').map(({ credentials }) => Buffer.from(credentials));
  return [
    ...(await client.whoAmI()).filter(({ scheme }) => scheme !== 'digest'),
    ...digests.map((credentials) => {
      const [user = ''] = credentials.toString().split(':', 1);
      return { scheme: 'digest', id: `${user}:${createHash('sha1').update(credentials).digest('base64')}` };
    }),
  ];
}

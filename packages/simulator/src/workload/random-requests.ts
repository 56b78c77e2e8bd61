/** Draws single requests over the whole key space, among them those that will be refused. */
import {
  CREATOR_ACL,
  CreateMode,
  isWrite,
  Op,
  OPEN_ACL,
  Permission,
  READ_ACL,
  type Acl,
  type AddAuthRequest,
  type CreateRequest,
  type DeleteRequest,
  type GetChildrenRequest,
  type GetDataRequest,
  type MultiOperation,
  type Request,
  type SetDataRequest,
} from '@synod/protocol';
import type { Random } from '../random.js';
import { quotaRequest } from './quota-requests.js';
import type { Load } from './load.js';
import { bytes, children, create, exists, get, remove, set, sync } from './requests.js';
import { choices, modeNames, requestNames, type ModeName, type RequestName } from './settings.js';

/** Who the clients may prove to be: credentials, and the id that ACLs name (base64 of the SHA-1 of the credentials). */
const users = [
  ['user0:secret0', 'user0:he0QQ5iBCiBGOlT9Gd9SKqgkqh8='],
  ['user1:secret1', 'user1:XB0MxFMOTPMBwMAkZzzKzP9Xnuc='],
  ['user2:secret2', 'user2:EE/SD6V5vElYQN0sfR5COoTRZ1Q='],
] as const;

const MODES: Readonly<Record<ModeName, CreateMode>> = {
  persistent: CreateMode.persistent,
  ephemeral: CreateMode.ephemeral,
  sequential: CreateMode.persistentSequential,
  ephemeralSequential: CreateMode.ephemeralSequential,
  container: CreateMode.container,
  ttl: CreateMode.ttl,
  ttlSequential: CreateMode.ttlSequential,
};
const SEQUENTIAL: ReadonlySet<CreateMode> = new Set([
  CreateMode.persistentSequential,
  CreateMode.ephemeralSequential,
  CreateMode.ttlSequential,
]);
const WITH_TTL: ReadonlySet<CreateMode> = new Set([CreateMode.ttl, CreateMode.ttlSequential]);

const LARGE = 4_096;
const LONGEST_MULTI = 8;

export class RandomRequests {
  readonly #load: Load;
  readonly #random: Random;
  readonly #requests: (readonly [number, RequestName])[];
  readonly #modes: (readonly [number, ModeName])[];
  /** Versions as they were when they were last seen. */
  readonly #versions = new Map<string, number>();

  constructor(load: Load) {
    this.#load = load;
    this.#random = load.random;
    this.#requests = choices(requestNames, load.settings.requests);
    this.#modes = choices(modeNames, load.settings.modes);
  }

  /** What an answer has told about a znode. */
  saw(path: string, version: number): void {
    this.#versions.set(path, version);
  }

  next(): Request {
    const { shared, settings } = this.#load;
    const random = this.#random;
    if (shared.tooManyMade) return remove(this.#takeMade());
    const path = this.#path();
    switch (random.weighted(this.#requests)) {
      case 'create':
        return this.#create(path);
      case 'delete':
        return this.#delete();
      case 'set':
        return this.#set(path);
      case 'setAcl':
        return { op: Op.setAcl, path, acl: this.#acl(1), version: random.pick([-1, -1, 0, 1]) };
      case 'multi':
        return { op: Op.multi, operations: this.#operations() };
      case 'wrong':
        return this.#wrong(path);
      case 'get':
        return get(path);
      case 'exists':
        return exists(path);
      case 'children':
        return children(random.chance(0.1) ? '/' : path);
      case 'getAcl':
        return { op: Op.getAcl, path };
      case 'multiRead':
        return { op: Op.multiRead, operations: this.#reads() };
      case 'ephemerals':
        return { op: Op.getEphemerals, prefix: random.chance(0.5) ? '/' : path };
      case 'count':
        return { op: Op.getAllChildrenNumber, path: random.chance(0.2) ? '/' : path };
      case 'sync':
        return sync(random.chance(0.5) ? '/' : path);
      case 'whoAmI':
        return { op: Op.whoAmI };
      case 'addAuth':
        return this.#addAuth(random.int(0, settings.users - 1));
      case 'quota':
        return quotaRequest(random, `/${path.split('/')[1]!}`, shared.paths.length);
    }
  }

  #path(): string {
    return this.#random.pick(this.#load.shared.paths);
  }

  /** A sequential znode that was made; it counts as gone. */
  #takeMade(): string {
    const { made } = this.#load.shared;
    return made.splice(this.#random.int(0, made.length - 1), 1)[0]!;
  }

  /** Mostly any version; else the right one, as far as that is known, or a wrong one. */
  #version(path: string): number {
    const known = this.#versions.get(path) ?? 0;
    return this.#random.weighted([
      [4, -1],
      [4, known],
      [1, known + 1],
      [1, this.#random.int(0, 3)],
    ]);
  }

  #data(): Uint8Array | null {
    const random = this.#random;
    const { bytes: most, large } = this.#load.settings;
    if (random.chance(0.05)) return null;
    if (random.chance(0.05)) return new Uint8Array(0);
    const size = random.chance(large) ? LARGE : random.int(0, most);
    return bytes(this.#load.unique().padEnd(size, '.'));
  }

  #create(path: string): CreateRequest {
    const random = this.#random;
    const { guarded, ttl } = this.#load.settings;
    const mode = MODES[random.weighted(this.#modes)];
    return {
      op: Op.create,
      path: SEQUENTIAL.has(mode) ? `${path}${random.pick(['-', '/', '/s'])}` : path,
      data: this.#data(),
      acl: this.#acl(guarded),
      mode,
      ttl: WITH_TTL.has(mode) ? Math.round(random.logUniform(1, ttl)) : 0,
    };
  }

  #delete(): DeleteRequest {
    const random = this.#random;
    if (this.#load.shared.made.length > 0 && random.chance(0.3)) return remove(this.#takeMade());
    const path = this.#path();
    return remove(path, random.chance(0.7) ? -1 : this.#version(path));
  }

  #set(path: string): SetDataRequest {
    return { op: Op.setData, path, data: this.#data(), version: this.#version(path) };
  }

  #operations(): MultiOperation[] {
    const random = this.#random;
    if (random.chance(0.3)) return this.#fitting(this.#path());
    const one = random.chance(0.3) ? this.#path() : null;
    const most = random.pick([2, 3, LONGEST_MULTI]);
    return Array.from({ length: random.int(random.chance(0.05) ? 0 : 2, most) }, () => this.#operation(one));
  }

  /** A change of one path, or of any where that is null. */
  #operation(one: string | null): MultiOperation {
    const path = one ?? this.#path();
    const kinds = [[3, 'create'] as const, [3, 'set'] as const, [2, 'delete'] as const, [1, 'check'] as const];
    switch (this.#random.weighted(kinds)) {
      case 'create':
        return this.#create(path);
      case 'set':
        return this.#set(path);
      case 'delete':
        return one === null ? this.#delete() : remove(one);
      case 'check':
        return { op: Op.check, path, version: this.#version(path) };
    }
  }

  /** Operations that fit each other, each on what the ones before have made; perhaps with one at the end that does not. */
  #fitting(parent: string): MultiOperation[] {
    const random = this.#random;
    const path = `${parent}/m`;
    const operations: MultiOperation[] = [
      { op: Op.create, path, data: this.#data(), acl: OPEN_ACL, mode: CreateMode.persistent, ttl: 0 },
      { op: Op.setData, path, data: this.#data(), version: 0 },
      { op: Op.check, path, version: 1 },
      this.#create(path),
    ];
    const some = operations.slice(0, random.int(1, operations.length));
    if (random.chance(0.7) && some.length < operations.length) some.push(remove(path, Math.min(some.length - 1, 1)));
    if (random.chance(0.2)) some.push({ op: Op.check, path: parent, version: 1_000 });
    return some;
  }

  #reads(): (GetDataRequest | GetChildrenRequest)[] {
    const random = this.#random;
    return Array.from({ length: random.int(1, LONGEST_MULTI) }, () => {
      const path = this.#path();
      return random.chance(0.6) ? get(path) : children(path);
    });
  }

  /** `guarded`: how likely it does not let everybody do everything. */
  #acl(guarded: number): Acl {
    const random = this.#random;
    if (!random.chance(guarded)) return OPEN_ACL;
    const [, id] = users[random.int(0, this.#load.settings.users - 1)]!;
    const owner = { permissions: Permission.ALL, scheme: 'digest', id };
    return random.weighted<Acl>([
      [3, CREATOR_ACL],
      [3, [owner]],
      [2, [...READ_ACL, owner]],
      [1, [{ permissions: Permission.ALL & ~Permission.READ, scheme: 'world', id: 'anyone' }]],
      [
        1,
        [
          { permissions: random.int(1, 31), scheme: 'world', id: 'anyone' },
          { ...owner, permissions: random.int(1, 31) },
        ],
      ],
      [1, OPEN_ACL],
    ]);
  }

  #addAuth(user: number): AddAuthRequest {
    return { op: Op.addAuth, scheme: 'digest', credentials: bytes(users[user]![0]) };
  }

  /** What a server understands and refuses, whatever is there. */
  #wrong(path: string): Request {
    const nobody: Acl = [{ permissions: Permission.ALL, scheme: 'nobody', id: 'x' }];
    return this.#random.pick<() => Request>([
      () => ({ ...create(path, 'x'), ttl: 5 }),
      () => ({ ...create(path, 'x', CreateMode.ttl), ttl: 0 }),
      () => create(`${path}/`, 'x'),
      () => create(`${path}//a`, 'x'),
      () => create(`${path}/..`, 'x', CreateMode.ephemeral),
      () => create('/', 'x'),
      () => create(path, 'x', CreateMode.persistent, []),
      () => create(path, 'x', CreateMode.persistent, nobody),
      () => create('/nowhere/at/all', 'x', CreateMode.ephemeralSequential),
      () => ({ op: Op.setAcl, path, acl: nobody, version: -1 }),
      () => ({ op: Op.setAcl, path: `${path}/`, acl: OPEN_ACL, version: -1 }),
      () => remove('/zookeeper'),
      () => remove('/'),
      () => set(`${path}/\u0001`, 'x'),
      () => set('/zookeeper/config', 'x'),
      () => get(`${path}/./a`),
      () => children('relative'),
      () => ({ op: Op.checkWatches, path: '/nowhere', type: 3 }),
      () => ({ op: Op.removeWatches, path: '/nowhere', type: 1 }),
    ])();
  }
}

/** The same read with a watch; null for what cannot have one. */
export function watching(request: Request): (GetDataRequest | GetChildrenRequest | ReturnType<typeof exists>) | null {
  if (isWrite(request)) return null;
  switch (request.op) {
    case Op.getData:
    case Op.exists:
    case Op.getChildren:
      return { ...request, watch: true };
    default:
      return null;
  }
}

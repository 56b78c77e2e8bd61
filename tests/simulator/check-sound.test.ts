/** Random histories in which every promise is kept are accepted; at the same time a comparison of tree and reference. */
import { expect, test } from '@jest/globals';
import {
  CREATOR_ACL,
  CreateMode,
  Op,
  OPEN_ACL,
  Permission,
  READ_ACL,
  WatcherType,
  type Acl,
  type MultiOperation,
  type Request,
} from '@synod/protocol';
import { Random } from '@synod/simulator/random';
import { quotaRequest } from '@synod/simulator/workload/quota-requests';
import { Lab, type LabClient } from './lab.js';

const names = ['a', 'b', 'c'];
const users = ['one:1', 'two:2'];
const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);

class Drawer {
  readonly random: Random;

  constructor(seed: number) {
    this.random = new Random(seed, 'sound histories');
  }

  path(): string {
    const depth = this.random.pick([1, 1, 2, 2, 3]);
    return Array.from({ length: depth }, () => `/${this.random.pick(names)}`).join('');
  }

  acl(): Acl {
    if (this.random.chance(0.85)) return OPEN_ACL;
    return this.random.pick<Acl>([
      CREATOR_ACL,
      READ_ACL,
      [],
      [{ permissions: 31, scheme: 'nobody', id: 'x' }],
      [...CREATOR_ACL, ...READ_ACL, ...READ_ACL],
      [{ permissions: Permission.ALL & ~Permission.READ, scheme: 'world', id: 'anyone' }],
      [{ permissions: this.random.int(1, 31), scheme: 'world', id: 'anyone' }],
    ]);
  }

  write(): MultiOperation {
    const { random } = this;
    const path = random.chance(0.05)
      ? random.pick(['/', '/zookeeper', '/a/', 'a', '/a//b', '/a/..', '/\u0001'])
      : this.path();
    const version = random.pick([-1, -1, -1, 0, 1, 2]);
    switch (random.int(0, 6)) {
      case 0:
      case 1:
      case 2: {
        const mode = random.chance(0.6) ? CreateMode.persistent : random.pick(Object.values(CreateMode));
        const isTtl = mode === CreateMode.ttl || mode === CreateMode.ttlSequential;
        const ttl = random.chance(0.05) ? random.pick([0, 5, -1, 2 ** 40]) : isTtl ? 1000 : 0;
        const data = random.pick([null, bytes(''), bytes('x')]);
        return { op: Op.create, path, data, acl: this.acl(), mode, ttl };
      }
      case 3:
        return { op: Op.setData, path, data: random.pick([null, bytes('new')]), version };
      case 4:
        return { op: Op.check, path, version };
      default:
        return { op: Op.delete, path, version };
    }
  }

  request(): Request {
    const { random } = this;
    const path = random.chance(0.1) ? '/' : this.path();
    switch (random.int(0, 11)) {
      case 0:
        return { op: Op.multi, operations: Array.from({ length: random.int(0, 5) }, () => this.write()) };
      case 1:
        return { op: Op.setAcl, path, acl: this.acl(), version: random.pick([-1, 0, 1]) };
      case 2:
        return { op: Op.getAcl, path };
      case 3:
        return { op: Op.getEphemerals, prefix: random.pick(['/', '', '/a']) };
      case 4:
        return { op: Op.getAllChildrenNumber, path };
      case 5:
        return {
          op: Op.multiRead,
          operations: [
            { op: Op.getData, path, watch: false },
            { op: Op.getChildren, path: this.path(), watch: false },
          ],
        };
      case 6:
        return { op: Op.sync, path: '/' };
      case 7:
        if (random.chance(0.9)) return { op: Op.sync, path: '/' };
        return { op: Op.addAuth, scheme: 'digest', credentials: bytes(random.pick(users)) };
      default: {
        const write = this.write();
        return write.op === Op.check ? { op: Op.getData, path: write.path, watch: false } : write;
      }
    }
  }
}

function step(lab: Lab, draw: Drawer, client: LabClient): void {
  const { random } = draw;
  const path = draw.path();
  switch (random.int(0, 14)) {
    case 0:
      lab.ask(client, { op: Op.getData, path, watch: true }, 'data');
      return;
    case 1:
      lab.ask(client, { op: Op.exists, path, watch: true }, 'exists');
      return;
    case 2:
      lab.ask(client, { op: Op.getChildren, path, watch: true }, 'child');
      return;
    case 3:
      if (random.chance(0.2)) lab.watch(client, path, random.pick(['persistent', 'recursive']));
      return;
    case 4:
      lab.ask(client, { op: Op.removeWatches, path, type: random.pick(Object.values(WatcherType)) });
      return;
    case 5:
      lab.advance(random.int(1, 10));
      return;
    case 6:
      lab.ask(client, { op: Op.exists, path, watch: false });
      return;
    default:
      lab.ask(client, draw.request());
  }
}

test.each(Array.from({ length: 30 }, (_, seed) => seed))('seed %i', (seed) => {
  const draw = new Drawer(seed);
  const quotas = new Random(seed, 'quotas');
  const lab = new Lab();
  let clients: LabClient[] = [];
  for (let round = 0; round < 1000; round++) {
    if (clients.length < 4) clients.push(lab.open(`client${round}`, draw.random.int(0, 1)));
    const client = draw.random.pick(clients);
    step(lab, draw, client);
    if (quotas.chance(0.1)) lab.ask(client, quotaRequest(quotas, `/${quotas.pick(names)}`, 5));
    if (!draw.random.chance(0.01)) continue;
    clients = clients.filter((one) => one !== client);
    if (draw.random.chance(0.5)) lab.close(client);
    else lab.abandon(client);
  }
  for (const client of clients) {
    lab.ask(client, { op: Op.sync, path: '/' });
    lab.close(client);
  }
  expect(lab.check({ touchLag: 0, expirySlack: 0, expiryBound: 1000, calmFrom: 0 })).toEqual([]);
  expect(lab.history.events.length).toBeGreaterThan(20);
});

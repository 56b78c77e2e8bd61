/** What servers write by themselves, usages of quotas and the list of servers: checked like everything else. */
import { describe, expect, test } from '@jest/globals';
import { CreateMode, Op, OPEN_ACL, type CreateRequest, type Request } from '@synod/protocol';
import type { Txn } from '@synod/tree';
import { Lab, type LabClient } from './lab.js';

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);
const create = (path: string, text = ''): CreateRequest => ({
  ...{ op: Op.create, path, data: bytes(text), acl: OPEN_ACL, mode: CreateMode.persistent, ttl: 0 },
});
const get = (path: string): Request => ({ op: Op.getData, path, watch: false });

const HOME = '/zookeeper/quota/a';
const STATS = `${HOME}/zookeeper_stats`;

/** `/a` with a quota of three znodes and 10 bytes, and one znode below it. */
function limited(): { lab: Lab; client: LabClient } {
  const lab = new Lab();
  const client = lab.open('one');
  for (const request of [
    create('/a', 'aa'),
    create(HOME),
    create(`${HOME}/zookeeper_limits`, 'count=-1,bytes=-1=;byteHardLimit=10;countHardLimit=3'),
    create(STATS, 'count=0,bytes=0'),
    create('/a/b', 'bbb'),
  ]) {
    lab.ask(client, request);
  }
  return { lab, client };
}

function rules(lab: Lab): string[] {
  return [...new Set(lab.check().map(({ rule }) => rule))];
}

function put<T extends object>(what: T, changed: Partial<T>): void {
  Object.assign(what, changed);
}

describe('quotas', () => {
  test('that are kept are accepted', () => {
    const { lab, client } = limited();
    expect(lab.ask(client, get(STATS)).result).toContain('"bytes:count=2,bytes=5"');
    expect(lab.ask(client, create('/a/c', 'cccc')).code).toBe('');
    expect(lab.ask(client, create('/a/d')).code).toBe('QUOTA_EXCEEDED');
    expect(lab.ask(client, { op: Op.setData, path: '/a', data: bytes('aaaa'), version: 7 }).code).toBe(
      'QUOTA_EXCEEDED',
    );
    lab.close(client);
    expect(lab.check()).toEqual([]);
  });

  test('C5: a usage that is another', () => {
    const { lab, client } = limited();
    const seen = lab.ask(client, get(STATS));
    put(seen, { result: seen.result!.replace('count=2', 'count=3') });
    lab.close(client);
    expect(rules(lab)).toEqual(['C5']);
  });

  test('C2: a write within the limits that is refused', () => {
    const { lab, client } = limited();
    const made = lab.ask(client, create('/a/c'));
    const { txn } = lab.log.at(-1)!;
    const refusal = { code: 'QUOTA_EXCEEDED', reason: '', path: '', outcome: 'not-applied', index: -1 } as const;
    put(lab.log.at(-1)!, { txn: { ...txn, type: 'error', op: Op.create, refusal } });
    put(made, { outcome: 'fail', code: 'QUOTA_EXCEEDED', result: null });
    lab.close(client);
    expect(rules(lab)).toContain('C2');
  });

  test('C2: a write beyond the limits that is made', () => {
    const { lab, client } = limited();
    lab.ask(client, create('/a/c', 'ccccc'));
    const entry = lab.log.at(-1)!;
    put(entry, { txn: { ...entry.txn, data: bytes('cccccc') } as Txn });
    put(lab.op(client, 5), { request: create('/a/c', 'cccccc') });
    lab.close(client);
    expect(rules(lab)).toContain('C2');
  });
});

describe('the list of servers', () => {
  const servers = 'server.1=a:1:2:participant\nserver.2=b:1:2:participant';

  function configured(): { lab: Lab; client: LabClient } {
    const lab = new Lab();
    const client = lab.open('one');
    lab.propose({ op: 'configure', servers });
    return { lab, client };
  }

  test('that the ensemble has written is accepted, and seen', () => {
    const { lab, client } = configured();
    expect(lab.ask(client, get('/zookeeper/config'), 'data').result).toContain('version=100000002","stat');
    lab.propose({ op: 'configure', servers: `${servers}\nserver.3=c:1:2:observer` });
    expect(lab.history.events).toHaveLength(1);
    lab.propose({ op: 'configure', servers: '' });
    lab.close(client);
    expect(lab.check()).toEqual([]);
  });

  test.each<[string, (lab: Lab, client: LabClient) => void]>([
    ['written again', (lab) => lab.propose({ op: 'configure', servers })],
    [
      'with another version',
      (lab) => put(lab.log[1]!, { txn: { ...lab.log[1]!.txn, data: bytes(`${servers}\nversion=1`) } as Txn }),
    ],
    ['without a version', (lab) => put(lab.log[1]!, { txn: { ...lab.log[1]!.txn, data: bytes(servers) } as Txn })],
    ['by a client', (lab, { session }) => put(lab.log[1]!, { txn: { ...lab.log[1]!.txn, session, number: 1 } })],
  ])('C2: %s', (_, breakIt) => {
    const { lab, client } = configured();
    breakIt(lab, client);
    expect(rules(lab)).toContain('C2');
  });

  test('C10: of which a watch is not told', () => {
    const { lab, client } = configured();
    lab.ask(client, get('/zookeeper/config'), 'data');
    lab.propose({ op: 'configure', servers: '' });
    lab.history.events.length = 0;
    lab.ask(client, { op: Op.sync, path: '/' });
    lab.ask(client, get('/zookeeper/config'));
    lab.close(client);
    expect(rules(lab)).toEqual(['C10']);
  });
});

/** A small run in which every promise was kept: a log, and what two clients saw. The tests break one promise at a time. */
import { isRefusal, makeZxid, Op, OPEN_ACL, refuse, type EventType } from '@synod/protocol';
import { Tree, type Change, type Txn } from '@synod/tree';
import {
  canonical,
  emptyHistory,
  type EventRecord,
  type History,
  type OpRecord,
} from '../../scripts/lib/chaos/history.js';
import type { Entry, ServerLog } from '../../scripts/lib/chaos/logs.js';

export const at = (counter: number): number => makeZxid(1, counter);
export const [one, two] = [at(1), at(2)];

const data = (text: string): Uint8Array => Buffer.from(text);
const create = (path: string, text: string, kind: 0 | 1, creates: number) =>
  ({ type: 'create', path, data: data(text), acl: OPEN_ACL, kind, ttl: 0, creates }) as const;
const set = (path: string, text: string, version: number) =>
  ({ type: 'setData', path, data: data(text), version }) as const;
const open = (tag: number): Change => ({
  type: 'createSession',
  timeout: 4000,
  secretHash: new Uint8Array(32),
  server: 1,
  tag,
});

/** Session, number and change of each transaction, in order. */
const steps: readonly [session: number, number: number, change: Change][] = [
  [0, 0, open(1)],
  [0, 0, open(2)],
  [one, 1, create('/n', '0', 0, 1)],
  [one, 2, set('/n', '1', 1)],
  [two, 1, { type: 'error', op: Op.create, refusal: refuse('NODE_EXISTS', '/n', 'it is there') }],
  [two, 2, create('/e', '', 1, 2)],
  [one, 3, { type: 'multi', parts: [set('/n', '2', 2), create('/n/b', '', 0, 1)] }],
  [two, 3, { type: 'closeSession', target: two, expired: false }],
  [one, 4, set('/n', '3', 3)],
  [one, 5, { type: 'closeSession', target: one, expired: false }],
];

const names: Readonly<Record<Change['type'], string>> = {
  ...{ create: 'create', setData: 'set', multi: 'multi', closeSession: 'close', error: 'create' },
  ...{ delete: 'delete', setAcl: 'setAcl', createSession: '', reap: '' },
};

export interface SoundRun {
  readonly log: ServerLog;
  readonly history: History;
  readonly digest: number;
  op(session: number, number: number): OpRecord;
  read(client: string, op: string): OpRecord;
}

/** A fresh copy, to be broken. */
export function soundRun(): SoundRun {
  const history = emptyHistory();
  const tree = new Tree();
  const entries: Entry[] = [];
  let seq = 0;
  const record = (session: number, part: Partial<OpRecord>): void => {
    const client = session === one ? 'one' : 'two';
    const time = ++seq * 10;
    const common = {
      t: 'op' as const,
      client,
      session,
      seq,
      conn: 1,
      sent: time,
      end: time + 5,
      number: 0,
      write: false,
      path: '/n',
    };
    history.ops.push({
      ...common,
      outcome: 'ok',
      code: '',
      op: '',
      zxid: tree.zxid,
      result: null,
      watch: null,
      ...part,
    });
  };
  const event = (watch: number, type: EventType, path: string): void => {
    const part: EventRecord = {
      t: 'event',
      client: 'one',
      session: one,
      seq: ++seq,
      conn: 1,
      watch,
      type,
      path,
      zxid: tree.zxid,
    };
    history.events.push(part);
  };
  const read = (op: 'get' | 'exists', path: string, watch: OpRecord['watch'] = null): void => {
    const request = { op: op === 'get' ? Op.getData : Op.exists, path, watch: false } as const;
    const result = tree.read(request, { session: one, identities: [], skipAcl: true });
    const shown = isRefusal(result) ? 'null' : canonical(op === 'exists' && 'stat' in result ? result.stat : result);
    record(one, { op, path, result: shown, watch });
  };
  steps.forEach(([session, number, change], index) => {
    const zxid = at(index + 1);
    const txn = { session, number, acked: 0, time: 1000 + 10 * zxid, ...change } as Txn;
    entries.push({ zxid, chain: index + 100, txn });
    const { reply, changes } = tree.apply(zxid, txn);
    for (const { type, path } of changes) {
      if (zxid > at(3) && path.startsWith('/n')) event(1, type, path);
      if (zxid === at(7) && path === '/n') event(2, type, path);
      if (zxid === at(6)) event(3, type, path);
    }
    if (session !== 0) {
      const refused = isRefusal(reply.result);
      const path = 'path' in change ? change.path : '/n';
      const told = refused
        ? { outcome: 'fail' as const, code: reply.result.code }
        : { result: canonical(reply.result) };
      record(session, { op: names[change.type], path, write: true, number, ...told });
    }
    if (zxid === at(3)) record(one, { op: 'addWatch', watch: { id: 1, kind: 'recursive' } });
    if (zxid === at(4)) read('get', '/n', { id: 2, kind: 'data' });
    if (zxid === at(5)) read('exists', '/e', { id: 3, kind: 'data' });
    if (zxid === at(7)) record(one, { op: 'sync', path: '/' });
  });
  for (const [client, session] of [
    ['one', one],
    ['two', two],
  ] as const) {
    history.sessions.push({ t: 'session', client, session, timeout: 4000, at: 0 });
    history.ends.push({ t: 'end', client, session, how: 'closed', at: 1000 });
  }
  const find = (what: string, match: (op: OpRecord) => boolean): OpRecord => {
    const found = history.ops.find(match);
    if (found === undefined) throw new Error(`there is no ${what}`);
    return found;
  };
  return {
    log: { server: 1, base: 0, entries },
    history,
    digest: tree.digest,
    op: (session, number) =>
      find(`write ${number}`, (op) => op.write && op.session === session && op.number === number),
    read: (client, name) => find(name, (op) => !op.write && op.client === client && op.op === name),
  };
}

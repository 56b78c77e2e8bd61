/** The linearizability check and the lists that are appended to: known histories, right and wrong, and random ones. */
import { describe, expect, test } from '@jest/globals';
import { CreateMode, Op, OPEN_ACL, type MultiOperation, type Request } from '@synod/protocol';
import { canonical } from '@synod/simulator/check/canonical';
import { checkLinear, type LinearOptions, type LinearVerdict } from '@synod/simulator/check/linear';
import { checkAppends } from '@synod/simulator/check/linear-append';
import { emptyHistory, type History, type OpRecord } from '@synod/simulator/history';
import { Random } from '@synod/simulator/random';

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);
const stat = (version: number): unknown => ({ version });

const create = (path: string, data: string, mode: CreateMode = CreateMode.persistent) =>
  ({ op: Op.create, path, data: bytes(data), acl: OPEN_ACL, mode, ttl: 0 }) as const;
const set = (path: string, data: string, version = -1) =>
  ({ op: Op.setData, path, data: bytes(data), version }) as const;
const remove = (path: string, version = -1) => ({ op: Op.delete, path, version }) as const;
const get = (path: string) => ({ op: Op.getData, path, watch: false }) as const;
const exists = (path: string) => ({ op: Op.exists, path, watch: false }) as const;
const multi = (...operations: MultiOperation[]) => ({ op: Op.multi, operations }) as const;

/** What a call is told: a result, or the code of a refusal; `lost`: nothing. */
type Told = { readonly result: unknown } | string;
const made = (path: string): Told => ({ result: { path, stat: stat(0) } });
const done = (version: number): Told => ({ result: { stat: stat(version) } });
const data = (text: string, version: number): Told => ({ result: { data: bytes(text), stat: stat(version) } });
const empty: Told = { result: {} };

const isRead = ({ op }: Request): boolean => op === Op.getData || op === Op.exists || op === Op.sync;

/** A history from calls: who, from when to when, what, told what. Every read gets a sync before it. */
class Script {
  readonly history: History = emptyHistory();
  #seq = 0;

  call(client: string, from: number, to: number, request: Request, told: Told): this {
    if (isRead(request) && request.op !== Op.sync) this.#add(client, from, from, { op: Op.sync, path: '/' }, empty);
    this.#add(client, from, to, request, told);
    return this;
  }

  /** A read without a sync. */
  look(client: string, from: number, to: number, request: Request, told: Told): this {
    this.#add(client, from, to, request, told);
    return this;
  }

  #add(client: string, called: number, to: number, request: Request, told: Told): void {
    const lost = told === 'lost';
    const record: OpRecord = {
      ...{ t: 'op', client, session: 1, seq: ++this.#seq, conn: 1, request, write: !isRead(request), number: 0 },
      ...{ called, sent: called, end: to, outcome: lost ? 'unknown' : typeof told === 'string' ? 'fail' : 'ok' },
      ...{ code: lost ? 'CONNECTION_LOSS' : typeof told === 'string' ? told : '', zxid: lost ? 0 : 1 },
      ...{ result: typeof told === 'string' ? null : canonical(told.result), resent: 0, watch: null },
    };
    this.history.ops.push(record);
  }
}

const check = (script: Script, options: LinearOptions = {}): LinearVerdict => checkLinear(script.history, options);

describe('linearizable registers', () => {
  const fine: [string, Script][] = [
    [
      'one after the other',
      new Script()
        .call('a', 0, 1, create('/k', 'x'), made('/k'))
        .call('b', 2, 3, set('/k', 'y', 0), done(1))
        .call('a', 4, 5, get('/k'), data('y', 1))
        .call('a', 6, 7, remove('/k', 1), empty)
        .call('b', 8, 9, exists('/k'), 'NO_NODE'),
    ],
    [
      'a read during a write may show either',
      new Script()
        .call('a', 0, 1, create('/k', 'x'), made('/k'))
        .call('a', 2, 9, set('/k', 'y'), done(1))
        .call('b', 3, 4, get('/k'), data('x', 0))
        .call('c', 5, 6, get('/k'), data('y', 1)),
    ],
    [
      'a lost write that took effect later',
      new Script()
        .call('a', 0, 1, create('/k', 'x'), made('/k'))
        .call('a', 2, 3, set('/k', 'y'), 'lost')
        .call('b', 4, 5, get('/k'), data('x', 0))
        .call('b', 6, 7, get('/k'), data('y', 1)),
    ],
    [
      'a lost write that never took effect',
      new Script()
        .call('a', 0, 1, create('/k', 'x'), made('/k'))
        .call('a', 2, 3, set('/k', 'y'), 'lost')
        .call('b', 4, 5, set('/k', 'z', 0), done(1))
        .call('b', 6, 7, get('/k'), data('z', 1)),
    ],
    [
      'refusals',
      new Script()
        .call('a', 0, 1, set('/k', 'y'), 'NO_NODE')
        .call('a', 0, 1, create('/k', 'y'), 'NO_NODE')
        .call('a', 2, 3, create('/k', 'x'), made('/k'))
        .call('b', 4, 5, create('/k', 'z'), 'NODE_EXISTS')
        .call('b', 6, 7, set('/k', 'y', 3), 'BAD_VERSION')
        .call('b', 6, 7, remove('/k'), 'NOT_EMPTY')
        .call('b', 6, 7, set('/k', 'y'), 'NO_AUTH')
        .call('b', 8, 9, get('/k'), data('x', 0)),
    ],
    [
      'a read without a sync may be stale',
      new Script()
        .call('a', 0, 1, create('/k', 'x'), made('/k'))
        .call('a', 2, 3, set('/k', 'y'), done(1))
        .look('b', 4, 5, get('/k'), data('x', 0)),
    ],
    [
      'a multi changes two at once',
      new Script()
        .call('a', 0, 1, create('/k', 'x'), made('/k'))
        .call('a', 2, 3, multi(set('/k', 'y', 0), create('/l', 'z')), {
          result: { results: [{ stat: stat(1) }, { path: '/l', stat: stat(0) }] },
        })
        .call('b', 4, 5, multi({ op: Op.check, path: '/k', version: 0 }, remove('/l')), 'BAD_VERSION')
        .call('b', 6, 7, get('/l'), data('z', 0)),
    ],
    [
      'a znode that can vanish is left out',
      new Script()
        .call('a', 0, 1, create('/e', 'x', CreateMode.ephemeral), made('/e'))
        .call('b', 2, 3, exists('/e'), 'NO_NODE'),
    ],
  ];
  test.each(fine)('%s', (_name, script) => {
    expect(check(script).violations).toEqual([]);
  });

  const broken: [string, Script][] = [
    [
      'a stale read',
      new Script()
        .call('a', 0, 1, create('/k', 'x'), made('/k'))
        .call('a', 2, 3, set('/k', 'y'), done(1))
        .call('b', 4, 5, get('/k'), data('x', 0)),
    ],
    [
      'a lost update',
      new Script()
        .call('a', 0, 1, create('/k', 'x'), made('/k'))
        .call('a', 2, 5, set('/k', 'y', 0), done(1))
        .call('b', 2, 5, set('/k', 'z', 0), done(1)),
    ],
    [
      'an effect that comes twice',
      new Script()
        .call('a', 0, 1, create('/k', 'x'), made('/k'))
        .call('a', 2, 3, set('/k', 'y'), 'lost')
        .call('b', 4, 5, get('/k'), data('y', 2)),
    ],
    [
      'a lost write that comes and goes',
      new Script()
        .call('a', 0, 1, create('/k', 'x'), made('/k'))
        .call('a', 2, 3, set('/k', 'y'), 'lost')
        .call('b', 4, 5, get('/k'), data('y', 1))
        .call('b', 6, 7, get('/k'), data('x', 0)),
    ],
    [
      'a write before it was sent',
      new Script()
        .call('a', 0, 1, create('/k', 'x'), made('/k'))
        .call('b', 2, 3, get('/k'), data('y', 1))
        .call('a', 4, 5, set('/k', 'y'), done(1)),
    ],
    [
      'a refused write with an effect',
      new Script()
        .call('a', 0, 1, create('/k', 'x'), made('/k'))
        .call('a', 2, 3, set('/k', 'y', 7), 'BAD_VERSION')
        .call('b', 4, 5, get('/k'), data('y', 1)),
    ],
    [
      'a refusal without a reason',
      new Script().call('a', 0, 1, create('/k', 'x'), made('/k')).call('b', 2, 3, set('/k', 'y', 0), 'BAD_VERSION'),
    ],
    [
      'half a multi',
      new Script()
        .call('a', 0, 1, multi(create('/k', 'x'), create('/l', 'y')), {
          result: {
            results: [
              { path: '/k', stat: stat(0) },
              { path: '/l', stat: stat(0) },
            ],
          },
        })
        .call('b', 2, 3, get('/k'), data('x', 0))
        .call('b', 4, 5, exists('/l'), 'NO_NODE'),
    ],
    [
      'reads that disagree on the order of two writes',
      new Script()
        .call('a', 0, 1, create('/k', 'x'), made('/k'))
        .call('a', 2, 9, set('/k', 'y'), done(1))
        .call('b', 2, 9, set('/k', 'z'), done(2))
        .call('c', 3, 4, get('/k'), data('z', 1)),
    ],
  ];
  test.each(broken)('%s is found', (_name, script) => {
    expect(check(script).violations).toMatchObject([{ rule: 'linear' }]);
  });

  test('the bounds of the work are kept, and told', () => {
    const script = new Script();
    script.call('a', 0, 1, create('/k', 'x'), made('/k'));
    for (let i = 0; i < 14; i++) script.call(`c${i}`, 2, 100, set('/k', `v${i}`), 'lost');
    script.call('a', 101, 102, get('/k'), data('v0', 99));
    expect(check(script, { maxOperations: 10 })).toMatchObject({ partitions: 0, skipped: 1, violations: [] });
    expect(check(script, { maxSteps: 1000 })).toMatchObject({ partitions: 0, unknown: 1, violations: [] });
  });

  test('znodes named by the server are left out', () => {
    const script = new Script()
      .call('a', 0, 1, create('/q-', 'x', CreateMode.persistentSequential), made('/q-0000000000'))
      .call('b', 2, 3, remove('/q-0000000000'), empty);
    expect(check(script)).toMatchObject({ partitions: 0, operations: 0, violations: [] });
  });
});

/** A history of `count` calls, at most `width` at once, that some order explains; and the calls that a write made unique. */
function generate(seed: number, count: number, width: number, lost: number): Script {
  const random = new Random(seed, 'linear');
  const script = new Script();
  let cell: { version: number; text: string } | null = null;
  const apply = (request: Request): Told => {
    switch (request.op) {
      case Op.create:
        if (cell) return 'NODE_EXISTS';
        cell = { version: 0, text: new TextDecoder().decode(request.data) };
        return made(request.path);
      case Op.setData:
        if (!cell) return 'NO_NODE';
        if (request.version !== -1 && request.version !== cell.version) return 'BAD_VERSION';
        cell = { version: cell.version + 1, text: new TextDecoder().decode(request.data) };
        return done(cell.version);
      case Op.delete:
        if (!cell) return 'NO_NODE';
        cell = null;
        return empty;
      default:
        return cell ? data(cell.text, cell.version) : 'NO_NODE';
    }
  };
  for (let i = 0; i < count; i++) {
    const at = i * 10;
    const draw = random.int(0, 9);
    const text = `v${i}`;
    const request: Request =
      draw < 2
        ? create('/k', text)
        : draw < 6
          ? set('/k', text, random.int(0, 2) === 0 ? ((cell as { version: number } | null)?.version ?? 0) : -1)
          : draw === 6
            ? remove('/k')
            : get('/k');
    const from = at - random.int(0, 10 * width);
    const to = at + random.int(1, 10 * width);
    const vanish = !isRead(request) && random.int(0, 999) < lost;
    const told = vanish && random.int(0, 1) === 0 ? 'lost' : apply(request);
    script.call(`c${i}`, from, to, request, vanish ? 'lost' : told);
  }
  return script;
}

describe('random histories', () => {
  test.each(Array.from({ length: 40 }, (_, i) => i + 1))(
    'seed %i: accepted, and rejected with one lie in it',
    (seed) => {
      const script = generate(seed, 120, 6, 30);
      expect(check(script)).toMatchObject({ partitions: 1, skipped: 0, unknown: 0, violations: [] });
      const read = script.history.ops.findLast(
        ({ request, outcome }) => request.op === Op.getData && outcome === 'ok',
      )!;
      read.result = canonical({ data: bytes('never written'), stat: stat(0) });
      expect(check(script).violations).toHaveLength(1);
    },
  );

  test('300 calls, eight at a time, take far less than a second', () => {
    const script = generate(7, 300, 8, 0);
    const before = performance.now();
    expect(check(script)).toMatchObject({ partitions: 1, operations: 300, violations: [] });
    expect(performance.now() - before).toBeLessThan(500);
  });
});

describe('lists that grow by compare-and-set', () => {
  const grown = (): Script =>
    new Script()
      .call('a', 0, 1, create('/append/1', 'e1'), made('/append/1'))
      .call('b', 2, 3, get('/append/1'), data('e1', 0))
      .call('b', 4, 5, set('/append/1', 'e1,e2', 0), done(1))
      .call('a', 4, 6, set('/append/1', 'e1,e3', 0), 'BAD_VERSION')
      .call('a', 7, 8, set('/append/1', 'e1,e2,e4', 1), 'lost')
      .look('b', 9, 10, get('/append/1'), data('e1,e2', 1))
      .call('b', 9, 11, get('/append/1'), data('e1,e2,e4', 2));

  test('are accepted', () => {
    expect(checkAppends(grown().history, '/append/')).toEqual({ lists: 1, violations: [] });
  });

  const lies: [string, Script, RegExp][] = [
    ['a lost append', grown().call('c', 12, 13, set('/append/1', 'e1,e2,e5', 1), done(2)), /same list|both made/],
    ['an element twice', grown().call('c', 12, 13, get('/append/1'), data('e1,e2,e4,e2', 3)), /twice/],
    ['an element from nowhere', grown().call('c', 12, 13, get('/append/1'), data('e1,e2,e4,e9', 3)), /by nobody/],
    ['an element that was refused', grown().call('c', 12, 13, get('/append/1'), data('e1,e2,e4,e3', 3)), /was refused/],
    ['a version that does not count', grown().call('c', 12, 13, get('/append/1'), data('e1,e2,e4', 4)), /in version 4/],
    ['a stale read', grown().call('c', 12, 13, get('/append/1'), data('e1,e2', 1)), /had ended/],
    ['a session that goes back', grown().look('b', 12, 13, get('/append/1'), data('e1', 0)), /did before/],
    ['the future', grown().look('c', 0, 1, get('/append/1'), data('e1,e2', 1)), /not yet sent/],
  ];
  test.each(lies)('%s is found', (_name, script, text) => {
    const { violations } = checkAppends(script.history, '/append/');
    expect(violations.map((one) => one.rule)).toContain('append');
    expect(violations.map((one) => one.text).join('\n')).toMatch(text);
  });

  test('a list that was deleted is left out', () => {
    const script = grown().call('a', 20, 21, remove('/append/1'), empty);
    expect(checkAppends(script.history, '/append/')).toEqual({ lists: 0, violations: [] });
  });
});

/** The replica by itself: handshakes, the order of answers, retried writes, expiry, bounds. */
import { describe, expect, test } from '@jest/globals';
import { CREATOR_ACL, EventType, isRefusal, MAX_ZXID, Op, type Reply, type Request } from '@synod/protocol';
import { Tree } from '@synod/tree';
import { create, data, Rig } from './replica-rig.js';

const codes = (replies: readonly Reply[]): string[] =>
  replies.map(({ result }) => (isRefusal(result) ? result.code : 'ok'));

describe('handshake', () => {
  test('a new session gets an id, a secret and a clamped timeout', () => {
    const welcome = new Rig().connect(1, { timeout: 1_000_000 });
    expect(welcome).toMatchObject({ resumed: false, timeout: 10_000, lastWrite: 0, server: 1 });
    expect(welcome?.session).toBeGreaterThan(0);
    expect(welcome?.secret).toHaveLength(16);
  });

  test.each([
    ['another version', { versions: [7] }, 'UNIMPLEMENTED'],
    ['a session that would be newer than the log', { session: 99, secret: new Uint8Array(16) }, 'CONNECTION_LOSS'],
  ])('%s is refused', (_name, hello, code) => {
    const rig = new Rig();
    expect(rig.connect(1, hello)).toBeUndefined();
    expect(rig.goodbye(1)).toBe(code);
    expect(rig.notes).toContain('close 1');
  });

  test('a session of which the log has passed the beginning, and knows nothing, has ended', () => {
    const rig = new Rig();
    rig.connect(1);
    expect(rig.connect(2, { session: 99, secret: new Uint8Array(16) })).toBeUndefined();
    expect(rig.goodbye(2)).toBe('SESSION_EXPIRED');
  });

  test('a session is resumed by its secret only, and its older connection goes', () => {
    const rig = new Rig();
    const { session = 0, secret = null } = rig.connect(1) ?? {};
    rig.connect(2, { session, secret: new Uint8Array(16) });
    expect(rig.goodbye(2)).toBe('SESSION_EXPIRED');
    expect(rig.goodbye(1)).toBeUndefined();
    expect(rig.connect(3, { session, secret })).toMatchObject({ session, resumed: true });
    expect(rig.goodbye(1)).toBe('SESSION_MOVED');
  });

  test('a server that has not seen what the client has seen lets it wait, then sends it away', () => {
    const rig = new Rig();
    const { session = 0, secret = null } = rig.connect(1) ?? {};
    expect(rig.connect(2, { session, secret, lastZxid: session + 1_000 })).toBeUndefined();
    rig.tick(200);
    expect(rig.goodbye(2)).toBeUndefined();
    rig.tick(200);
    expect(rig.goodbye(2)).toBe('CONNECTION_LOSS');
  });

  test('nor is a session made before, or for a client whose zxid never comes', () => {
    const rig = new Rig();
    const { session: first = 0 } = rig.connect(1) ?? {};
    expect(rig.connect(2, { lastZxid: first + 1 })).toBeUndefined();
    expect(rig.connect(3, { lastZxid: MAX_ZXID })).toBeUndefined();
    expect(rig.replica.status).toMatchObject({ sessions: 1, zxid: first });
    rig.ask(1, create('/a'), 1);
    rig.turn();
    const welcome = rig.said(2).find((message) => message.type === 'welcome');
    expect(welcome).toMatchObject({ welcome: { session: first + 2, resumed: false } });
    rig.tick(400);
    expect([rig.goodbye(2), rig.goodbye(3)]).toEqual([undefined, 'CONNECTION_LOSS']);
    expect(rig.replica.status).toMatchObject({ sessions: 2, zxid: first + 2 });
  });

  test('requests come after welcome, and hello once', () => {
    const rig = new Rig();
    rig.replica.step({ type: 'client-open', connection: 1, address: '127.0.0.1' });
    rig.ask(1, { op: Op.whoAmI });
    rig.connect(2);
    rig.send(2, { type: 'hello', hello: { versions: [1], timeout: 0, lastZxid: 0, session: 0, secret: null } });
    rig.turn();
    expect([rig.goodbye(1), rig.goodbye(2)]).toEqual(['MARSHALLING_ERROR', 'MARSHALLING_ERROR']);
  });

  test('who says nothing is sent away', () => {
    const rig = new Rig();
    rig.replica.step({ type: 'client-open', connection: 1, address: '127.0.0.1' });
    rig.tick(11_000, 200);
    expect(rig.goodbye(1)).toBe('MARSHALLING_ERROR');
  });

  test('without a leader clients wait a while and are then sent elsewhere', () => {
    const rig = new Rig([1, 2, 3]);
    expect(rig.connect(1)).toBeUndefined();
    rig.tick(200);
    expect(rig.goodbye(1)).toBeUndefined();
    rig.tick(300);
    expect(rig.goodbye(1)).toBe('CONNECTION_LOSS');
  });
});

describe('order', () => {
  test('answers come in the order of requests, and reads see the writes before them', () => {
    const rig = new Rig();
    rig.connect(1);
    rig.ask(1, create('/a', 'one'), 1);
    rig.ask(1, { op: Op.getData, path: '/a', watch: false });
    rig.ask(1, { op: Op.setData, path: '/a', data: data('two'), version: -1 }, 2);
    rig.ask(1, { op: Op.sync, path: '/' });
    rig.ask(1, { op: Op.getData, path: '/a', watch: false });
    rig.ask(1, { op: Op.delete, path: '/nope', version: -1 }, 3);
    rig.turn();
    const replies = rig.replies(1);
    expect(codes(replies)).toEqual(['ok', 'ok', 'ok', 'ok', 'ok', 'NO_NODE']);
    const texts = replies.flatMap(({ result }) => ('data' in result ? [String(result.data)] : []));
    expect(texts).toEqual(['one', 'two']);
    const zxids = replies.map(({ zxid }) => zxid);
    expect(zxids).toEqual([...zxids].sort((a, b) => a - b));
  });

  test('a read behind a sync does not see a write behind the read', () => {
    const rig = new Rig();
    rig.connect(1);
    rig.ask(1, create('/a', 'one'), 1);
    rig.turn();
    rig.ask(1, { op: Op.sync, path: '/' });
    rig.ask(1, { op: Op.getData, path: '/a', watch: false });
    rig.ask(1, { op: Op.setData, path: '/a', data: data('two'), version: -1 }, 2);
    rig.ask(1, { op: Op.sync, path: '/' });
    rig.ask(1, { op: Op.getData, path: '/a', watch: false });
    rig.turn();
    const texts = rig.replies(1).flatMap(({ result }) => ('data' in result ? [String(result.data)] : []));
    expect(texts).toEqual(['one', 'two']);
  });

  test('a server that starts with a state does not claim to know what changed before it', () => {
    const before = new Rig();
    before.connect(1);
    before.ask(1, create('/a'), 1);
    before.turn();
    const { tree } = before.replica;
    const loader = Tree.load();
    for (let fold = tree.beginFold(), rows = fold.next(100); rows; rows = fold.next(100)) loader.add(rows);
    const rig = new Rig([1], loader.finish(tree.zxid, tree.digest));
    rig.connect(1);
    const none = { data: [], exists: [], children: [], persistent: [] };
    rig.ask(1, { op: Op.setWatches, since: 1, ...none, recursive: ['/'] });
    rig.turn();
    const events = rig.said(1).flatMap((message) => (message.type === 'event' ? [message.event] : []));
    expect(events).toMatchObject([{ type: EventType.resync, path: '/' }]);
  });

  test('an event leaves before the answer to the write that caused it', () => {
    const rig = new Rig();
    rig.connect(1);
    rig.ask(1, { op: Op.exists, path: '/a', watch: true });
    rig.ask(1, create('/a'), 1);
    rig.turn();
    expect(rig.said(1).map(({ type }) => type)).toEqual(['welcome', 'reply', 'event', 'reply']);
  });

  test('what a server says of sessions is void unless it leads', () => {
    const rig = new Rig();
    const { session = 0 } = rig.connect(1) ?? {};
    const generation = Number.MAX_SAFE_INTEGER;
    rig.replica.step({ type: 'server-message', from: 2, message: { type: 'gone', session } });
    rig.replica.step({ type: 'server-message', from: 2, message: { type: 'moved', session, generation } });
    rig.turn();
    expect(rig.goodbye(1)).toBeUndefined();
    rig.replica.step({ type: 'server-message', from: 1, message: { type: 'moved', session, generation } });
    rig.turn();
    expect(rig.goodbye(1)).toBe('SESSION_MOVED');
  });

  test('an identity counts for the requests behind it', () => {
    const rig = new Rig();
    rig.connect(1);
    const own: Request = { op: Op.create, path: '/mine', data: null, acl: CREATOR_ACL, mode: 0, ttl: 0 };
    rig.ask(1, own, 1);
    rig.ask(1, { op: Op.addAuth, scheme: 'digest', credentials: data('user:password') });
    rig.ask(1, own, 2);
    rig.ask(1, { op: Op.whoAmI });
    rig.turn();
    expect(codes(rig.replies(1))).toEqual(['INVALID_ACL', 'ok', 'ok', 'ok']);
    expect(rig.replies(1)[3]?.result).toEqual({
      identities: [
        { scheme: 'ip', id: '127.0.0.1' },
        { scheme: 'digest', id: 'user' },
      ],
    });
  });

  test('a message that could not be read is answered in its turn', () => {
    const rig = new Rig();
    rig.connect(1);
    rig.ask(1, create('/a'), 1);
    const error = { code: 'UNIMPLEMENTED', reason: 'no such operation' } as const;
    rig.replica.step({ type: 'client-fault', connection: 1, xid: 77, error });
    rig.turn();
    expect(codes(rig.replies(1))).toEqual(['ok', 'UNIMPLEMENTED']);
    rig.replica.step({ type: 'client-fault', connection: 1, xid: 0, error });
    rig.turn();
    expect(rig.goodbye(1)).toBe('UNIMPLEMENTED');
  });
});

describe('writes are made once', () => {
  test('a repeated write gets its first answer, a new one behind it is made', () => {
    const rig = new Rig();
    const { session = 0, secret = null } = rig.connect(1) ?? {};
    rig.ask(1, { ...create('/n-'), mode: 2 } as Request, 1);
    rig.ask(1, { ...create('/n-'), mode: 2 } as Request, 2);
    rig.turn();
    expect(rig.connect(2, { session, secret })).toMatchObject({ lastWrite: 2 });
    rig.ask(2, { ...create('/n-'), mode: 2 } as Request, 1);
    rig.ask(2, { ...create('/n-'), mode: 2 } as Request, 2);
    rig.ask(2, { ...create('/n-'), mode: 2 } as Request, 3);
    rig.turn();
    expect(rig.replies(2).slice(0, 2)).toEqual(rig.replies(1));
    expect(rig.replies(2)[2]?.result).toMatchObject({ path: '/n-0000000002' });
  });

  test('a result that was acknowledged is no longer known', () => {
    const rig = new Rig();
    const { session = 0, secret = null } = rig.connect(1) ?? {};
    rig.ask(1, create('/a'), 1);
    rig.ask(1, create('/b'), 2, 1);
    rig.turn();
    rig.connect(2, { session, secret });
    rig.ask(2, create('/a'), 1);
    rig.turn();
    expect(rig.replies(2)[0]?.result).toMatchObject({ code: 'BAD_ARGUMENTS', outcome: 'unknown' });
  });

  test.each([
    ['a gap', [1, 3]],
    ['a step back', [1, 2, 1]],
    ['a start beyond the next', [2]],
  ])('%s in the numbers costs the connection', (_name, numbers) => {
    const rig = new Rig();
    rig.connect(1);
    for (const number of numbers) rig.ask(1, create(`/x${number}`), number);
    rig.turn();
    expect(rig.goodbye(1)).toBe('BAD_ARGUMENTS');
  });

  test('so does going too far beyond what is acknowledged', () => {
    const rig = new Rig();
    rig.connect(1);
    for (let number = 1; number <= 1_001; number++) rig.ask(1, create(`/x${number}`), number);
    rig.turn();
    expect(rig.goodbye(1)).toBe('BAD_ARGUMENTS');
    expect(rig.notes).toContain('pause 1');
  });
});

describe('sessions end', () => {
  test('a silent one expires with its ephemerals; a pause of this process expires nobody', () => {
    const rig = new Rig();
    rig.connect(1, { timeout: 1_000 });
    rig.ask(1, create('/e', '', 1), 1);
    rig.turn();
    rig.tick(60_000, 60_000);
    expect(rig.goodbye(1)).toBeUndefined();
    rig.tick(700);
    expect(rig.replica.status.ephemerals).toBe(1);
    rig.tick(700);
    expect(rig.goodbye(1)).toBe('SESSION_EXPIRED');
    expect(rig.replica.status).toMatchObject({ ephemerals: 0, sessions: 0, connections: 0 });
  });

  test('one that pings lives on', () => {
    const rig = new Rig();
    rig.connect(1, { timeout: 500 });
    for (let i = 0; i < 20; i++) {
      rig.ask(1, { op: Op.ping });
      rig.tick(200);
    }
    expect(rig.replica.status.sessions).toBe(1);
  });

  test('a client closes its own and gets the answer first', () => {
    const rig = new Rig();
    rig.connect(1);
    rig.ask(1, create('/e', '', 1), 1);
    rig.ask(1, { op: Op.closeSession }, 2);
    rig.turn();
    expect(codes(rig.replies(1))).toEqual(['ok', 'ok']);
    expect(rig.goodbye(1)).toBeUndefined();
    expect(rig.notes).toEqual(['close 1']);
    expect(rig.replica.status).toMatchObject({ ephemerals: 0, sessions: 0 });
  });
});

describe('bounds', () => {
  test('answers to one client are prepared a megabyte at a time', () => {
    const rig = new Rig();
    rig.connect(1);
    rig.ask(1, create('/big', 'x'.repeat(500_000)), 1);
    rig.turn();
    for (let i = 0; i < 20; i++) rig.ask(1, { op: Op.getData, path: '/big', watch: false });
    rig.turn();
    expect(rig.replies(1)).toHaveLength(1 + 3);
    for (let left = 17; left > 0; left -= 3) {
      rig.replica.step({ type: 'client-drained', connection: 1 });
      rig.turn();
    }
    expect(rig.replies(1)).toHaveLength(1 + 20);
  });

  test('reading pauses with a thousand writes under way and goes on when half are done', () => {
    const rig = new Rig();
    rig.connect(1);
    for (let number = 1; number <= 1_000; number++) rig.ask(1, create(`/x${number}`), number);
    rig.turn();
    expect(rig.notes).toEqual(['pause 1', 'resume 1']);
    expect(rig.replies(1)).toHaveLength(1_000);
  });
});

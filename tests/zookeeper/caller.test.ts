/** The client's side of a connection: what it says, and what it makes of anything that it hears. */
import fc from 'fast-check';
import { expect, test } from '@jest/globals';
import { Caller, writeEvent, writeReply, Xid, ZooKeeperOp, type Heard } from '@synod/zookeeper';
import { cut, digits, hex, written } from './bytes.js';

const HELLO =
  '0000002d 00000000 0000000000000000 00002710 0000000000000000 00000010 00000000000000000000000000000000 00';
const WELCOME = hex('00000025 00000000 00002710 0100002386d20000 00000010 5c69b289b9b504a19a61d2662a33dee6 00');

const stat = {
  ...{ czxid: 2, mzxid: 3, pzxid: 2, ctime: 1, mtime: 1, ephemeralOwner: 0 },
  ...{ version: 1, cversion: 0, aversion: 0, dataLength: 2, numChildren: 0 },
};
const data = (text: string) => ({ data: Buffer.from(text), stat });

function caller(opened = true): Caller<string> {
  const made = new Caller<string>({ lastZxidSeen: 0, timeOut: 10_000, maxFrameBytes: 4_096 });
  if (opened) {
    made.push(WELCOME);
    made.take();
  }
  return made;
}

/** The answer to a getData, or an error. */
function reply(xid: number, zxid: number, text: string | number): Uint8Array {
  const err = typeof text === 'number' ? text : 0;
  const body = typeof text === 'number' ? null : data(text);
  return written((output) => {
    writeReply(output, { xid, zxid, err }, ZooKeeperOp.getData, body);
  });
}

const get = (path: string) => ({ type: ZooKeeperOp.getData, path, watch: false });
const plain = (heard: Heard<string>[]) =>
  heard.map((one) =>
    one.kind === 'answer'
      ? [
          one.token,
          one.err,
          one.body !== null && 'data' in one.body ? Buffer.from(one.body.data ?? '').toString() : null,
        ]
      : one,
  );

test('the handshake, with what is asked already behind it', () => {
  const made = caller(false);
  made.ask(get('/a'), 'a');
  expect(digits(made.take())).toBe(digits(hex(`${HELLO} 0000000f 00000001 00000004 00000002 2f61 00`)));
  expect(made.opened).toBe(false);
  expect(made.push(WELCOME)).toEqual([{ kind: 'opened', timeOut: 10_000 }]);
  expect(made.opened).toBe(true);
});

test('identities and signs of life', () => {
  const made = caller();
  made.authenticate('digest', Buffer.from('u:p'));
  made.ping();
  expect(digits(made.take())).toBe(
    digits(hex('0000001d fffffffc 00000064 00000000 00000006 646967657374 00000003 753a70 00000008 fffffffe 0000000b')),
  );
});

test('answers in their order, however the bytes are cut; events, pings and accepted identities are passed over', () => {
  const bytes = Buffer.concat([
    reply(1, 5, 'one'),
    written((output) => {
      writeReply(output, { xid: Xid.auth, zxid: 0, err: 0 }, ZooKeeperOp.auth, null);
      writeReply(output, { xid: Xid.ping, zxid: 9, err: 0 }, ZooKeeperOp.ping, null);
      writeEvent(output, 6, { type: 3, state: 3, path: '/a' });
    }),
    reply(2, 4, -101),
    reply(3, 7, ''),
  ]);
  const check = (places: readonly number[]): void => {
    const made = caller();
    for (const name of ['a', 'b', 'c', 'd']) made.ask(get(`/${name}`), name);
    const heard = cut(bytes, places).flatMap((piece) => made.push(piece));
    expect(plain(heard)).toEqual([
      ['a', 0, 'one'],
      ['b', -101, null],
      ['c', 0, ''],
    ]);
    expect(made.lastZxid).toBe(7);
    expect(made.outstanding).toBe(1);
    expect(made.abandon()).toEqual(['d']);
    expect(made.outstanding).toBe(0);
  };
  fc.assert(fc.property(fc.array(fc.nat(), { maxLength: 8 }), check), { numRuns: 100 });
});

test('an identity that is refused is the last that is heard', () => {
  const made = caller();
  made.ask(get('/a'), 'a');
  const denied = written((output) => {
    writeReply(output, { xid: Xid.auth, zxid: 0, err: -115 }, ZooKeeperOp.auth, null);
  });
  expect(made.push(Buffer.concat([denied, reply(1, 5, 'one')]))).toEqual([{ kind: 'denied' }]);
  expect(made.abandon()).toEqual(['a']);
});

test.each([
  ['an answer to nothing', reply(1, 5, 'x'), 'an answer to the request 1, which is not due'],
  ['a frame that is too long', hex('00001001'), 'a frame of 4097 bytes; from 0 to 4096 are allowed'],
  ['a body that ends too early', hex('00000010 00000001 0000000000000005 00000000'), 'data: 4 bytes are needed'],
])('%s is a fault', (_name, bytes, reason) => {
  const made = caller();
  if (reason.startsWith('data')) made.ask(get('/a'), 'a');
  expect(made.push(bytes)).toEqual([{ kind: 'fault', reason: expect.stringContaining(reason) }]);
});

test('a session that is refused, and a word in place of a handshake', () => {
  expect(caller(false).push(hex(`00000024 ${'00'.repeat(8)} ${'00'.repeat(8)} 00000010 ${'00'.repeat(16)}`))).toEqual([
    { kind: 'fault', reason: 'it refused the session' },
  ]);
  expect(caller(false).push(Buffer.from('ruok'))).toEqual([{ kind: 'fault', reason: 'a word where a length is due' }]);
});

test('bytes of any kind throw nothing', () => {
  fc.assert(
    fc.property(fc.array(fc.uint8Array({ maxLength: 80 })), fc.boolean(), (chunks, opened) => {
      const made = caller(opened);
      made.ask(get('/a'), 'a');
      for (const chunk of chunks) made.push(chunk);
    }),
  );
});

/** Conversations of strangers with a server that has everything but sockets, disk and clock. */
import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import {
  JuteReader,
  readResponseBody,
  replyHeader,
  watcherEvent,
  Xid,
  ZooKeeperOp,
  type RequestRecord,
  type RequestType,
} from '@synod/zookeeper';
import { requests, types } from '../arbitraries.js';
import { cut } from '../bytes.js';
import { PureServer, type Line } from './pure-server.js';
import * as request from './requests.js';
import { asked, hello } from './talk.js';

/** Paths so few that requests meet. */
const path = fc.constantFrom('/a', '/b', '/a/x', '/b/y', '/', '', '/a/', 'a', '//', '/a//x');
const version = fc.constantFrom(-1, 0, 1, 2);
const flags = fc.integer({ min: 0, max: 3 });

/** Requests that mostly succeed, next to those of every kind with everything that their fields can hold. */
const likely: fc.Arbitrary<RequestRecord> = fc.oneof(
  fc.tuple(path, flags).map(([at, mode]) => request.create(at, { flags: mode })),
  fc.tuple(path, version).map(([at, one]) => request.remove(at, one)),
  fc.tuple(path, version).map(([at, one]) => request.setData(at, 'z', one)),
  ...[request.exists, request.getData, request.getChildren2].map((make) => path.map((at) => make(at, true))),
  path.map((at) => request.sync(at)),
  fc.tuple(path, path).map(([a, b]) => request.multi(request.create(a), request.remove(b))),
  fc.tuple(path, fc.nat(2)).map(([at, mode]) => request.addWatch(at, mode)),
  fc
    .tuple(path, fc.constantFrom(ZooKeeperOp.checkWatches, ZooKeeperOp.removeWatches), fc.nat(6))
    .map(([at, type, watcher]) => ({ type, path: at, watcher })),
  fc
    .tuple(fc.array(path), fc.array(path), fc.array(path), fc.array(path), fc.array(path), fc.nat(9))
    .map(([data, exists, children, persistent, recursive, relativeZxid]): RequestRecord => ({
      ...{ type: ZooKeeperOp.setWatches2, data, exists, children, persistent, recursive, relativeZxid },
    })),
  fc.constant(request.ping),
);
const sane = types.filter((type) => type !== ZooKeeperOp.closeSession && type !== ZooKeeperOp.auth);
const any = fc.oneof(...sane.map((type): fc.Arbitrary<RequestRecord> => requests[type]));
const xid = fc.oneof(fc.integer({ min: 1, max: 5 }), fc.constantFrom(-2, -4, -8, 0));

/** What a line has been told behind the handshake: its answers are those of the requests, in order, and can be read. */
function expectAnswers(line: Line, said: readonly (readonly [number, RequestType])[]): void {
  let answered = 0;
  let last = 0;
  for (const frame of line.frames.slice(1)) {
    const input = new JuteReader(frame);
    const header = replyHeader.read(input);
    if (header.xid === Xid.event && input.left > 0) {
      expect(watcherEvent.read(input).state).toBe(3);
    } else {
      const [number, type] = said[answered++]!;
      expect(header.xid).toBe(number);
      if (header.err === 0 || type === ZooKeeperOp.sasl) readResponseBody(type, input);
      else expect(header.err).toBeLessThan(0);
      // Those that are answered by the door alone show 0; all others what was applied, which never goes back.
      if (type !== ZooKeeperOp.sasl) {
        expect(header.zxid).toBeGreaterThanOrEqual(last);
        last = header.zxid as number;
      }
    }
    expect(input.left).toBe(0);
  }
  expect(answered).toBe(said.length);
}

describe('whatever is asked', () => {
  test('has one answer, in order, whoever else asks and however the bytes are cut', () => {
    const step = fc.record({
      line: fc.nat(2),
      requests: fc.array(fc.tuple(xid, fc.oneof({ arbitrary: likely, weight: 3 }, any)), { maxLength: 12 }),
      drops: fc.nat(9).map((chance) => chance === 0),
      places: fc.array(fc.nat(), { maxLength: 4 }),
    });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 12 }), (steps) => {
        const server = new PureServer();
        const lines = [0, 1, 2].map(() => server.open());
        const said: [number, RequestType][][] = [[], [], []];
        for (const { line, requests: list, places, drops } of steps) {
          server.write(lines[line]!, ...cut(asked(...list), places));
          said[line]!.push(...list.map(([number, one]): [number, RequestType] => [number, one.type]));
          if (!drops) continue;
          expectAnswers(lines[line]!, said[line]!);
          server.drop(lines[line]!);
          lines[line] = server.open();
          said[line] = [];
        }
        for (const [index, line] of lines.entries()) {
          expect(line.closed).toBe(false);
          expectAnswers(line, said[index]!);
        }
      }),
      { numRuns: 300 },
    );
  });

  test('is answered also where it is far more than may wait', () => {
    const server = new PureServer();
    const line = server.open();
    const list = Array.from({ length: 8_000 }, (_, i): [number, RequestRecord] => [
      i + 1,
      i % 3 === 0 ? request.setData('/') : i % 3 === 1 ? request.getData('/') : request.sync('/'),
    ]);
    server.write(line, asked(...list));
    expectAnswers(
      line,
      list.map(([number, { type }]) => [number, type]),
    );
  });
});

describe('bytes that nobody should send', () => {
  const conversation = fc
    .array(fc.tuple(xid, fc.oneof(likely, any)), { minLength: 1, maxLength: 8 })
    .map((list) => Buffer.concat([hello(), asked(...list)]));
  const damage = fc.array(
    fc.record({
      at: fc.nat(),
      kind: fc.constantFrom('set', 'insert', 'remove'),
      bytes: fc.uint8Array({ maxLength: 6 }),
    }),
    { minLength: 1, maxLength: 5 },
  );
  const damaged = fc.tuple(conversation, damage).map(([bytes, list]) => {
    let whole: Uint8Array = bytes;
    for (const { at, kind, bytes: put } of list) {
      const place = at % (whole.length + 1);
      const behind = whole.subarray(place + (kind === 'insert' ? 0 : put.length));
      whole = Uint8Array.from(
        Buffer.concat([whole.subarray(0, place), kind === 'remove' ? [] : put, behind].map((x) => Buffer.from(x))),
      );
    }
    return whole;
  });

  test.each<[string, fc.Arbitrary<Uint8Array>]>([
    ['noise', fc.uint8Array({ maxLength: 300 })],
    ['noise behind a handshake', fc.uint8Array({ maxLength: 300 }).map((bytes) => Buffer.concat([hello(), bytes]))],
    ['small numbers', fc.uint8Array({ maxLength: 300, max: 20 }).map((bytes) => Buffer.concat([hello(), bytes]))],
    ['a real conversation, damaged', damaged],
  ])('%s: cost their connection at most', (_name, bytes) => {
    const server = new PureServer();
    const bystander = server.open();
    let pings = 0;
    fc.assert(
      fc.property(bytes, fc.array(fc.nat(), { maxLength: 4 }), (all, places) => {
        const line = server.dial();
        server.write(line, ...cut(all, places));
        server.write(bystander, asked([-2, request.ping]));
        pings++;
        server.drop(line);
        expect(bystander.closed).toBe(false);
        expect(bystander.frames).toHaveLength(1 + pings);
      }),
      { numRuns: 1_500 },
    );
  });
});

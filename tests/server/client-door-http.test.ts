/** What else speaks at the client port: plain HTTP, and noise. */
import { afterEach, describe, expect, test } from '@jest/globals';
import { PassThrough } from 'node:stream';
import type { Socket } from 'node:net';
import { claimsHttp, sniff, SNIFF_BYTES, whose, type Protocol } from '@synod/server/host/sniff';
import { closeDoors, openDoor, speak, UPGRADE } from './client-door-rig.js';

afterEach(closeDoors);

const get = (path: string, method = 'GET', headers = ''): string =>
  `${method} ${path} HTTP/1.1\r\nHost: a\r\n${headers}\r\n`;

describe('plain HTTP', () => {
  const page =
    /^(?=[^]*\r\nConnection: close\r\n)(?=[^]*\r\nCache-Control: no-store\r\n)HTTP\/1.1 (\d+) [^]*?\r\n\r\n([^]*)$/;
  const cases: [string, string, number, string][] = [
    ['health', get('/health'), 200, '{"serving":true,"role":"leading","detail":"epoch 3"}\n'],
    ['health with a query', get('/health?x=1'), 200, '{"serving":true,"role":"leading","detail":"epoch 3"}\n'],
    ['status', get('/status'), 200, '{"server":1}\n'],
    ['HEAD health', get('/health', 'HEAD'), 200, ''],
    ['HEAD status', get('/status', 'HEAD'), 200, ''],
    ['POST', get('/health', 'POST', 'Content-Length: 2\r\n') + '{}', 405, '{"error":"/health can only be read"}\n'],
    ['DELETE', get('/status', 'DELETE'), 405, '{"error":"/status can only be read"}\n'],
    ['nothing there', get('/other'), 404, '{"error":"no such page; there are /health and /status"}\n'],
    ['a path with tricks', get('/x/../health'), 404, '{"error":"no such page; there are /health and /status"}\n'],
    ['no upgrade', get('/'), 404, '{"error":"no such page; there are /health and /status"}\n'],
    [
      'a web page',
      get('/health', 'GET', 'Origin: http://a\r\n'),
      403,
      '{"error":"web pages of this origin are not allowed to connect"}\n',
    ],
    ['WebSocket elsewhere', `GET /x HTTP/1.1\r\n${UPGRADE}\r\n\r\n`, 404, '{"error":"WebSocket is at / and /synod"}\n'],
  ];
  test.each(cases)('%s', async (_name, request, status, body) => {
    const { port } = await openDoor();
    const { socket, answer } = speak(port, request);
    socket.end();
    const [, gotStatus, gotBody] = page.exec(await answer) ?? [];
    expect([gotStatus, gotBody]).toEqual([String(status), body]);
  });

  test('a server that does not serve says so with 503', async () => {
    const { port } = await openDoor({ health: () => ({ serving: false, role: 'looking', detail: 'no quorum' }) });
    const answer = await speak(port, get('/health')).answer;
    expect(answer).toMatch(/^HTTP\/1.1 503 /);
    expect(answer).toMatch(/\r\n\r\n\{"serving":false,"role":"looking","detail":"no quorum"\}\n$/);
  });

  test('a status that fails costs the request, not the server', async () => {
    const status = (): never => {
      throw new Error('a bug');
    };
    const { port, lines } = await openDoor({ status });
    expect(await speak(port, get('/status')).answer).toMatch(/^HTTP\/1.1 500 /);
    expect(await lines.until((line) => line.includes('status-failed'))).toContain('cause="a bug"');
    expect(await speak(port, get('/health')).answer).toMatch(/^HTTP\/1.1 200 /);
  });

  test('comes through however it is cut', async () => {
    const { port } = await openDoor();
    const request = get('/status');
    const answers = [...request].map((_, at) => speak(port, request.slice(0, at + 1), request.slice(at + 1)).answer);
    answers.push(speak(port, ...request).answer);
    for (const answer of await Promise.all(answers)) expect(answer).toMatch(/^HTTP\/1.1 200 [^]*\{"server":1\}\n$/);
  });

  test('one request for each connection', async () => {
    let asked = 0;
    const { port, told } = await openDoor({ status: () => ++asked });
    const answer = await speak(port, get('/status').repeat(500)).answer;
    expect(answer.match(/HTTP\/1.1/g)).toHaveLength(1);
    // Nor is an upgrade smuggled in behind it.
    const smuggled = await speak(port, `${get('/status')}GET / HTTP/1.1\r\n${UPGRADE}\r\n\r\n`).answer;
    expect(smuggled.match(/HTTP\/1.1/g)).toHaveLength(1);
    expect([asked, told.entries]).toEqual([2, []]);
  });

  test.each([
    ['many headers', get('/health', 'GET', 'A: b\r\n'.repeat(5_000)), 431],
    ['many headers before an upgrade', `GET / HTTP/1.1\r\n${'A: b\r\n'.repeat(5_000)}${UPGRADE}\r\n\r\n`, 431],
    ['a long header', get('/health', 'GET', `A: ${'b'.repeat(20_000)}\r\n`), 431],
    ['a long path', get(`/${'a'.repeat(20_000)}`), 431],
    ['no host', 'GET /health HTTP/1.1\r\n\r\n', 400],
    ['two lengths', get('/health', 'POST', 'Content-Length: 1\r\nTransfer-Encoding: chunked\r\n'), 400],
    ['a header without a colon', get('/health', 'GET', 'nonsense\r\n'), 400],
    ['another version', 'GET /health HTTP/9.9\r\nHost: a\r\n\r\n', 400],
    ['an upgrade without a key', 'GET / HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n', 400],
    ['an upgrade to something else', 'GET / HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: h2c\r\n\r\n', 400],
    ['an upgrade by POST', `POST / HTTP/1.1\r\n${UPGRADE}\r\n\r\n`, 405],
    [
      'an origin behind many headers',
      `GET / HTTP/1.1\r\n${UPGRADE}\r\n${'A: b\r\n'.repeat(1_100)}Origin: http://a\r\n\r\n`,
      403,
    ],
  ])('%s', async (_name, request, status) => {
    const { port, told } = await openDoor();
    const { socket, answer } = speak(port, request);
    socket.end();
    expect(await answer).toMatch(new RegExp(`^HTTP/1.1 ${status} `));
    expect(told.entries).toEqual([]);
  });
});

describe('noise', () => {
  test.each([
    ['TLS', Buffer.from('16030100c8010000c40303', 'hex')],
    ['HTTP/2', Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n')],
    ['lower case', Buffer.from('get / http/1.1\r\n\r\n')],
    ['a method that goes on', Buffer.from('GETS / HTTP/1.1\r\n\r\n')],
    ['random', Buffer.from('f3a99120c0ffee', 'hex')],
  ])('%s is hung up on', async (_name, bytes) => {
    const { port, lines, door } = await openDoor();
    const { answer } = speak(port, bytes);
    expect(await answer).toBe('');
    const line = await lines.until((entry) => entry.includes('event=client-refused'));
    expect(line).toMatch(
      /^DEBUG event=client-refused address=127.0.0.1 port=\d+ cause="an unknown protocol" first=[0-9a-f]+$/,
    );
    expect(door.connections).toBe(0);
  });

  test('a connection that ends at once', async () => {
    const { port, lines } = await openDoor();
    const { socket, answer } = speak(port, '');
    socket.end();
    expect(await answer).toBe('');
    await lines.until((entry) => entry.includes('cause="closed without a word"'));
  });
});

describe('the first bytes', () => {
  test.each([
    ['GET /', 'yes'],
    ['HEAD ', 'yes'],
    ['OPTIONS *', 'yes'],
    ['G', 'more'],
    ['GET', 'more'],
    ['P', 'more'],
    ['PU', 'more'],
    ['PUX', 'no'],
    ['GETX', 'no'],
    [' GET', 'no'],
    ['\0\0\0\x2c', 'no'],
  ])('%j: HTTP %s', (text, claim) => expect(claimsHttp(Buffer.from(text))).toBe(claim));

  const begins = (name: string, word: string): Protocol => ({
    name,
    claims: (first) => {
      const text = Buffer.from(first).toString('latin1', 0, word.length);
      if (!word.startsWith(text)) return 'no';
      return text.length === word.length ? 'yes' : 'more';
    },
    accept: () => undefined,
  });
  const [ab, abc] = [begins('ab', 'abcd'), begins('abc', 'abx')];
  const endless: Protocol = { name: 'endless', claims: () => 'more', accept: () => undefined };
  test.each([
    ['who comes first decides first', 'ab', [ab, abc], 'more'],
    ['the next one where the first says no', 'abx', [ab, abc], abc],
    ['the first one', 'abcd', [ab, abc], ab],
    ['nobody', 'x', [ab, abc], 'none'],
    ['nobody listens', 'x', [], 'none'],
    ['one that cannot decide', 'x'.repeat(SNIFF_BYTES - 1), [endless], 'more'],
    ['one that never decides', 'x'.repeat(SNIFF_BYTES), [endless], 'none'],
  ] as [string, string, Protocol[], unknown][])('%s', (_name, text, protocols, owner) => {
    expect(whose(Buffer.from(text), protocols)).toBe(owner);
  });

  test('the answer does not depend on how the bytes were cut', () => {
    const text = Buffer.from('abcd and the rest');
    for (let size = 1; size <= text.length; size++) {
      const socket = new PassThrough();
      const read: Buffer[] = [];
      let owner: Protocol | undefined;
      sniff(socket as unknown as Socket, [abc, ab], (protocol, first) => {
        owner = protocol;
        read.push(first);
      });
      for (let at = 0; at < text.length; at += size) socket.emit('data', text.subarray(at, at + size));
      expect([size, owner?.name, read.length, text.subarray(0, read[0]!.length)]).toEqual([size, 'ab', 1, read[0]]);
      expect(socket.isPaused()).toBe(true);
    }
  });
});

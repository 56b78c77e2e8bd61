/** The source of an import that does not do what it should: what is said, what is tried again, and the exit code. */
import { once } from 'node:events';
import { createServer, type AddressInfo } from 'node:net';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { run } from '@synod/cli';
import { Source } from '@synod/cli/import/source';
import { isSynodError } from '@synod/protocol';
import { ZooKeeperOp } from '@synod/zookeeper';
import { FakeEnsemble } from '../client/fake-ensemble.js';
import { FakeZooKeeper } from './import-zookeeper.js';
import { Terminal } from './terminal.js';

let source: FakeZooKeeper;
let target: FakeEnsemble;

beforeEach(async () => {
  [source, target] = await Promise.all([FakeZooKeeper.start(), FakeEnsemble.start()]);
});

afterEach(async () => {
  await Promise.all([source.stop(), target.stop()]);
});

async function synodImport(from: string, ...words: string[]): Promise<{ code: number; out: string; err: string }> {
  const terminal = new Terminal(target.connectString);
  const code = await run(['import', '--from', from, ...words], terminal);
  return { code, out: terminal.stdout.text, err: terminal.stderr.text };
}

/** A request that comes often: it is dealt with in another way at its n-th time. */
function atTime<R>(n: number, then: R): (usual: R) => R {
  let times = 0;
  return (usual) => (++times === n ? then : usual);
}

describe('what is told', () => {
  test('nobody listens', async () => {
    await source.stop();
    const { code, err } = await synodImport(source.address, '--timeout', '1500');
    expect(code).toBe(3);
    expect(err).toMatch(
      /^CONNECTION_LOSS: the source could not be reached within 1500 ms; 127\.0\.0\.1:\d+: .*REFUSED/,
    );
    await source.listen();
  });

  test('a server that says nothing', async () => {
    source.greeting = Buffer.alloc(0);
    const { code, err } = await synodImport(source.address, '--timeout', '1500');
    expect(code).toBe(3);
    expect(err).toContain('it gave no answer within 1500 ms');
  });

  test('a server that hangs up', async () => {
    const rude = createServer((socket) => socket.destroy());
    rude.listen(0, '127.0.0.1');
    await once(rude, 'listening');
    const { port } = rude.address() as AddressInfo;
    const { code, err } = await synodImport(`127.0.0.1:${port}`, '--timeout', '1500');
    rude.close();
    expect(code).toBe(3);
    expect(err).toMatch(/perhaps it does not serve now, or wants TLS|ECONNRESET/);
  });

  test.each([
    ['HTTP/1.1 400 Bad Request\r\n', 'it answers, but not as ZooKeeper does: a frame of 1213486160 bytes'],
    ['imok', 'it answers, but not as ZooKeeper does: a frame of'],
    ['\0\0\0\x02hi', 'it answers, but not as ZooKeeper does: protocolVersion: 4 bytes are needed where 2 are left'],
    [`\0\0\0\x24${'\0'.repeat(36)}`, 'it refused the session'],
  ])('no ZooKeeper: %j', async (greeting, message) => {
    source.greeting = Buffer.from(greeting);
    const { code, err } = await synodImport(source.address);
    expect(code).toBe(3);
    expect(err).toContain(message);
  });

  test('an identity that is not accepted', async () => {
    const { code, err } = await synodImport(source.address, '--from-auth', 'sasl:alice');
    expect(code).toBe(1);
    expect(err).toBe(`AUTH_FAILED: the source ${source.address}: it does not accept the identity of --from-auth\n`);
  });

  test('a server for clients with SASL only', async () => {
    source.fate = () => -124;
    const { code, err } = await synodImport(source.address);
    expect(code).toBe(1);
    expect(err).toContain('it serves only clients that authenticate by SASL');
  });

  test('an error that nobody expects ends the import, with the report', async () => {
    source.put('/a', 'x');
    source.fate = (request) => (request.type === ZooKeeperOp.getAcl && request.path === '/a' ? -999 : 'serve');
    const { code, out, err } = await synodImport(source.address);
    expect(code).toBe(1);
    expect(out).toContain('1 znodes read');
    expect(err).toBe(
      'SYSTEM_ERROR: the source answers with the error -999 (/a)\n' +
        'The import is not complete. Run it again: what is equal already is not copied again.\n',
    );
  });

  test('there is no such znode', async () => {
    const { code, err } = await synodImport(source.address, '--path', '/nowhere');
    expect({ code, err }).toEqual({ code: 1, err: 'BAD_ARGUMENTS: the source has no such znode (/nowhere)\n' });
  });

  test('a target that is not there', async () => {
    const { code, err } = await synodImport(source.address, '--server', '127.0.0.1:1', '--timeout', '1500');
    expect(code).toBe(3);
    expect(err).toContain('CONNECTION_LOSS: the target: no server of 127.0.0.1:1 took the session within 1500 ms');
  });
});

describe('goes on', () => {
  function fill(count: number): void {
    source.put('/a');
    for (let i = 0; i < count; i++) source.put(`/a/${i}`, `${i}`);
  }

  test('with the next server, without losing a question or seeing older states', async () => {
    const other = await FakeZooKeeper.start();
    fill(300);
    other.tree.nodes = source.tree.nodes;
    other.tree.zxid = source.tree.zxid;
    const cut = atTime<'serve' | 'cut'>(200, 'cut');
    source.fate = () => cut('serve');
    const { code, err } = await synodImport(`${source.address},${other.address}`);
    await other.stop();
    expect({ code, err }).toEqual({ code: 0, err: `the connection to ${source.address}: it closed the connection\n` });
    expect(target.tree.nodes.size).toBe(302);
    expect(other.connects.map(({ sessionId, lastZxidSeen }) => ({ sessionId, lastZxidSeen }))).toEqual([
      { sessionId: 0, lastZxidSeen: source.tree.zxid },
    ]);
    expect(other.requests[0]).toEqual({ type: ZooKeeperOp.sync, path: '/' });
  });

  test('after a server that falls silent', async () => {
    fill(20);
    source.timeOut = 300;
    const silent = atTime<'serve' | 'silence'>(15, 'silence');
    source.fate = () => silent('serve');
    const { code, err } = await synodImport(source.address);
    expect(code).toBe(0);
    // The answer behind the one that never came breaks the order; without one behind it, silence would.
    expect(err).toMatch(/^the connection to .*: it (broke the protocol|was silent)/);
    expect(target.tree.nodes.size).toBe(22);
  });

  test('but not when one question breaks every connection', async () => {
    fill(3);
    source.fate = (request) => (request.type === ZooKeeperOp.getData && request.path === '/a/1' ? 'cut' : 'serve');
    const { code, err } = await synodImport(source.address);
    expect(code).toBe(3);
    expect(err).toContain('CONNECTION_LOSS: the source breaks connections again and again');
    expect(err).toContain('Run it again');
    expect(source.connects).toHaveLength(10);
  });

  test('where a run was cut', async () => {
    fill(1_200);
    const { tree } = target;
    const write = tree.write.bind(tree);
    let multis = 0;
    tree.write = (request, session) => {
      if (++multis === 2) target.expire(session);
      return write(request, session);
    };
    const cut = await synodImport(source.address);
    expect(cut.code).toBe(3);
    expect(cut.err).toContain('SESSION_EXPIRED');
    expect(tree.nodes.size).toBeLessThan(1_202);
    tree.write = write;
    expect((await synodImport(source.address)).code).toBe(0);
    expect(tree.nodes.size).toBe(1_202);
  });
});

describe('Source', () => {
  const open = () =>
    Source.connect({
      servers: [{ host: '127.0.0.1', port: source.port }],
      auth: [],
      connectTimeout: 2_000,
      onTrouble: (text) => {
        throw new Error(text);
      },
    });

  test('keeps an idle session, and ends it', async () => {
    source.timeOut = 600;
    source.put('/a', 'x');
    const reader = await open();
    await source.pinged(3);
    expect((await reader.data('/a')).data?.length).toBe(1);
    await reader.close();
    expect(source.requests.at(-1)).toEqual({ type: ZooKeeperOp.closeSession });
    const late = await reader.data('/a').catch((error: unknown) => error);
    expect(isSynodError(late) && late.code).toBe('CONNECTION_LOSS');
    await reader.close();
  });
});

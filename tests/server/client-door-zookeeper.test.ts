/** Clients that speak ZooKeeper's protocol at the client port, as far as the door sees it: bytes; and four-letter words. */
import { afterEach, describe, expect, test } from '@jest/globals';
import { once } from 'node:events';
import { closeDoors, dial, openDoor, speak } from './client-door-rig.js';

afterEach(closeDoors);

describe('a connection that begins with a zero', () => {
  test('speaks ZooKeeper from its first byte on; what it says is given on as it came', async () => {
    const { port, told, links, door } = await openDoor();
    const { socket } = speak(port, '\0');
    await told.until((entry) => entry === 'frame 1 \0');
    socket.write('and more');
    await told.until((entry) => entry === 'frame 1 and more');
    expect(links[0]).toMatchObject({ id: 1, address: '127.0.0.1', port: socket.localPort, bufferedBytes: 0 });
    expect(door.connections).toBe(1);
    socket.end();
    await told.until((entry) => entry === 'close 1');
    expect(told.entries).toEqual(['open 1', 'frame 1 \0', 'frame 1 and more', 'close 1']);
  });

  test('is told from one of WebSocket, and numbered with it', async () => {
    const languages: string[] = [];
    const { port, told } = await openDoor({ onOpen: (link, language) => languages.push(`${link.id} ${language}`) });
    const { ws, opened } = dial(port);
    await opened;
    const { socket } = speak(port, '\0x');
    await told.until((entry) => entry === 'frame 2 \0x');
    expect(languages).toEqual(['1 synod', '2 zookeeper']);
    ws.terminate();
    socket.destroy();
  });

  test('is ended politely: what was sent arrives, and what still comes is thrown away', async () => {
    const { port, told, links } = await openDoor();
    const { socket, answer } = speak(port, '\0');
    await told.until((entry) => entry === 'frame 1 \0');
    const [link] = links;
    link!.pause();
    socket.write('x'.repeat(1_000_000));
    link!.send(Buffer.alloc(3_000_000, 'a'));
    link!.send(Buffer.from('b'));
    link!.close('enough');
    link!.send(Buffer.from('c'));
    link!.close('again');
    link!.pause();
    expect(await answer).toBe(`${'a'.repeat(3_000_000)}b`);
    await told.until((entry) => entry === 'close 1');
    expect(told.entries).toEqual(['open 1', 'frame 1 \0', 'close 1']);
    link!.resume();
    link!.send(Buffer.from('d'));
    link!.terminate();
  });

  test('that does not read what is left is cut off', async () => {
    const { port, told, links } = await openDoor();
    const { socket, answer } = speak(port, '\0');
    await told.until((entry) => entry === 'frame 1 \0');
    socket.pause();
    links[0]!.send(Buffer.alloc(30_000_000));
    links[0]!.close('enough');
    await told.until((entry) => entry === 'close 1');
    socket.resume();
    expect((await answer).length).toBeLessThan(30_000_000);
  });

  test('is ended at once, even from the callback that told of it', async () => {
    const { port, told } = await openDoor({ onOpen: (link) => link.terminate() });
    expect(await speak(port, '\0').answer).toBe('');
    await told.until((entry) => entry === 'close 1');
    expect(told.entries).toEqual(['close 1']);
  });

  test('that does not read is seen in the bytes that wait', async () => {
    const { port, told, links } = await openDoor();
    const { socket } = speak(port, '\0');
    await told.until((entry) => entry === 'open 1');
    socket.pause();
    for (let i = 0; i < 500; i++) links[0]!.send(Buffer.alloc(100_000));
    expect(links[0]!.bufferedBytes).toBeGreaterThan(16 * 1_048_576);
    links[0]!.terminate();
    await told.until((entry) => entry === 'close 1');
    socket.destroy();
  });

  test('is not read from while it is paused', async () => {
    const { port, told, links } = await openDoor();
    const { socket } = speak(port, '\0');
    await told.until((entry) => entry === 'frame 1 \0');
    links[0]!.pause();
    await new Promise((resolve) => socket.write('later', resolve));
    const other = speak(port, '\0now');
    await told.until((entry) => entry === 'frame 2 \0now');
    expect(told.entries).toEqual(['open 1', 'frame 1 \0', 'open 2', 'frame 2 \0now']);
    links[0]!.resume();
    await told.until((entry) => entry === 'frame 1 later');
    for (const one of [socket, other.socket]) one.destroy();
  });

  test('has no deadline of the door any more, and is ended with it', async () => {
    const { port, told, door } = await openDoor({ helloMs: 30 });
    const [client, silent] = [speak(port, '\0'), speak(port, '')];
    await silent.answer;
    expect(client.socket.readyState).toBe('open');
    await door.close();
    expect(await client.answer).toBe('');
    expect(told.entries.at(-1)).toBe('close 1');
  });

  test('that breaks is the end of the link', async () => {
    const { port, told, lines } = await openDoor();
    const { socket } = speak(port, '\0');
    await told.until((entry) => entry === 'open 1');
    socket.resetAndDestroy();
    await told.until((entry) => entry === 'close 1');
    expect(lines.entries.at(-1)).toMatch(/client-closed link=1 .*ECONNRESET/);
  });
});

describe('a four-letter word', () => {
  test.each<[string, ...string[]]>([
    ['alone', 'ruok'],
    ['with a line end', 'ruok\n'],
    ['with garbage behind it', `ruok${'garbage '.repeat(50_000)}`],
    ['in single bytes', 'r', 'u', 'o', 'k'],
  ])('%s is answered, and the connection ended', async (_name, ...chunks) => {
    const { port } = await openDoor();
    const { socket, answer } = speak(port, ...chunks);
    expect(await answer).toBe('imok');
    expect(socket.destroyed).toBe(true);
  });

  test('is answered to who has ended its half already', async () => {
    const { port } = await openDoor();
    const { socket, answer } = speak(port);
    await once(socket, 'connect');
    socket.end('ruok');
    expect(await answer).toBe('imok');
  });

  test('with a long answer is answered to the end', async () => {
    const text = 'x'.repeat(5_000_000);
    const { port } = await openDoor({ words: () => text });
    expect((await speak(port, 'dump').answer).length).toBe(text.length);
  });

  test.each(['stat', 'abcd', 'ruo!', 'RUOK'])('that is none here (%s) has no answer', async (word) => {
    const { port } = await openDoor();
    expect(await speak(port, word).answer).toBe('');
  });
});

/**
 * A client of ZooKeeper's protocol, as small as its use in the interop run allows: one connection, requests in, answers out.
 * It speaks to real servers of ZooKeeper and to Synod's door alike, and ends where its connection does.
 */
import { once } from 'node:events';
import { connect } from 'node:net';
import { Caller, ZooKeeperOp } from '@synod/zookeeper';

/** @typedef {import('@synod/zookeeper').RequestRecord} RequestRecord */

/**
 * @typedef {object} Waiting
 * @property {(answer: { err: number; body: unknown }) => void} resolve
 */

/** Requests that are under way at a time. */
const window = 200;

export class ZooKeeperClient {
  /** @type {Caller<Waiting>} */
  #caller = new Caller({ lastZxidSeen: 0, timeOut: 30_000, maxFrameBytes: 64 * 1_048_576 });
  #socket;
  #failure = '';

  /** @param {string} servers the first of them is used @param {string} credentials of the scheme digest */
  static async open(servers, credentials) {
    const client = new ZooKeeperClient(servers.split(',')[0] ?? '');
    await once(client.#socket, 'connect');
    client.#caller.authenticate('digest', Buffer.from(credentials));
    client.#send();
    await client.ask({ type: ZooKeeperOp.sync, path: '/' });
    return client;
  }

  /** @param {string} server */
  constructor(server) {
    const [host = '', port] = server.split(':');
    this.#socket = connect(Number(port), host);
    this.#socket.on('data', (chunk) => {
      for (const heard of this.#caller.push(chunk)) {
        if (heard.kind === 'answer') heard.token.resolve(heard);
        else if (heard.kind !== 'opened') this.#socket.destroy(new Error(`${server}: ${heard.kind}`));
      }
    });
    this.#socket.on('error', (error) => (this.#failure = error.message));
    this.#socket.on('close', () => {
      for (const { resolve } of this.#caller.abandon()) resolve({ err: -4, body: this.#failure });
    });
  }

  /**
   * Sends a request; its answer, or an Error with the number of what was answered instead.
   *
   * @template {import('@synod/zookeeper').RequestType} T
   * @param {import('@synod/zookeeper').RequestOf<T>} request
   * @returns {Promise<import('@synod/zookeeper').Responses[T]>}
   */
  async ask(request) {
    if (this.#socket.destroyed) throw new Error(`the connection is closed ${this.#failure}`);
    const { err, body } = await new Promise((/** @type {Waiting['resolve']} */ resolve) => {
      this.#caller.ask(request, { resolve });
      this.#send();
    });
    const path = 'path' in request ? ` of ${String(request.path)}` : '';
    if (err !== 0) throw new Error(`the operation ${request.type}${path} gives the error ${err}`);
    return /** @type {import('@synod/zookeeper').Responses[T]} */ (body);
  }

  /**
   * Does something for each of a list, many at a time.
   *
   * @template V, R
   * @param {readonly V[]} list
   * @param {(value: V) => Promise<R>} act
   */
  static async each(list, act) {
    /** @type {R[]} */
    const results = [];
    for (let i = 0; i < list.length; i += window) {
      results.push(...(await Promise.all(list.slice(i, i + window).map((value) => act(value)))));
    }
    return results;
  }

  #send() {
    this.#socket.write(this.#caller.take());
  }

  async close() {
    await this.ask({ type: ZooKeeperOp.closeSession });
    this.#socket.destroy();
  }
}

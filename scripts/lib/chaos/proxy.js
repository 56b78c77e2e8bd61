/**
 * The links between the servers, in the hands of the chaos run: each server reaches each other one through a listener of
 * its own, so that each direction of each pair can be slowed down, cut or broken by itself, without any privilege. Bytes
 * from `a` to `b` obey the direction a → b, whichever of the two has opened the connection.
 */
import { once } from 'node:events';
import { connect, createServer } from 'node:net';
import { Lane } from './proxy-lane.js';

/**
 * @typedef {import('./proxy-lane.js').Mode} Mode
 *
 * @typedef {import('../ensemble.js').Route} Route
 * @typedef {readonly [from: number, to: number, mode: Mode]} Rule
 */

const host = '127.0.0.1';

/** One ordered pair of servers. */
class Direction {
  /** The connections' lanes in this direction. @type {Set<Lane>} */
  lanes = new Set();
  /** Calls that wait until the direction lets them through. @type {Set<() => void>} */
  calls = new Set();
  /** What faults want of it now. @type {Set<Mode>} */
  #modes = new Set();

  /** What passes nothing prevails; else the latest fault has its way. @returns {Mode} */
  get mode() {
    const modes = [...this.#modes];
    return modes.findLast(({ type }) => type === 'cut' || type === 'reset') ?? modes.at(-1) ?? { type: 'pass' };
  }

  /** @param {Mode} mode */
  impose(mode) {
    this.#modes.add(mode);
    this.#changed();
  }

  /** @param {Mode} mode */
  lift(mode) {
    this.#modes.delete(mode);
    this.#changed();
  }

  heal() {
    this.#modes.clear();
    this.#changed();
  }

  #changed() {
    for (const lane of this.lanes) lane.changed();
    for (const call of this.calls) call();
  }
}

export class Links {
  /** @type {Map<string, Direction>} */
  #directions = new Map();
  /** @type {import('node:net').Server[]} */
  #servers = [];
  /** @type {Set<import('node:net').Socket>} */
  #sockets = new Set();
  #chance;

  /**
   * Listens at the ports of all routes.
   *
   * @param {readonly Route[]} routes
   * @param {() => number} chance from 0 up to 1, for jitter
   */
  static async open(routes, chance) {
    const links = new Links(chance);
    await Promise.all(routes.map((route) => links.#listen(route)));
    return links;
  }

  /** @param {() => number} chance */
  constructor(chance) {
    this.#chance = chance;
  }

  /**
   * Applies rules on top of what others have imposed.
   *
   * @param {readonly Rule[]} rules
   * @returns {() => void} takes them back
   */
  impose(rules) {
    const own = rules.map(([from, to, mode]) => ({ direction: this.#direction(from, to), mode: { ...mode } }));
    for (const { direction, mode } of own) direction.impose(mode);
    return () => {
      for (const { direction, mode } of own) direction.lift(mode);
    };
  }

  /** All directions pass. */
  heal() {
    for (const direction of this.#directions.values()) direction.heal();
  }

  /** Ends all connections and listens no longer. */
  async close() {
    for (const socket of this.#sockets) socket.destroy();
    await Promise.all(this.#servers.map((server) => new Promise((resolve) => server.close(resolve))));
  }

  /** @param {number} from @param {number} to */
  #direction(from, to) {
    const key = `${from}>${to}`;
    const direction = this.#directions.get(key) ?? new Direction();
    this.#directions.set(key, direction);
    return direction;
  }

  /** @param {Route} route */
  async #listen(route) {
    const server = createServer({ allowHalfOpen: true, pauseOnConnect: true }, (socket) => this.#accept(socket, route));
    server.listen(route.port, host);
    await once(server, 'listening');
    this.#servers.push(server);
  }

  /**
   * A connection needs both directions to come about: until then the caller hears nothing.
   *
   * @param {import('node:net').Socket} caller
   * @param {Route} route
   */
  #accept(caller, { from, to, target }) {
    const there = this.#direction(from, to);
    const back = this.#direction(to, from);
    this.#keep(caller);
    const call = () => {
      const modes = [there.mode.type, back.mode.type];
      if (modes.includes('reset')) caller.resetAndDestroy();
      if (modes.includes('cut') && !caller.destroyed) return;
      for (const direction of [there, back]) direction.calls.delete(call);
      if (!caller.destroyed) this.#join(caller, target, there, back);
    };
    for (const direction of [there, back]) direction.calls.add(call);
    call();
  }

  /**
   * @param {import('node:net').Socket} caller
   * @param {number} target
   * @param {Direction} there
   * @param {Direction} back
   */
  #join(caller, target, there, back) {
    const callee = connect({ port: target, host, allowHalfOpen: true });
    this.#keep(callee);
    this.#lane(caller, callee, there);
    this.#lane(callee, caller, back);
  }

  /**
   * @param {import('node:net').Socket} source
   * @param {import('node:net').Socket} sink
   * @param {Direction} direction
   */
  #lane(source, sink, direction) {
    const lane = new Lane(source, sink, () => direction.mode, this.#chance);
    direction.lanes.add(lane);
    sink.once('close', () => direction.lanes.delete(lane));
  }

  /** @param {import('node:net').Socket} socket */
  #keep(socket) {
    socket.setNoDelay(true);
    socket.on('error', () => undefined);
    this.#sockets.add(socket);
    socket.once('close', () => this.#sockets.delete(socket));
  }
}

/** One connection to a server: frames out, frames in, and waiting for replies. What the frames say is not looked at. */
import { once } from 'node:events';
import { connect } from 'node:net';

/** How long a server may be silent where it owes something, in milliseconds. */
const patienceMs = 20_000;

/**
 * How a wait ended: all came; the server closed the connection; or nothing came.
 *
 * @typedef {'open' | 'closed' | 'silent'} State
 */

export class Wire {
  #socket;
  /** @type {Buffer[]} */
  #frames = [];
  #replies = 0;
  /** @type {Buffer} */
  #rest = Buffer.alloc(0);
  #closed = false;
  #wanted = Infinity;
  /** @type {(() => void) | null} */
  #wake = null;

  /** @param {import('node:net').Socket} socket */
  constructor(socket) {
    this.#socket = socket;
    socket.setNoDelay(true);
    socket.on('data', (chunk) => this.#take(chunk));
    socket.on('error', () => this.#end());
    socket.on('end', () => this.#end());
    socket.on('close', () => this.#end());
  }

  /** @param {import('./servers.js').Address} address */
  static async open({ host, port }) {
    const socket = connect(port, host);
    await once(socket, 'connect');
    return new Wire(socket);
  }

  get closed() {
    return this.#closed;
  }

  /** @param {Uint8Array} bytes */
  write(bytes) {
    if (!this.#closed) this.#socket.write(bytes);
  }

  /**
   * Waits for so many frames that are no events, and takes everything up to the last of them. Where the connection ends
   * before that, everything is taken.
   *
   * @param {number} count Infinity: waits for the end
   * @returns {Promise<{ frames: Buffer[]; state: State }>}
   */
  async replies(count) {
    if (this.#replies < count && !this.#closed) await this.#until(count);
    if (this.#replies >= count) return { frames: this.#upTo(count), state: 'open' };
    const frames = this.#frames;
    this.#frames = [];
    this.#replies = 0;
    return { frames, state: this.#closed ? 'closed' : 'silent' };
  }

  destroy() {
    this.#closed = true;
    this.#socket.destroy();
  }

  /** @param {number} count */
  async #until(count) {
    await /** @type {Promise<void>} */ (
      new Promise((resolve) => {
        const timer = setTimeout(() => this.#wake?.(), patienceMs);
        this.#wanted = count;
        this.#wake = () => {
          clearTimeout(timer);
          this.#wake = null;
          resolve();
        };
      })
    );
  }

  /** @param {number} count */
  #upTo(count) {
    let end = 0;
    for (let left = count; left > 0; end++) if (!isEvent(this.#frames[end])) left--;
    this.#replies -= count;
    return this.#frames.splice(0, end);
  }

  /** @param {Buffer} chunk */
  #take(chunk) {
    const bytes = this.#rest.length === 0 ? chunk : Buffer.concat([this.#rest, chunk]);
    let at = 0;
    while (bytes.length - at >= 4) {
      const length = bytes.readInt32BE(at);
      if (length < 0) throw new Error(`the server sent a length of ${length}`);
      if (bytes.length - at - 4 < length) break;
      const frame = bytes.subarray(at + 4, at + 4 + length);
      this.#frames.push(frame);
      if (!isEvent(frame)) this.#replies++;
      at += 4 + length;
    }
    this.#rest = bytes.subarray(at);
    if (this.#replies >= this.#wanted) this.#wake?.();
  }

  #end() {
    this.#closed = true;
    this.#wake?.();
  }
}

/** An event has the xid −1. The answer to a handshake begins with a version, which is 0. @param {Buffer | undefined} frame */
export function isEvent(frame) {
  return frame !== undefined && frame.length >= 4 && frame.readInt32BE(0) === -1;
}

/**
 * The bytes of one TCP connection in one direction, on their way through the proxy. What a lane holds back is never lost:
 * it waits, together with the end of the connection, as TCP would send it again, and arrives in order once the way is
 * free. Left out: changed and reordered bytes, which TCP does not deliver.
 */
import { now } from './history.js';

/**
 * @typedef {{ type: 'pass' } | { type: 'cut' } | { type: 'reset' } | { type: 'delay'; ms: number; jitter: number }
 *   | { type: 'trickle'; bytes: number; everyMs: number }} Mode what a direction does with bytes: hands them on; holds
 *   them back, ends included, while the connection stays open; resets the connection; hands them on after `ms` and up to
 *   `jitter` milliseconds; hands `bytes` on every so often
 *
 * @typedef {{ bytes: Buffer | 'end' | 'reset'; due: number }} Piece
 */

/** Bytes that a lane keeps; more wait in the buffers of the sockets, until the sender notices. */
const mostBytes = 1 << 20;

export class Lane {
  /** @type {Piece[]} */
  #queue = [];
  #queued = 0;
  #latest = 0;
  /** When the next bytes may go that trickle. */
  #next = 0;
  #ended = false;
  #full = false;
  /** @type {NodeJS.Timeout | undefined} */
  #timer;
  #source;
  #sink;
  #mode;
  #chance;

  /**
   * @param {import('node:net').Socket} source
   * @param {import('node:net').Socket} sink
   * @param {() => Mode} mode
   * @param {() => number} chance from 0 up to 1
   */
  constructor(source, sink, mode, chance) {
    this.#source = source;
    this.#sink = sink;
    this.#mode = mode;
    this.#chance = chance;
    source.on('data', (bytes) => this.#take(/** @type {Buffer} */ (bytes)));
    source.once('end', () => this.#close('end'));
    source.once('close', () => this.#close('reset'));
    // What is wrong shows itself as "close".
    source.on('error', () => undefined);
    sink.on('drain', () => {
      this.#full = false;
      this.changed();
    });
    sink.once('close', () => this.#drop());
    this.changed();
  }

  /** The mode may be another one than before. */
  changed() {
    if (this.#mode().type === 'reset') {
      this.#source.resetAndDestroy();
      this.#sink.resetAndDestroy();
      return;
    }
    if (this.#mode().type === 'cut' || this.#queued > mostBytes) this.#source.pause();
    else this.#source.resume();
    this.#pump();
  }

  /** @param {Buffer} bytes */
  #take(bytes) {
    this.#queued += bytes.length;
    this.#add(bytes);
    if (this.#queued > mostBytes) this.#source.pause();
  }

  /** @param {'end' | 'reset'} how */
  #close(how) {
    if (this.#ended) return;
    this.#ended = true;
    this.#add(how);
  }

  /** @param {Piece['bytes']} bytes */
  #add(bytes) {
    const mode = this.#mode();
    const late = mode.type === 'delay' ? mode.ms + this.#chance() * mode.jitter : 0;
    this.#latest = Math.max(this.#latest, now() + late);
    this.#queue.push({ bytes, due: this.#latest });
    this.#pump();
  }

  /** Hands on what is due. */
  #pump() {
    clearTimeout(this.#timer);
    for (let piece = this.#queue[0]; piece && !this.#full; piece = this.#queue[0]) {
      const mode = this.#mode();
      if (mode.type === 'cut') return;
      const wait = (mode.type === 'trickle' ? Math.max(piece.due, this.#next) : piece.due) - now();
      if (wait > 0) {
        this.#timer = setTimeout(() => this.#pump(), wait);
        return;
      }
      const sent = this.#deliver(piece, mode.type === 'trickle' ? mode.bytes : Infinity);
      if (mode.type === 'trickle') this.#next = now() + (sent / mode.bytes) * mode.everyMs;
    }
  }

  /**
   * @param {Piece} piece
   * @param {number} most bytes of it that are handed on now
   * @returns {number} how many were
   */
  #deliver(piece, most) {
    const { bytes } = piece;
    if (bytes === 'end' || bytes === 'reset') {
      this.#queue.shift();
      if (bytes === 'end') this.#sink.end();
      else this.#sink.resetAndDestroy();
      return 0;
    }
    const part = bytes.length > most ? bytes.subarray(0, most) : bytes;
    if (part === bytes) this.#queue.shift();
    else piece.bytes = bytes.subarray(most);
    this.#queued -= part.length;
    if (this.#sink.writable) this.#full = !this.#sink.write(part);
    if (this.#queued <= mostBytes && this.#mode().type !== 'cut') this.#source.resume();
    return part.length;
  }

  /** Nobody is there to take anything any more: the source may go on talking to nobody. */
  #drop() {
    clearTimeout(this.#timer);
    this.#queue = [];
    this.#queued = 0;
    this.#full = false;
  }
}

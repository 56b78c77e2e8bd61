/**
 * Values to bytes and back: MessagePack, restricted to nil, booleans, numbers, strings, binary and arrays. No maps and no
 * extension types travel, so no byte of a stranger can name a property or a class. Encoding is msgpackr's, decoding our
 * own (decode.ts). What the values mean is checked by check.ts.
 */
import { Packr } from 'msgpackr';
import { Decoder } from './decode.js';
import { limits } from './limits.js';
import { badMessage } from './synod-error.js';

const packr = new Packr({ useRecords: false });

/** Encodes one value. The result may share its memory with a pool: copy it where it must outlive other work for long. */
export function pack(value: unknown): Uint8Array {
  return packr.pack(value) as Uint8Array;
}

/** Decodes bytes of our own (log, state at rest). Binary values are views into `bytes`. Throws as {@link unpackForeign}. */
export function unpack(bytes: Uint8Array): unknown {
  return new Decoder(bytes, Number.MAX_SAFE_INTEGER, limits.depth).only();
}

/**
 * Decodes foreign bytes: one MessagePack value within `maxBytes` and the other limits of a frame.
 * Throws SynodError MARSHALLING_ERROR that says where and why. Binary values are views into `bytes`.
 */
export function unpackForeign(bytes: Uint8Array, maxBytes: number = limits.frameBytes): unknown {
  if (bytes.length > maxBytes) throw badMessage(`a message has ${bytes.length} bytes, more than ${maxBytes}`);
  const maxValues = maxBytes > limits.frameBytes ? Number.MAX_SAFE_INTEGER : limits.frameValues;
  return new Decoder(bytes, maxValues, limits.depth).only();
}

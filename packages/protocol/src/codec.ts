/**
 * Bytes to values and back: MessagePack by msgpackr, restricted to nil, booleans, numbers, strings, binary and arrays.
 * No maps and no extension types travel, so no byte of a stranger can name a property or a class.
 *
 * `inspect` walks foreign bytes before they are decoded and refuses whatever would make the decoder allocate more than
 * the bytes justify. What the values mean is checked by check.ts.
 */
import { Packr } from 'msgpackr';
import { limits } from './limits.js';
import { SynodError } from './synod-error.js';

const packr = new Packr({ useRecords: false, int64AsType: 'number', copyBuffers: false, variableMapSize: true });

/** Encodes one value. The result may share its memory with a pool: copy it where it must outlive other work for long. */
export function pack(value: unknown): Uint8Array {
  return packr.pack(value);
}

/** Decodes bytes of our own (log, state at rest). Binary values are views into `bytes`. */
export function unpack(bytes: Uint8Array): unknown {
  return packr.unpack(bytes);
}

/**
 * Decodes foreign bytes: one MessagePack value within `maxBytes` and the other limits of a frame.
 * Throws SynodError MARSHALLING_ERROR that says where and why. Binary values are views into `bytes`.
 */
export function unpackForeign(bytes: Uint8Array, maxBytes: number = limits.frameBytes): unknown {
  if (bytes.length > maxBytes) throw malformed(`a message has ${bytes.length} bytes, more than ${maxBytes}`);
  inspect(bytes, maxBytes > limits.frameBytes ? Number.MAX_SAFE_INTEGER : limits.frameValues);
  try {
    return packr.unpack(bytes);
  } catch (cause) {
    throw malformed(`not MessagePack: ${cause instanceof Error ? cause.message : String(cause)}`);
  }
}

function malformed(reason: string): SynodError {
  return new SynodError({ code: 'MARSHALLING_ERROR', reason });
}

/** Throws unless `bytes` is exactly one value of the permitted kinds whose lengths all fit into the bytes. */
function inspect(bytes: Uint8Array, maxValues: number): void {
  const end = bytes.length;
  const open: number[] = [];
  let at = 0;
  let left = 1;
  let values = 0;
  for (;;) {
    while (left === 0) {
      const outer = open.pop();
      if (outer === undefined) {
        if (at !== end) throw malformed(`${end - at} bytes follow the message`);
        return;
      }
      left = outer;
    }
    left--;
    if (at >= end) throw malformed('a message ends in the middle of a value');
    if (++values > maxValues) throw malformed(`a message holds more than ${maxValues} values`);
    const tag = bytes[at++]!;
    if (tag < 0x80 || tag >= 0xe0) continue;
    let count = -1;
    let skip = 0;
    if (tag < 0x90) throw malformed('maps are not part of the protocol');
    else if (tag < 0xa0) count = tag & 0x0f;
    else if (tag < 0xc0) skip = tag & 0x1f;
    else
      switch (tag) {
        case 0xc0: // nil
        case 0xc2: // false
        case 0xc3: // true
          break;
        case 0xcc: // uint 8
        case 0xd0: // int 8
          skip = 1;
          break;
        case 0xcd: // uint 16
        case 0xd1: // int 16
          skip = 2;
          break;
        case 0xca: // float 32
        case 0xce: // uint 32
        case 0xd2: // int 32
          skip = 4;
          break;
        case 0xcb: // float 64
        case 0xcf: // uint 64
        case 0xd3: // int 64
          skip = 8;
          break;
        case 0xc4: // bin 8
        case 0xd9: // str 8
          skip = 1 + lengthAt(bytes, at, 1);
          break;
        case 0xc5: // bin 16
        case 0xda: // str 16
          skip = 2 + lengthAt(bytes, at, 2);
          break;
        case 0xc6: // bin 32
        case 0xdb: // str 32
          skip = 4 + lengthAt(bytes, at, 4);
          break;
        case 0xdc: // array 16
          count = lengthAt(bytes, at, 2);
          at += 2;
          break;
        case 0xdd: // array 32
          count = lengthAt(bytes, at, 4);
          at += 4;
          break;
        default:
          throw malformed(`MessagePack type 0x${tag.toString(16)} is not part of the protocol`);
      }
    if (count >= 0) {
      if (count > end - at) throw malformed(`an array claims ${count} values, but only ${end - at} bytes follow`);
      if (open.length >= limits.depth) throw malformed(`a message is nested deeper than ${limits.depth} arrays`);
      open.push(left);
      left = count;
    } else {
      if (skip > end - at) throw malformed('a value claims more bytes than the message has');
      at += skip;
    }
  }
}

function lengthAt(bytes: Uint8Array, at: number, width: 1 | 2 | 4): number {
  if (at + width > bytes.length) throw malformed('a message ends in the middle of a length');
  let length = 0;
  for (let i = 0; i < width; i++) length = length * 256 + bytes[at + i]!;
  return length;
}

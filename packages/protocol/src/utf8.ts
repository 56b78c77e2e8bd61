/**
 * UTF-8 to strings. Short ASCII, which most strings here are (paths, names, schemes), is put together at once; the rest
 * goes to the decoder of the platform, which puts U+FFFD in place of what is not UTF-8 and keeps everything else, also a
 * byte order mark.
 */

interface NodeBuffer extends Uint8Array {
  utf8Slice(start: number, end: number): string;
}
interface Platform {
  readonly Buffer?: { from(data: ArrayBufferLike, offset: number, length: number): NodeBuffer };
  readonly TextDecoder: new (label: 'utf-8', options: { ignoreBOM: boolean }) => { decode(bytes: Uint8Array): string };
}

const platform = globalThis as unknown as Platform;
const buffers = platform.Buffer;
const decoder = new platform.TextDecoder('utf-8', { ignoreBOM: true });

/** Up to so many bytes are looked at one by one: beyond, calling the platform costs less. */
const SHORT = 16;

/** For each short length an array to collect the characters in; what it held before is overwritten each time. */
const collected = Array.from({ length: SHORT + 1 }, (_, length) => new Array<number>(length).fill(0));

/** The string that stands at `start` up to, not including, `end`. */
export function utf8Of(bytes: Uint8Array, start: number, end: number): string {
  if (end - start <= SHORT) {
    const ascii = asciiOf(bytes, start, end);
    if (ascii !== undefined) return ascii;
  }
  if (buffers === undefined) return decoder.decode(bytes.subarray(start, end));
  if ('utf8Slice' in bytes) return (bytes as NodeBuffer).utf8Slice(start, end);
  return buffers.from(bytes.buffer, bytes.byteOffset, bytes.length).utf8Slice(start, end);
}

/** Undefined where a byte is not ASCII. */
function asciiOf(bytes: Uint8Array, start: number, end: number): string | undefined {
  const units = collected[end - start]!;
  for (let i = start; i < end; i++) {
    const byte = bytes[i]!;
    if (byte >= 0x80) return undefined;
    units[i - start] = byte;
  }
  return String.fromCharCode(...units);
}

/**
 * Bytes as "binary strings" (one character from U+0000 to U+00FF for each byte) and back. A binary string costs a znode
 * its bytes and 16 more; a typed array costs it several hundred.
 */

interface NodeBuffer extends Uint8Array {
  latin1Slice(start: number, end: number): string;
}
interface NodeBufferStatic {
  from(data: ArrayBufferLike, offset: number, length: number): NodeBuffer;
  from(text: string, encoding: 'latin1' | 'utf8'): NodeBuffer;
}

/** Node's Buffer converts ten times faster than a loop; a browser has none. */
const buffers = (globalThis as { Buffer?: NodeBufferStatic }).Buffer;

/** Bytes to a binary string. */
export function toBinaryString(bytes: Uint8Array): string {
  if (buffers) {
    const view =
      'latin1Slice' in bytes ? (bytes as NodeBuffer) : buffers.from(bytes.buffer, bytes.byteOffset, bytes.length);
    return view.latin1Slice(0, bytes.length);
  }
  let text = '';
  for (let i = 0; i < bytes.length; i += 8192) text += String.fromCharCode(...bytes.subarray(i, i + 8192));
  return text;
}

/** A binary string to bytes. */
export function fromBinaryString(text: string): Uint8Array {
  if (buffers) return buffers.from(text, 'latin1');
  const bytes = new Uint8Array(text.length);
  for (let i = 0; i < text.length; i++) bytes[i] = text.charCodeAt(i);
  return bytes;
}

/** Bytes for the tests of this package: from hexadecimal digits and back, and into pieces. */
import { JuteReader, JuteWriter, type Codec } from '@synod/zookeeper';

/** Digits in groups of any size, with spaces, bars and line breaks between them. */
export function hex(digits: string): Uint8Array {
  return Uint8Array.from(Buffer.from(digits.replaceAll(/[\s|]/g, ''), 'hex'));
}

export function digits(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('hex');
}

/** What `write` writes. */
export function written(write: (output: JuteWriter) => void): Uint8Array {
  const output = new JuteWriter();
  write(output);
  return output.take();
}

/** A record as one frame, as those without a header travel. */
export function framed<T>(codec: Codec<T>, value: T): Uint8Array {
  return written((output) => {
    output.begin();
    codec.write(output, value);
    output.end();
  });
}

/** A reader of the body of the one frame that the bytes are. */
export function inside(frame: Uint8Array): JuteReader {
  const length = new DataView(frame.buffer, frame.byteOffset).getInt32(0);
  if (length !== frame.length - 4) throw new Error(`a frame of ${length} bytes in ${frame.length - 4}`);
  return new JuteReader(frame.subarray(4));
}

/** The bytes, cut at the given places. */
export function cut(bytes: Uint8Array, places: readonly number[]): Uint8Array[] {
  const ends = [...new Set(places.map((place) => place % (bytes.length + 1)))].sort((a, b) => a - b);
  return [0, ...ends].map((start, i) => bytes.slice(start, ends[i] ?? bytes.length));
}

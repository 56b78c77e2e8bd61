import type { JuteReader } from './jute-reader.js';
import type { JuteWriter } from './jute-writer.js';

/**
 * One record, both ways. `read` throws SynodError MARSHALLING_ERROR for bytes that end too early or hold a bad length, and
 * nothing else; `write` throws an Error for values that their fields cannot hold.
 */
export interface Codec<T> {
  readonly read: (input: JuteReader) => T;
  readonly write: (output: JuteWriter, value: T) => void;
}

/** What has no fields. */
export const nothing: Codec<null> = { read: () => null, write: () => undefined };

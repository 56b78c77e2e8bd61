import type { Codec } from '../codec.js';

/** A list of strings, each of which may be null, as may the list. */
export type StringsRecord = readonly (string | null)[] | null;

/** The codec of such a list; `name` stands in complaints. */
export function strings(name: string): Codec<StringsRecord> {
  return {
    read: (input) => input.vector(name, 4, (from) => from.string(name)),
    write: (output, value) =>
      output.vector(value, (to, text) => {
        to.string(text);
      }),
  };
}

import { fromBinaryString, toBinaryString } from '@synod/protocol';

/** From this length on V8 makes a part of a string a view that keeps the whole string alive. */
const SLICED_FROM = 13;

/**
 * The same string with memory of its own: the name of a znode, cut out of a path, must not hold the path for as long as
 * the znode lives. A string with characters above U+00FF comes back as it is.
 */
export function ownString(text: string): string {
  if (text.length < SLICED_FROM) return text;
  const copy = toBinaryString(fromBinaryString(text));
  return copy === text ? copy : text;
}

/**
 * One text for equal answers: keys in order, bytes as text, lists of names in order (servers promise no order for them),
 * absent fields left out. Written by hand because every answer of a run passes through it.
 */
import { toBinaryString } from '@synod/protocol';

/** The canonical form of an answer. Takes what travels: null, booleans, numbers, strings, bytes, arrays, plain objects. */
export function canonical(value: unknown): string {
  if (typeof value === 'string') return JSON.stringify(value);
  if (typeof value !== 'object' || value === null) return String(value);
  if (value instanceof Uint8Array) return JSON.stringify(`bytes:${toBinaryString(value)}`);
  if (Array.isArray(value)) return list(value);
  const fields = value as Readonly<Record<string, unknown>>;
  let text = '{';
  for (const key of Object.keys(fields).sort()) {
    const field = fields[key];
    if (field === undefined) continue;
    if (text !== '{') text += ',';
    text += `"${key}":${canonical(field)}`;
  }
  return `${text}}`;
}

function list(values: readonly unknown[]): string {
  const names = values.every((one) => typeof one === 'string');
  return `[${(names ? [...values].sort() : values).map(canonical).join(',')}]`;
}

/**
 * The `digest` scheme: `user:password` becomes the identity `user:BASE64(SHA-1("user:password"))`, as in ZooKeeper, so
 * that ACLs and the superDigest setting can be taken over. SHA-1 without salt is no protection for weak passwords that
 * can be read in an ACL; that is why getAcl hides the hash from everyone without the ADMIN permission.
 */
import { sha1 } from '@noble/hashes/legacy.js';

/** The identity of credentials (`user:password` as UTF-8); undefined where they are not UTF-8. */
export function digestIdentity(credentials: Uint8Array): string | undefined {
  const text = utf8(credentials);
  return text === undefined ? undefined : `${userOf(text)}:${base64(sha1(credentials))}`;
}

/** The part of a digest id in front of its hash. */
export function userOf(id: string): string {
  const colon = id.indexOf(':');
  return colon < 0 ? id : id.slice(0, colon);
}

/** True for `user:hash`: exactly two parts, the second not empty. */
export function isDigestId(id: string): boolean {
  const colon = id.indexOf(':');
  return colon >= 0 && colon < id.length - 1 && !id.includes(':', colon + 1);
}

/** UTF-8 to a string by the one decoder that the language itself has. */
function utf8(bytes: Uint8Array): string | undefined {
  let escaped = '';
  for (const byte of bytes) escaped += `%${byte.toString(16).padStart(2, '0')}`;
  try {
    return decodeURIComponent(escaped);
  } catch {
    return undefined;
  }
}

const ALPHABET = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/';

function base64(bytes: Uint8Array): string {
  let encoded = '';
  for (let i = 0; i < bytes.length; i += 3) {
    const bits = (bytes[i]! << 16) | ((bytes[i + 1] ?? 0) << 8) | (bytes[i + 2] ?? 0);
    for (const shift of [18, 12, 6, 0]) encoded += ALPHABET[(bits >> shift) & 63]!;
  }
  const padding = (3 - (bytes.length % 3)) % 3;
  return encoded.slice(0, encoded.length - padding) + '='.repeat(padding);
}

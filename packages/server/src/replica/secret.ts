import { sha256 } from '@noble/hashes/sha2.js';

/**
 * What the ensemble keeps of a session's secret: its SHA-256. The secret has 128 random bits, so no salt and no slow hash
 * are needed; a stored hash is no credential.
 */
export function hashSecret(secret: Uint8Array): Uint8Array {
  return sha256(secret);
}

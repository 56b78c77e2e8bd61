/** What a configuration takes from other files: the server's id, and the secret by which servers know each other. */
import { readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import type { Findings } from './problems.js';
import { MAX_SERVER_ID } from './servers.js';

/** Fewest characters of a secret: what `head -c 12 /dev/urandom | base64` gives. */
export const MIN_SECRET_LENGTH = 16;

const makeSecret = 'head -c 32 /dev/urandom | base64 > FILE && chmod 600 FILE';

/** What an ensemble without a secret is told. */
export const secretAdvice =
  `more than one server needs peerSecretFile=FILE, a secret by which they know each other; ` +
  `make one with \`${makeSecret}\` and copy it to every server`;

/** The id in ZooKeeper's file `dataDir/myid`; undefined where there is no such file, null where it is of no use (an error). */
export function readMyId(dataDir: string, findings: Findings): number | null | undefined {
  const file = join(dataDir, 'myid');
  let text: string;
  try {
    text = readFileSync(file, 'utf8').trim();
  } catch (error) {
    const code = codeOf(error);
    if (code === 'ENOENT' || code === 'ENOTDIR') return undefined;
    findings.error(null, `${file} cannot be read: ${code}`);
    return null;
  }
  const id = /^\d+$/.test(text) ? Number(text) : NaN;
  if (id >= 1 && id <= MAX_SERVER_ID) return id;
  findings.error(
    null,
    `${file} must hold a server id, a whole number from 1 to ${MAX_SERVER_ID}, not "${text.slice(0, 40)}"`,
  );
  return null;
}

/**
 * The secret in a file, without blanks around it; null where it cannot be used (an error). Who can read the secret can
 * pose as a server, so a file that others than its owner may read is refused (not on Windows, which has no such modes).
 */
export function readSecret(file: string, line: number | null, findings: Findings): string | null {
  try {
    const { mode } = statSync(file);
    if (process.platform !== 'win32' && (mode & 0o077) !== 0) {
      const octal = (mode & 0o777).toString(8);
      findings.error(
        line,
        `${file} is open to others than its owner (mode ${octal}); close it with \`chmod 600 ${file}\``,
      );
      return null;
    }
    const secret = readFileSync(file, 'utf8').trim();
    if (secret.length >= MIN_SECRET_LENGTH) return secret;
    const advice = `a secret has at least ${MIN_SECRET_LENGTH}; make one with \`${makeSecret}\``;
    findings.error(line, `${file} holds ${secret.length} characters; ${advice}`);
  } catch (error) {
    const code = codeOf(error);
    const reason = code === 'ENOENT' ? `does not exist; make it with \`${makeSecret}\`` : `cannot be read: ${code}`;
    findings.error(line, `${file} ${reason}`);
  }
  return null;
}

/** The code of an error of the file system, or its message. */
export function codeOf(error: unknown): string {
  const coded = typeof error === 'object' && error !== null && 'code' in error;
  return coded && typeof error.code === 'string' ? error.code : String(error);
}

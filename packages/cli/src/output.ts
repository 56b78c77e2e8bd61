/** How things look, as far as possible as ZooKeeper's own shell prints them, so that scripts made for it can read on. */
import {
  eventName,
  formatPermissions,
  formatZxid,
  parsePermissions,
  type AclEntry,
  type Stat,
  type SynodError,
  type WatchEvent,
} from '@synod/protocol';
import { UsageError } from './usage.js';

/** A Stat, one field on a line. */
export function formatStat(stat: Stat): string {
  return [
    `cZxid = ${formatZxid(stat.czxid)}`,
    `ctime = ${formatTime(stat.ctime)}`,
    `mZxid = ${formatZxid(stat.mzxid)}`,
    `mtime = ${formatTime(stat.mtime)}`,
    `pZxid = ${formatZxid(stat.pzxid)}`,
    `cversion = ${stat.cversion}`,
    `dataVersion = ${stat.version}`,
    `aclVersion = ${stat.aversion}`,
    `ephemeralOwner = ${formatZxid(stat.ephemeralOwner)}`,
    `dataLength = ${stat.dataLength}`,
    `numChildren = ${stat.numChildren}`,
  ].join('\n');
}

/** `Fri Jan 02 03:04:05 UTC 2026`, in local time. */
export function formatTime(ms: number): string {
  const date = new Date(ms);
  const [day, month, dayOfMonth, year, time] = date.toString().split(' ');
  const zone = new Intl.DateTimeFormat('en-US', { timeZoneName: 'short' }).formatToParts(date);
  const name = zone.find((part) => part.type === 'timeZoneName')?.value ?? '';
  return `${day} ${month} ${dayOfMonth} ${time} ${name} ${year}`;
}

/** `[a, b]`, sorted. */
export function formatList(names: readonly string[]): string {
  return `[${[...names].sort().map(escapeText).join(', ')}]`;
}

/** `'world,'anyone` and the rights on a line of their own. */
export function formatAcl(acl: readonly AclEntry[]): string {
  return acl
    .map(
      ({ scheme, id, permissions }) => `'${escapeText(scheme)},'${escapeText(id)}\n: ${formatPermissions(permissions)}`,
    )
    .join('\n');
}

/** `scheme:id:perms,…`, split at the first and the last colon; throws UsageError. */
export function parseAcl(text: string): AclEntry[] {
  return text.split(',').map((entry) => {
    const first = entry.indexOf(':');
    const last = entry.lastIndexOf(':');
    const permissions = parsePermissions(entry.slice(last + 1));
    if (first < 1 || last === first) throw new UsageError(`not an ACL entry: "${entry}" (write scheme:id:cdrwa)`);
    if (permissions === undefined) {
      throw new UsageError(`not permissions: "${entry.slice(last + 1)}" (some of the letters c, d, r, w, a)`);
    }
    return { scheme: entry.slice(0, first), id: entry.slice(first + 1, last), permissions };
  });
}

/** A watch event, behind a blank line. */
export function formatEvent(event: WatchEvent): string {
  const type = eventName(event.type);
  return watcher(`state:SyncConnected type:${type} path:${escapeText(event.path)} zxid: ${event.zxid}`);
}

/** A change of the session's state in the same form. */
export function formatState(state: string): string {
  return watcher(`state:${state} type:None path:null zxid: -1`);
}

function watcher(text: string): string {
  return `\nWATCHER::\n\nWatchedEvent ${text}`;
}

/** Data for a terminal: text as it is, anything that a terminal would act on, and bytes that are not text, as \xNN. */
export function escapeData(data: Uint8Array): string {
  const text = decodeText(data);
  if (text !== undefined) return escapeText(text);
  return Array.from(data, (byte) =>
    byte >= 0x20 && byte < 0x7f ? (byte === 0x5c ? '\\\\' : String.fromCharCode(byte)) : hex(byte),
  ).join('');
}

/** The text that these bytes are in UTF-8; undefined where they are none. */
export function decodeText(data: Uint8Array): string | undefined {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(data);
  } catch {
    return undefined;
  }
}

/** Text without control characters other than line breaks and tabs. */
export function escapeText(text: string): string {
  return text.replace(/[\x00-\x08\x0b-\x1f\x7f-\x9f]/g, (char) => hex(char.charCodeAt(0)));
}

function hex(code: number): string {
  return `\\x${code.toString(16).padStart(2, '0')}`;
}

const MESSAGES: Partial<Record<SynodError['code'], string>> = {
  NO_NODE: 'Node does not exist: ',
  NODE_EXISTS: 'Node already exists: ',
  NOT_EMPTY: 'Node not empty: ',
  NO_AUTH: 'Insufficient permission : ',
  BAD_VERSION: 'version No is not valid : ',
  NO_CHILDREN_FOR_EPHEMERALS: 'Ephemerals cannot have children: ',
  INVALID_ACL: 'Acl is not valid : ',
  QUOTA_EXCEEDED: 'Quota has exceeded : ',
};

/** A refusal in ZooKeeper's words where it has some, otherwise in our own. */
export function formatError(error: SynodError, path: string | undefined): string {
  const words = MESSAGES[error.code];
  if (words !== undefined) return escapeText(words + (error.path ?? path ?? ''));
  const doubt = error.outcome === 'unknown' ? '; it may have been carried out all the same' : '';
  return escapeText(error.message) + doubt;
}

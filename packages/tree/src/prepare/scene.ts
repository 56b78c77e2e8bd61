/** What the preparation of one request works with, and the checks that several operations share. */
import { parentPath, refuse, type Identity, type Refusal } from '@synod/protocol';
import type { Pending, PendingNode } from '../pending.js';
import { check, denied } from '../permissions.js';

/** Settings of the leader; they decide what is refused, never what a transaction does. */
export interface PrepareSettings {
  /** True turns all permission checks off. */
  readonly skipAcl: boolean;
  /** False refuses TTL znodes. */
  readonly ttlEnabled: boolean;
  /** Bytes of one transaction in the log. */
  readonly transactionBytes: number;
  /** Refuses what would break the hard limit of a quota; null leaves quotas to those who watch them. */
  readonly quotas: QuotaRules | null;
}

export interface QuotaRules {
  /** A soft limit is broken, or the text of the limits cannot be read; called with every write that finds it so. */
  noted(quota: string, reason: string): void;
}

/** The origin of a request. */
export interface PrepareContext {
  /** The zxid that the transaction will have. */
  readonly zxid: number;
  /** The leader's clock, milliseconds since 1970. */
  readonly time: number;
  /** 0 for the ensemble itself. */
  readonly session: number;
  /** Number of the write within the session; 0 where its result need not be kept. */
  readonly number: number;
  /** The client has all results up to this number. */
  readonly acked: number;
  /** The identities of the connection when the request came in. */
  readonly identities: readonly Identity[];
}

/** All of it. */
export interface Scene {
  readonly view: Pending;
  readonly settings: PrepareSettings;
  readonly context: PrepareContext;
}

/** Refuses where nobody of the connection has the permission. */
export function permit(
  scene: Scene,
  node: PendingNode,
  permission: number,
  path: string,
  where: string,
): Refusal | undefined {
  if (scene.settings.skipAcl || check(node.acl, scene.context.identities, permission)) return undefined;
  return denied(path, permission, where);
}

/** Refuses a path that not even a parent can be read from. */
export function splitProblem(path: string): Refusal | undefined {
  if (!path.includes('/')) return refuse('BAD_ARGUMENTS', path, 'a path must start with "/"');
  if (path.includes('\0')) return refuse('BAD_ARGUMENTS', path, 'a path must not contain the character U+0000');
  return undefined;
}

/** Refuses another version than the expected one; −1 expects nothing. */
export function versionProblem(path: string, what: string, expected: number, actual: number): Refusal | undefined {
  if (expected === -1 || expected === actual) return undefined;
  return refuse('BAD_VERSION', path, `the ${what} is ${actual}, not the expected ${expected}`);
}

/** Refuses what would break a quota: a znode more, or so many bytes of data. */
export function quotaProblem(scene: Scene, path: string, count: number, bytes: number): Refusal | undefined {
  const { quotas } = scene.settings;
  const excess = quotas && scene.view.excess(path, count, bytes);
  if (quotas === null || !excess) return undefined;
  const { quota, hard, reason } = excess;
  if (hard) return refuse('QUOTA_EXCEEDED', path, `the quota of ${shorten(quota)}: ${reason}`);
  quotas.noted(quota, reason);
  return undefined;
}

/** NO_NODE in words. */
export function noNode(path: string): Refusal {
  return refuse('NO_NODE', path, 'there is no such znode');
}

/** NO_NODE for the parent, in words. */
export function noParent(path: string): Refusal {
  return refuse('NO_NODE', path, `there is no parent ${shorten(parentPath(path))}`);
}

function shorten(path: string): string {
  return path.length > 200 ? `${path.slice(0, 200)}…` : path;
}

/** Takes a znode without children out of the view. */
export function removeFromView(view: Pending, path: string): void {
  const parentAt = parentPath(path);
  const parent = view.node(parentAt)!;
  const bytes = view.node(path)!.bytes;
  view.put(path, null);
  view.put(parentAt, { ...parent, numChildren: parent.numChildren - 1 });
  view.charge(path, -1, -bytes);
}

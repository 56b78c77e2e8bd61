/**
 * Majorities, as plain functions of numbers.
 *
 * Whose voice counts: a member, that is a server which has durably taken over some leader's history and can prove its
 * own. A server that is empty (new, or wiped) or damaged does not count, because it may have forgotten what it once
 * acknowledged. The one exception is the very first start: where all voters are there and none of them has ever logged
 * anything, nothing can have been forgotten, and all count.
 *
 * A server that does not count is brought level by a leader that a quorum without it made, in an epoch that began after
 * it came back: then whatever it had acknowledged or promised before is known to that quorum, or can no longer succeed.
 * See leader/discovery.ts and leader/sync.ts.
 */
import type { Zxid } from '@synod/protocol';

/** What decides whether a voice counts. */
export interface Voice {
  readonly member: boolean;
  /** Never logged anything, and not damaged. */
  readonly blank: boolean;
}

/** Voices needed out of `voters`: more than half. */
export function majority(voters: number): number {
  return Math.floor(voters / 2) + 1;
}

/** True where these voices, out of `voters` voters, are a quorum. */
export function isQuorum(voices: readonly Voice[], voters: number): boolean {
  return isMemberQuorum(voices, voters) || (voices.length === voters && voices.every((voice) => voice.blank));
}

/** True where the members among these voices are a quorum by themselves. */
export function isMemberQuorum(voices: readonly Voice[], voters: number): boolean {
  let members = 0;
  for (const voice of voices) if (voice.member) members++;
  return members >= majority(voters);
}

/** The highest zxid that a majority of `voters` has acknowledged; `acked` holds one entry for each voter that answered. */
export function quorumZxid(acked: readonly Zxid[], voters: number): Zxid {
  const need = majority(voters);
  if (acked.length < need) return 0;
  const sorted = [...acked].sort((a, b) => b - a);
  return sorted[need - 1]!;
}

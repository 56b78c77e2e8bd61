/** What the checkers must be told of a run besides its log and its history. */

export interface CheckOptions {
  /** Znodes that are counters from 0 on: each setData adds one. */
  readonly counters: readonly string[];
  /** True where the servers check no permissions. */
  readonly skipAcl: boolean;
  /** Error of the rate of any clock, relative: 0.01 is one per cent. */
  readonly clockError: number;
  /** Time between a sign of life of a client and when the leader knows it, at most, in milliseconds (C12). */
  readonly touchLag: number;
  /** Milliseconds by which a session may expire early: the coarseness of clocks (C12). */
  readonly expirySlack: number;
  /**
   * For so long a server that is cut off from its leader, or about to be killed, takes signs of life that the leader hears
   * of too late or never, in milliseconds; 0 where no server fails (C12; and C14, as the client then believes in its session
   * too long). However often a link comes and goes: a server that is level with its leader again attaches its sessions anew.
   */
  readonly lostContact: number;
  /** For how many milliseconds of that time the leader of an epoch stood still: that silence is its own (C12). */
  readonly leaderStill: (epoch: number, from: number, to: number) => number;
  /** Milliseconds behind its timeout by which a silent session must have ended (C13); null: not to be checked. */
  readonly expiryBound: number | null;
  /** Milliseconds by which a client's timer may be late (C13). */
  readonly timerSlack: number;
  /** From when on nothing is done to the servers any more, on the common clock: C13 counts from here at the earliest. */
  readonly calmFrom: number;
}

/** A run in which nothing was special. */
export const defaultOptions: CheckOptions = {
  counters: [],
  skipAcl: false,
  clockError: 0,
  touchLag: 150,
  expirySlack: 150,
  lostContact: 0,
  leaderStill: () => 0,
  expiryBound: null,
  timerSlack: 10,
  calmFrom: 0,
};

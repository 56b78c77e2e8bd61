/**
 * What the locks of the workload guard: each takes an access only with a token that is not lower than the highest so far.
 */
export class Fences {
  readonly #highest = new Map<string, number>();

  /** Uses what a lock guards; false where the token is refused. */
  access(lock: string, token: number): boolean {
    if (token < (this.#highest.get(lock) ?? 0)) return false;
    this.#highest.set(lock, token);
    return true;
  }
}

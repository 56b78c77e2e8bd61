/** Makes a program smaller while it still shows what it showed: first without steps, then without requests in them. */

/** @typedef {import('./program.js').Program} Program */
/** @typedef {import('./program.js').Step} Step */

/**
 * @param {Program} program
 * @param {(program: Program) => Promise<boolean>} shows
 * @param {number} ms when to be content, in milliseconds from now
 * @returns {Promise<Program>}
 */
export async function shrink(program, shows, ms) {
  const deadline = performance.now() + ms;
  /** @param {readonly Step[]} steps */
  const attempt = async (steps) => performance.now() < deadline && (await shows({ ...program, steps }));
  let steps = await without(program.steps, attempt);
  for (let index = steps.length - 1; index >= 0; index--) {
    const step = steps[index];
    if (!step || (step.kind !== 'send' && step.kind !== 'connect')) continue;
    const requests = step.kind === 'send' ? step.requests : step.behind;
    /** @param {readonly import('./program.js').Request[]} fewer */
    const put = (fewer) =>
      steps.with(index, step.kind === 'send' ? { ...step, requests: fewer } : { ...step, behind: fewer });
    const fewer = await without(requests, (some) =>
      some.length > 0 || step.kind === 'connect' ? attempt(put(some)) : no,
    );
    steps = put(fewer);
  }
  return { ...program, steps };
}

const no = Promise.resolve(false);

/**
 * A list without what need not be there, found by leaving out ever smaller pieces.
 *
 * @template T
 * @param {readonly T[]} list
 * @param {(list: readonly T[]) => Promise<boolean>} shows
 * @returns {Promise<readonly T[]>}
 */
async function without(list, shows) {
  let kept = list;
  for (let size = Math.ceil(list.length / 2); size >= 1; size = size === 1 ? 0 : Math.ceil(size / 2)) {
    for (let at = kept.length - size; at > -size; at -= size) {
      const less = [...kept.slice(0, Math.max(0, at)), ...kept.slice(at + size)];
      if (less.length < kept.length && (await shows(less))) kept = less;
    }
  }
  return kept;
}

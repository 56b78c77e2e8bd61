/** What each fault of the links is made of: which direction does what, and how long. Pure, but for the chance it is given. */

/**
 * @typedef {import('./fault-kinds.js').LinkFault} LinkFault
 * @typedef {import('./proxy.js').Rule} Rule
 * @typedef {import('./proxy.js').Mode} Mode
 *
 * @typedef {object} LinkPlan
 * @property {readonly number[]} servers whom it is aimed at
 * @property {string} words
 * @property {readonly Rule[]} rules
 * @property {boolean} flaps the rules come and go
 */

/** @type {Mode} */
const cut = { type: 'cut' };

/**
 * @param {LinkFault} kind
 * @param {readonly number[]} ids all servers, three at least
 * @param {number} leader
 * @param {import('./random.js').Random} random
 * @returns {LinkPlan}
 */
export function planLinks(kind, ids, leader, random) {
  const one = random.pick(ids);
  const others = (/** @type {number} */ id) => ids.filter((other) => other !== id);
  const plan = (
    /** @type {readonly number[]} */ servers,
    /** @type {string} */ words,
    /** @type {Rule[]} */ rules,
  ) => ({
    servers,
    words,
    rules,
    flaps: kind === 'flap',
  });
  switch (kind) {
    case 'cut-leader':
      return plan([leader], '', both([leader], others(leader), cut));
    case 'cut-random':
      return plan([one], '', both([one], others(one), cut));
    case 'split': {
      const few = shuffled(ids, random).slice(0, 1 + random.below(Math.floor((ids.length - 1) / 2)));
      const many = ids.filter((id) => !few.includes(id));
      return plan(few, `from ${many.join(' ')}`, both(few, many, cut));
    }
    case 'mute-leader':
      return plan([leader], '', oneWay([leader], others(leader), cut));
    case 'deaf-leader':
      return plan([leader], '', oneWay(others(leader), [leader], cut));
    case 'one-way': {
      const other = random.pick(others(one));
      return plan([one, other], '', oneWay([one], [other], cut));
    }
    case 'flap': {
      const victim = random.chance(0.5) ? leader : one;
      return plan([victim], '', both([victim], others(victim), cut));
    }
    case 'bridge': {
      const rest = shuffled(others(one), random);
      const half = Math.ceil(rest.length / 2);
      const [left, right] = [rest.slice(0, half), rest.slice(half)];
      return plan([one], `between ${left.join(' ')} and ${right.join(' ')}`, both(left, right, cut));
    }
    case 'delay': {
      const ms = Math.round(random.spread(20, 300));
      return plan(ids, `${ms} ms and up to half more`, oneWay(ids, ids, { type: 'delay', ms, jitter: ms / 2 }));
    }
    case 'trickle': {
      const bytes = Math.round(random.spread(50, 2000));
      return plan([one], `${bytes} bytes in 10 ms`, both([one], others(one), { type: 'trickle', bytes, everyMs: 10 }));
    }
    case 'reset':
      return plan([one], '', both([one], others(one), { type: 'reset' }));
  }
}

/** @param {readonly number[]} from @param {readonly number[]} to @param {Mode} mode @returns {Rule[]} */
function oneWay(from, to, mode) {
  return from.flatMap((a) => to.filter((b) => b !== a).map((b) => /** @type {Rule} */ ([a, b, mode])));
}

/** @param {readonly number[]} some @param {readonly number[]} others @param {Mode} mode */
function both(some, others, mode) {
  return [...oneWay(some, others, mode), ...oneWay(others, some, mode)];
}

/** @param {readonly number[]} list @param {import('./random.js').Random} random */
function shuffled(list, random) {
  const order = list.map((id) => ({ id, at: random.next() }));
  return order.sort((a, b) => a.at - b.at).map(({ id }) => id);
}

/** Quantiles of a list of numbers, and a place for what all benchmarks share. */

/** The settings of the shipped local ensemble. */
export const shippedSettings = {
  tickTime: 1000,
  initLimit: 10,
  syncLimit: 2,
  minSessionTimeout: 2000,
  maxSessionTimeout: 60000,
};

/**
 * @param {readonly number[]} values
 * @param {number} share 0.5 for the median
 */
export function quantile(values, share) {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? NaN;
}

/** @param {number} value */
export function ms(value) {
  return `${value.toFixed(value < 10 ? 2 : 0)} ms`;
}

export { holder, increment, type CounterMode } from './shared-counter.js';
export { follow, publish } from './shared-configuration.js';
export { acquire, type Held } from './lock.js';

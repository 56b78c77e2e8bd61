import type { WordFacts } from './facts.js';

/** The version of ZooKeeper whose protocol and words are spoken: clients and monitoring decide by it what to ask for. */
const LEVEL = '3.9.0';

/**
 * `3.9.0-synod-0.1.0, built on Node.js v20.20.0`: first what clients parse, then who it is. Where ZooKeeper shows the
 * date of its build there is the platform.
 */
export function versionText({ product, platform }: WordFacts['version']): string {
  return `${LEVEL}-synod-${product}, built on ${platform}`;
}

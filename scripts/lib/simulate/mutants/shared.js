/**
 * Patches that several mutants have in common. First checks that stand behind others. Some mutants are only wrong where these are gone as well, as they were in the
 * implementations that the scenarios come from: with them, the mistake is found and mended at once.
 */

/** @typedef {import('../patch.js').Patch} Patch */

/** Lines of a source. @param {readonly string[]} text */
export function lines(...text) {
  return text.join('\n');
}

/** A learner looks at numbers alone. @type {Patch} */
const receive = {
  file: 'packages/zab/src/follower/broadcast.ts',
  find: 'if (!core.log.follows(record)) {',
  replace: 'if (record.zxid <= core.log.last.zxid) {',
};

/** A learner takes the end of synchronisation as it comes. @type {Patch} */
const end = {
  file: 'packages/zab/src/follower/sync.ts',
  find: 'if (last.zxid !== message.last.zxid || last.chain !== message.last.chain) {',
  replace: 'if (message.last.zxid < 0) {',
};

/** The log on disk takes whatever is higher. @type {Patch} */
const append = {
  file: 'packages/storage/src/log-file.ts',
  find: 'if (zxid <= this.#last.zxid || chainHash(this.#last.chain, zxid, body) !== chain) {',
  replace: 'if (zxid <= this.#last.zxid) {',
};

/** Nobody looks whether records continue the ones before. */
export const noChain = [receive, end, append];

/** The digest of a state that is loaded proves nothing. @type {Patch} */
export const noDigest = {
  file: 'packages/tree/src/loader.ts',
  find: 'if (state.digest !== digest) {',
  replace: 'if (digest < 0) {',
};

/** Each message to a client is a frame of its own, so that a connection can end between any two of them. @type {Patch} */
export const smallFrames = {
  file: 'packages/server/src/host/synod-language.ts',
  find: 'for (const frame of frames(messages)) this.#link.send(frame);',
  replace: 'for (const message of messages) for (const frame of frames([message])) this.#link.send(frame);',
};

/** Watches are armed again two at a time. @type {Patch} */
export const smallBatches = {
  file: 'packages/client/src/session/ledger.ts',
  find: 'limits.watchPaths, welcome.maxFrameBytes / 2);',
  replace: 'Math.min(2, limits.watchPaths), welcome.maxFrameBytes / 2);',
};

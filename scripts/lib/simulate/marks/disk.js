/** Marks in storage: damage and its repair, pruning, folding, staging. */

const inspect = 'packages/storage/src/inspect.ts';
const recover = 'packages/storage/src/recover.ts';
const repair = 'packages/storage/src/repair.ts';
const logFile = 'packages/storage/src/log-file.ts';
const logSide = 'packages/storage/src/log-side.ts';
const logKeeper = 'packages/storage/src/log-keeper.ts';
const stateFile = 'packages/storage/src/state-file.ts';
const stateSide = 'packages/storage/src/state-side.ts';
const stateWork = 'packages/storage/src/state-work.ts';
const note = 'packages/storage/src/note.ts';
const watermark = 'packages/storage/src/watermark.ts';

/** @type {readonly import('../marks.js').Mark[]} */
export const diskMarks = [
  {
    name: 'log-unreadable',
    file: inspect,
    find: "note: Note | null): Verdict {\n  if (typeof log === 'string') {",
    how: 'after',
  },
  { name: 'state-beyond-log', file: inspect, find: 'base = state.file.header.position;', how: 'after' },
  {
    name: 'state-anew-from-log',
    file: inspect,
    find: 'rewrite ??= `a new state file has to come into use (${trouble})`;',
    how: 'after',
  },
  {
    name: 'promise-not-reached',
    file: inspect,
    find: 'const promised = formatZxid(mark.position.zxid);',
    how: 'after',
  },
  {
    name: 'watermark-unreadable',
    file: inspect,
    find: "return 'the watermark is missing or unreadable, so that nothing says how far this server has promised';",
    how: 'statement',
  },
  {
    name: 'epochs-rolled-back',
    file: inspect,
    find: 'if (acceptedEpoch < mark.acceptedEpoch || currentEpoch < mark.currentEpoch) {',
    how: 'after',
  },
  {
    name: 'first-start-cut-short',
    file: recover,
    find: '      closeFindings(findings);\n      layOut(disk, own);',
    how: 'statement',
  },
  { name: 'log-rewritten', file: recover, find: 'rewrite(disk, own, findings, verdict);', how: 'after' },
  {
    name: 'log-condemned',
    file: recover,
    find: 'log.file.condemn(damage, watermark.mark?.acceptedEpoch ?? 0);',
    how: 'after',
  },
  {
    name: 'identity-written-anew',
    file: recover,
    find: "if (known !== 'ours') writeIdentity(disk, own);",
    how: 'branch',
  },
  { name: 'rewrite-copies-records', file: repair, find: 'if (batch.length > 0) flush();', how: 'branch' },
  {
    name: 'unused-state-swept',
    file: repair,
    find: 'for (const number of stateNumbers(disk)) if (number !== used) removeDatabase(disk, names.state(number));',
    how: 'branch',
  },
  {
    name: 'record-damaged',
    file: logFile,
    find: '`the record ${where} does not continue the chain`',
    how: 'expression',
  },
  { name: 'log-truncated', file: logFile, find: 'const removed = Number(totals?.[0]);', how: 'after' },
  { name: 'log-read-too-far-back', file: logFile, find: 'if (zxid < base.zxid) return null;', how: 'branch' },
  { name: 'log-pruned', file: logFile, find: 'if (seen === 0) return { more: false };', how: 'after' },
  {
    name: 'watermark-lowered',
    file: logKeeper,
    find: 'if (!sameMark(lower, now)) this.#watermark.write(lower);',
    how: 'branch',
  },
  {
    name: 'slot-torn',
    file: watermark,
    find: 'if (first === null || second === null) return first ?? second;',
    how: 'branch',
  },
  {
    name: 'adoption-clears-pruning',
    file: logSide,
    find: "if (ops.some((op) => op.type === 'adopt')) this.#pruneTo = 0;",
    how: 'branch',
  },
  { name: 'pruning', file: logSide, find: 'this.#pruning = true;', how: 'after' },
  {
    name: 'row-damaged',
    file: stateFile,
    find: '`the row behind ${JSON.stringify(previous)} is damaged`',
    how: 'expression',
  },
  {
    name: 'fold-given-up',
    file: stateFile,
    find: "if (!this.#open) return;\n    this.#sql.exec('ROLLBACK');",
    how: 'after',
  },
  {
    name: 'fold-waits-for-reading',
    file: stateSide,
    find: 'if (this.#paused && !continues) this.#folds.push(packed);',
    how: 'branch',
  },
  { name: 'reading-waits-for-fold', file: stateSide, find: 'this.#still.push({ run, reject });', how: 'after' },
  {
    name: 'adoption-rejects-readers',
    file: stateSide,
    find: 'this.#folds = [];\n    for (const { reject } of this.#still.splice(0)) reject(replaced());',
    part: 'reject(replaced());',
    how: 'statement',
  },
  {
    name: 'reading-in-many-chunks',
    file: stateWork,
    find: 'if (next !== null) this.#cursors.set(next, totals);',
    how: 'branch',
  },
  { name: 'stage-begun', file: stateWork, find: 'if (first) {\n      this.#dropStage();', how: 'after' },
  { name: 'staged-state-in-use', file: stateWork, find: 'this.#state = stage.file;', how: 'after' },
  { name: 'damage-noted', file: note, find: 'export function writeNote(disk: Disk, note: Note): void {', how: 'after' },
];

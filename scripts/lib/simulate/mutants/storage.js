/** S29 to S38: what a disk does to those who trust it. */
import { lines, noDigest } from './shared.js';

const sql = 'packages/storage/src/sql.ts';
const inspect = 'packages/storage/src/inspect.ts';
const logFile = 'packages/storage/src/log-file.ts';
const logKeeper = 'packages/storage/src/log-keeper.ts';
const stateFile = 'packages/storage/src/state-file.ts';
const stateSide = 'packages/storage/src/state-side.ts';
const stage = 'packages/storage/src/stage.ts';
const fold = 'packages/tree/src/fold.ts';

/** @type {readonly (import('../mutants.js').Mutant | import('../mutants.js').Absent)[]} */
export const storageMutants = [
  {
    id: 'S29',
    title: 'commits are not synced at all',
    patches: [
      { file: sql, find: "sql.exec('PRAGMA synchronous = FULL');", replace: "sql.exec('PRAGMA synchronous = OFF');" },
      { file: sql, find: 'if (level !== 2) {', replace: 'if (level !== 0) {' },
    ],
    swarm: { faults: { power: true } },
    expect: ['Z7', 'Z9', 'Z10'],
  },
  {
    id: 'S29b',
    title: "commits are synced as the driver's default has it",
    patches: [
      {
        file: sql,
        find: "sql.exec('PRAGMA synchronous = FULL');",
        replace: "sql.exec('PRAGMA synchronous = NORMAL');",
      },
      { file: sql, find: 'if (level !== 2) {', replace: 'if (level !== 1) {' },
    ],
    swarm: { tier: 'B', faults: { power: true } },
    expect: ['Z7', 'Z9', 'Z10'],
  },
  {
    id: 'S29c',
    title: 'messages to other servers do not wait for the disk',
    patches: [
      {
        file: 'packages/server/src/host/outbox.ts',
        find: 'if (this.#waiting.length === 0 && after <= durable) this.#ready.push(message);',
        replace: 'if (this.#waiting.length === 0 && after <= durable + 1_000_000) this.#ready.push(message);',
      },
    ],
    swarm: { faults: { power: true } },
    expect: ['Z8', 'Z7'],
  },
  {
    id: 'S30',
    title: 'a sync that failed is passed over: the next one may succeed',
    patches: [
      {
        file: sql,
        find: "  } catch (error) {\n    try {\n      sql.exec('ROLLBACK');",
        replace: lines(
          '  } catch (error) {',
          "    if (String((error as { code?: unknown }).code).startsWith('SQLITE_IOERR')) return;",
          '    try {',
          "      sql.exec('ROLLBACK');",
        ),
      },
    ],
    swarm: { faults: { sync: true, crash: true, power: true } },
    expect: ['Z7', 'Z8', 'Z10', 'assertion'],
  },
  {
    id: 'S30b',
    title: 'what a start finds in the log is announced before it is made durable',
    patches: [
      { file: inspect, find: '    checkpoint(sql);\n    // The emptied', replace: '    // The emptied' },
      { file: logKeeper, find: '    checkpoint(sql);\n    watermark.sync();\n', replace: '' },
    ],
    swarm: { faults: { sync: true, crash: true, power: true } },
    expect: ['Z7', 'Z8', 'Z10'],
  },
  {
    id: 'S31',
    title: 'a log that has lost its tail is taken for whole',
    patches: [
      {
        file: inspect,
        find: 'if (!reaches(proven, mark)) {',
        replace: 'if (!reaches(proven, mark) && proven.last.zxid < 0) {',
      },
    ],
    swarm: { servers: 3, faults: { rot: true, crash: true } },
    expect: ['Z7', 'Z9'],
  },
  {
    id: 'S31b',
    title: 'the watermark is written at the start only',
    patches: [
      { file: logKeeper, find: '    this.#write(work);\n    this.#mark();', replace: '    this.#write(work);' },
    ],
    swarm: { servers: 3, faults: { rot: true, crash: true } },
    expect: ['Z7', 'Z9'],
  },
  {
    id: 'S32',
    title: 'a row of the state that was changed on the disk is believed',
    patches: [
      {
        file: stateFile,
        find: "if (typeof key !== 'string' || !isBytes(value) || rowSum(key, value) !== sum) {",
        replace: "if (typeof key !== 'string' || !isBytes(value) || typeof sum !== 'number') {",
      },
      noDigest,
    ],
    swarm: { faults: { rot: true, crash: true } },
    expect: ['Z10', 'Z11', 'C5', 'assertion'],
  },
  {
    id: 'S32b',
    title: 'a record that was changed on the disk is believed',
    patches: [
      {
        file: logFile,
        find: 'if (chainHash(previous.chain, zxid, body) !== chain) {',
        replace: "if (typeof chain !== 'number') {",
      },
    ],
    swarm: { faults: { rot: true, crash: true } },
    expect: ['Z2', 'Z10', 'Z11', 'assertion'],
  },
  {
    id: 'S33',
    title: 'the place that the state shows is saved behind the state, by itself',
    patches: [
      {
        file: stateFile,
        find: lines(
          '    this.#writeHeader({ ...this.#totals, position, digest });',
          "    this.#sql.exec('COMMIT');",
          '    this.#open = false;',
        ),
        replace: lines(
          "    this.#sql.exec('COMMIT');",
          '    this.#open = false;',
          '    transaction(this.#sql, () => this.#writeHeader({ ...this.#totals, position, digest }));',
        ),
      },
      {
        file: stateFile,
        find: 'const differs = totals.rows !== this.#header.rows || totals.sum !== this.#header.sum;',
        replace: 'const differs = totals.rows < 0;',
      },
      { file: stateFile, find: '      if (totals.rows > this.#header.rows) break;\n', replace: '' },
      {
        file: stateFile,
        find: 'if (totals.rows > this.#header.rows || (ended && differs)) {',
        replace: 'if (ended && differs) {',
      },
      noDigest,
    ],
    swarm: { tiny: true, faults: { power: true, crash: true } },
    expect: ['assertion', 'Z10', 'Z11', 'C2'],
  },
  {
    id: 'S33b',
    title: 'the log is pruned before the fold that replaces it is durable',
    patches: [
      {
        file: stateSide,
        find: '    this.#foldOpen = !last;',
        replace: '    this.#foldOpen = !last;\n    if (last) this.#onFolded(position);',
      },
    ],
    swarm: { tiny: true, faults: { power: true, crash: true, slow: true } },
    expect: ['Z7', 'Z10', 'assertion'],
  },
  {
    id: 'S34',
    title: 'a fold shows znodes as they are when it comes to them',
    patches: [
      {
        file: fold,
        find: 'if (this.#paths.delete(path)) this.#captured.push(this.#source.znodeRow(path));',
        replace: '',
      },
    ],
    swarm: { tiny: true, faults: { crash: true } },
    expect: ['assertion', 'Z10', 'Z12'],
  },
  {
    id: 'S34b',
    title: 'a fold shows sessions as they are when it comes to them',
    patches: [
      {
        file: fold,
        find: 'if (this.#sessions.delete(id)) this.#captured.push(this.#source.sessionRow(id));',
        replace: '',
      },
    ],
    swarm: { tiny: true, faults: { crash: true } },
    expect: ['assertion', 'Z10', 'Z12'],
  },
  {
    id: 'S35',
    title: 'a fold that finds no space is taken for done',
    patches: [
      {
        file: stateFile,
        find: 'for (const { key, value } of rows) this.#change(key, value);\n    if (!last) return;',
        replace: lines(
          'try {',
          '      for (const { key, value } of rows) this.#change(key, value);',
          '    } catch {',
          '      // The next fold may find space.',
          '    }',
          '    if (!last) return;',
        ),
      },
      {
        file: stateFile,
        find: "    this.#writeHeader({ ...this.#totals, position, digest });\n    this.#sql.exec('COMMIT');",
        replace: lines(
          '    try {',
          '      this.#writeHeader({ ...this.#totals, position, digest });',
          "      this.#sql.exec('COMMIT');",
          '    } catch {',
          '      try {',
          "        this.#sql.exec('ROLLBACK');",
          '      } catch {',
          '        // It was rolled back already.',
          '      }',
          '    }',
        ),
      },
    ],
    swarm: { tiny: true, faults: { full: true, crash: true } },
    expect: ['Z7', 'Z10', 'assertion'],
  },
  {
    id: 'S35b',
    title: 'a watermark that could not be written once is given up',
    patches: [
      { file: logKeeper, find: '  #hint: Zxid = 0;', replace: '  #hint: Zxid = 0;\n  #unmarked = false;' },
      {
        file: logKeeper,
        find: 'if (!sameMark(mark, this.#watermark.mark)) this.#watermark.write(mark);',
        replace: lines(
          'try {',
          '      if (!this.#unmarked && !sameMark(mark, this.#watermark.mark)) this.#watermark.write(mark);',
          '    } catch {',
          '      this.#unmarked = true;',
          '    }',
        ),
      },
    ],
    swarm: { servers: 3, faults: { full: true, sync: true, rot: true, crash: true } },
    expect: ['Z7', 'Z9'],
  },
  {
    id: 'S36',
    title: 'transactions may be written that are too long to be read',
    patches: [
      {
        file: 'packages/tree/src/txn.ts',
        find: 'if (body[0] !== TREE_MACHINE) throw new Error(`a body for machine',
        replace: lines(
          "if (body.length > 1_024) throw new Error('a transaction is too long');",
          '  if (body[0] !== TREE_MACHINE) throw new Error(`a body for machine',
        ),
      },
    ],
    expect: ['assertion'],
  },
  {
    id: 'S37',
    title: 'the name of a received state is not durable when the log begins to speak of it',
    patches: [{ file: stage, find: 'this.#disk.syncNames();', replace: '' }],
    swarm: { tiny: true, faults: { wipe: true, power: true } },
    expect: ['Z7', 'Z10', 'Z12'],
  },
  {
    id: 'S37b',
    title: 'the name of a new log is not durable when the server goes on to work with it',
    patches: [
      {
        file: 'packages/storage/src/repair.ts',
        find: 'disk.rename(names.newLog, names.log);\n  disk.syncNames();',
        replace: 'disk.rename(names.newLog, names.log);',
      },
      { file: 'packages/storage/src/recover.ts', find: '  disk.syncNames();\n', replace: '' },
    ],
    swarm: { faults: { rot: true, power: true } },
    expect: ['Z7', 'Z9', 'Z10', 'Z12'],
  },
  {
    id: 'S38',
    title: 'two connections write to one database',
    cannot:
      'Each file has one connection, which locks it and never lets go; a version of SQLite with the mistake is refused at the start.',
    heldBy: { file: 'tests/storage/log-file.test.ts', test: 'the settings that durability needs are in force' },
  },
];

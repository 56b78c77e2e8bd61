/**
 * What a server of the power-cut run asks of its storage: random steps, and for each what the directory may hold while it
 * is carried out (the world before it, or the one after) and has to hold once it is acknowledged.
 */
import { counterOf, epochOf, makeZxid } from '@synod/protocol';
import { packRecords, packRows } from '@synod/storage/blocks';
import type { WireOp } from '@synod/storage/messages';
import { packChunk } from '@synod/storage/state-chunk';
import { nextRecord, type LogRecord, type Position, type StateChunk } from '@synod/zab';
import type { Random } from '../random.js';
import { RETAINED, type PowerServer } from './power-server.js';
import { digestAt, lastOf, placeAt, totalsOf, type States, type World } from './power-world.js';

/** One request, or several that change nothing durable before the last. */
export interface Step {
  readonly name: string;
  /** Where the step is acknowledged this is what the directory holds; while it is not, this or the world before. */
  readonly after: World;
  /** Throws what the storage throws. */
  run(server: PowerServer): void;
}

const MAX_BODY = 6000;

/** Draws the next steps to be taken from a world: one, or several that belong together. */
export function drawSteps(random: Random, world: World, states: States): Step[] {
  if (world.currentEpoch === 0) return [batch('epochs', world, epochOps(world, random.int(1, 2)))];
  const kind = random.weighted([
    [10, 'append'],
    [3, 'epochs'],
    [2, 'disown'],
    [3, 'truncate'],
    [5, 'fold'],
    [3, 'prune'],
    [3, 'adopt'],
    [1, 'stage'],
  ] as const);
  switch (kind) {
    case 'append':
      return [append(random, world, states)];
    case 'epochs':
      return [batch('epochs', world, epochOps(world, random.int(1, 3)))];
    case 'disown':
      return [batch('disown', world, [{ type: 'current-epoch', epoch: 0 }])];
    case 'truncate':
      return [truncate(random, world, states)];
    case 'fold':
      return fold(random, world, states);
    case 'prune':
      return [prune(world)];
    case 'adopt':
    case 'stage':
      return adopt(random, world, states, kind === 'adopt');
  }
}

function append(random: Random, world: World, states: States): Step {
  const records = drawRecords(random, lastOf(world), world.currentEpoch, states);
  const ops: WireOp[] = [appendOp(records)];
  if (random.chance(0.3)) ops.push({ type: 'committed', zxid: lastOf(world).zxid });
  return batch('append', world, ops, records);
}

/** The end of the log goes; often other records come in the same batch. */
function truncate(random: Random, world: World, states: States): Step {
  const places = [world.base, ...world.records].filter(({ zxid }) => zxid >= world.state.zxid);
  const { zxid, chain } = random.pick(places);
  const ops: WireOp[] = [{ type: 'truncate', after: { zxid, chain } }, ...epochOps(world, 1)];
  const records = random.chance(0.6) ? drawRecords(random, { zxid, chain }, world.acceptedEpoch + 1, states) : [];
  if (records.length > 0) ops.push(appendOp(records));
  return batch('truncate', world, ops, records);
}

/** Chunks of one fold; only the last changes anything. */
function fold(random: Random, world: World, states: States): Step[] {
  const places = world.records.filter(({ zxid }) => zxid > world.state.zxid);
  if (places.length === 0) return [append(random, world, states)];
  const { zxid, chain } = random.pick(places);
  const position = { zxid, chain };
  const changes = states.changes(world.state, position);
  const pieces = split(changes, random.int(1, 3));
  return pieces.map((rows, index) => {
    const last = index === pieces.length - 1;
    return {
      name: last ? 'fold' : 'fold chunk',
      after: last ? { ...world, state: position } : world,
      run: (server) =>
        void server.state({ type: 'fold', block: packRows(rows), position, digest: digestAt(position), last }),
    };
  });
}

function prune(world: World): Step {
  let { base } = world;
  let kept = 0;
  const upTo = world.state.zxid;
  for (const { zxid, chain } of world.records) {
    if (zxid > upTo || world.records.length - kept <= RETAINED) break;
    base = { zxid, chain };
    kept++;
  }
  return {
    name: 'prune',
    after: { ...world, base, records: world.records.slice(kept) },
    run: (server) => {
      while (server.prune(upTo).more);
    },
  };
}

/** A leader's state comes in chunks, and into use with the batch that says so; `use` false: it is given up before. */
function adopt(random: Random, world: World, states: States, use: boolean): Step[] {
  const from = placeAt(world, random.pick([world.base, ...world.records]).zxid)!;
  const known = from.zxid < world.state.zxid ? world.state : from;
  const epoch = world.acceptedEpoch + 1;
  const records = drawRecords(random, known, epoch, states);
  const { zxid, chain } = records.at(-1)!;
  const base = { zxid, chain };
  const chunks = chunksOf(random, states, base);
  const staged = (use ? chunks : chunks.slice(0, random.int(1, chunks.length))).map((chunk, index): Step => ({
    name: 'stage',
    after: world,
    run: (server) => stage(server, index === 0, chunk),
  }));
  if (!use) return staged;
  const after: World = { base, records: [], acceptedEpoch: epoch, currentEpoch: epoch, state: base };
  const swap: Step = {
    name: 'adopt',
    after,
    run: (server) => {
      const ops: WireOp[] = [{ type: 'adopt', base, state: server.staged }, ...epochOps(world, 1)];
      server.log({ type: 'batch', ops });
    },
  };
  return [...staged, swap, { name: 'switch', after, run: (server) => void server.state({ type: 'switch' }) }];
}

function stage(server: PowerServer, first: boolean, chunk: StateChunk): void {
  const problem = server.state({ type: 'stage', first, chunk }) as string | null;
  if (problem !== null) throw new Error(`a chunk was refused: ${problem}`);
}

function chunksOf(random: Random, states: States, position: Position): StateChunk[] {
  const rows = states.rowsAt(position);
  const pieces = split(rows, random.int(1, 3));
  return pieces.map((piece, index) => {
    const last = index === pieces.length - 1;
    const packed = packChunk(piece, last ? totalsOf(rows) : null);
    return { position, rows: packed, cursor: last ? null : piece.at(-1)!.key, digest: digestAt(position) };
  });
}

/** Accepts a later epoch and takes it over. */
function epochOps(world: World, step: number): WireOp[] {
  const epoch = world.acceptedEpoch + step;
  return [
    { type: 'accepted-epoch', epoch },
    { type: 'current-epoch', epoch },
  ];
}

function appendOp(records: readonly LogRecord[]): WireOp {
  return { type: 'append', block: packRecords([records]) };
}

/** A batch of the log, and what it makes of the world; `records` are those that it appends. */
function batch(name: string, world: World, ops: readonly WireOp[], records: readonly LogRecord[] = []): Step {
  let after = world;
  for (const op of ops) {
    if (op.type === 'truncate') {
      after = { ...after, records: after.records.filter(({ zxid }) => zxid <= op.after.zxid) };
    } else if (op.type === 'accepted-epoch') after = { ...after, acceptedEpoch: op.epoch };
    else if (op.type === 'current-epoch') after = { ...after, currentEpoch: op.epoch };
    else if (op.type === 'append') after = { ...after, records: [...after.records, ...records] };
  }
  return { name, after, run: (server) => void server.log({ type: 'batch', ops }) };
}

/** One to five records behind a place, most of them small. */
function drawRecords(random: Random, behind: Position, epoch: number, states: States): LogRecord[] {
  const records: LogRecord[] = [];
  let previous = behind;
  const count = random.int(1, 5);
  for (let i = 0; i < count; i++) {
    const counter = epochOf(previous.zxid) === epoch ? counterOf(previous.zxid) + 1 : 1;
    const body = random.bytes(Math.floor(random.logUniform(1, MAX_BODY)));
    const record = nextRecord(previous, makeZxid(epoch, counter), body);
    states.add(previous, record);
    records.push(record);
    previous = { zxid: record.zxid, chain: record.chain };
  }
  return records;
}

/** Up to so many pieces, none of them empty unless all is. */
function split<T>(list: readonly T[], pieces: number): T[][] {
  const size = Math.max(1, Math.ceil(list.length / pieces));
  const parts: T[][] = [];
  for (let i = 0; i < list.length || i === 0; i += size) parts.push(list.slice(i, i + size));
  return parts;
}

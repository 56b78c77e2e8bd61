/** A state received from another server: staged beside the one in use, checked as a whole, adopted by the log. */
import { readdirSync } from 'node:fs';
import { describe, expect, test } from '@jest/globals';
import { pack } from '@synod/protocol';
import { ORIGIN } from '@synod/zab';
import { chainOf, codeOfRejection, endOf, freshDir, Rig, rowsOf } from './support.js';

const FIRST = chainOf(ORIGIN, 1, 1, 20);

describe('staging', () => {
  async function source(): Promise<Awaited<ReturnType<Rig['chunks']>>> {
    const rig = await Rig.open(freshDir());
    await rig.persist({ type: 'append', records: FIRST });
    await rig.fold(endOf(FIRST), 7, rowsOf(20_000, 1, 40));
    const chunks = await rig.chunks();
    await rig.storage.close();
    expect(chunks.length).toBeGreaterThan(2);
    return chunks;
  }

  test('says in words what is wrong with a state, and a new attempt may follow', async () => {
    const chunks = await source();
    const last = chunks.length - 1;
    const rig = await Rig.open(freshDir());
    const cases: [string, typeof chunks, RegExp][] = [
      ['a missing chunk', chunks.filter((_, index) => index !== 1), /differ from the 20000/],
      ['a chunk twice', [chunks[0]!, chunks[0]!], /came twice/],
      ['another place', [chunks[0]!, { ...chunks[1]!, position: ORIGIN }], /different states/],
      ['another digest', [chunks[0]!, { ...chunks[1]!, digest: 1 }], /different states/],
      ['an early end', [{ ...chunks[0]!, cursor: null }], /totals/],
      ['an end that is none', [...chunks.slice(0, last), { ...chunks[last]!, cursor: 'n/x' }], /totals/],
      ['bytes that are no rows', [{ ...chunks[0]!, rows: new Uint8Array([0xc1]) }], /MessagePack/],
      [
        'a changed row',
        [{ ...chunks[0]!, rows: pack([['n/0', new Uint8Array(1)]]).slice() }, ...chunks.slice(1)],
        /differ/,
      ],
    ];
    for (const [, list, expected] of cases) expect(await rig.stage(list)).toMatch(expected);
    expect(await rig.storage.stage(false, chunks[0]!)).toMatch(/no first chunk/);
    expect(() => rig.send({ type: 'adopt', base: endOf(FIRST) })).toThrow(/not staged/);
    expect(await rig.stage(chunks)).toBeNull();
    expect(await rig.storage.stage(false, chunks[0]!)).toMatch(/behind the last/);
    expect(await rig.stage(chunks)).toBeNull();
    expect(() => rig.send({ type: 'adopt', base: ORIGIN })).toThrow(/not staged/);
    await rig.persist({ type: 'adopt', base: endOf(FIRST) });
    expect((await rig.rows()).length).toBe(20_000);
    expect(rig.failures).toEqual([]);
    await rig.storage.close();
  });

  test('a staged state that is not adopted is gone after the next start', async () => {
    const chunks = await source();
    const dir = freshDir();
    const rig = await Rig.open(dir);
    expect(await rig.stage(chunks)).toBeNull();
    await rig.storage.close();
    const again = await Rig.open(dir);
    expect(again.storage.recovered.blank).toBe(true);
    expect(
      readdirSync(dir)
        .filter((name) => name.endsWith('.db'))
        .sort(),
    ).toEqual(['log.db', 'state-1.db']);
    await again.storage.close();
  });

  test('what is asked while an adoption is on its way is done with the new state', async () => {
    const chunks = await source();
    const rig = await Rig.open(freshDir());
    const old = chainOf(ORIGIN, 1, 1, 4, 3);
    await rig.persist({ type: 'append', records: old });
    expect(await rig.stage(chunks)).toBeNull();
    rig.storage.fold({ position: endOf(old), digest: 1, rows: rowsOf(5, 5, 5, 'n/old'), last: false });
    const reading = codeOfRejection(rig.storage.readState(null));
    const token = rig.send({ type: 'adopt', base: endOf(FIRST) });
    const more = chainOf(endOf(FIRST), 2, 1, 1);
    rig.send({ type: 'append', records: more });
    rig.storage.fold({
      position: endOf(more),
      digest: 8,
      rows: [{ key: 'n/new', value: new Uint8Array(1) }],
      last: true,
    });
    const loaded = rig.rows();
    expect(rig.tokens.at(-1) ?? 0).toBeLessThan(token);
    expect(await reading).toBe('CLOSED');
    expect((await loaded).length).toBe(20_001);
    expect(rig.folded).toEqual([endOf(more)]);
    await rig.storage.close();
    expect(rig.failures).toEqual([]);
  });
});

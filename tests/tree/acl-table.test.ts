/** ACLs that znodes share: numbers stay known for as long as the journal may name them, and no longer. */
import { OPEN_ACL, type Acl } from '@synod/protocol';
import { JOURNAL_CHANGES } from '@synod/tree';
import { AclTable } from '@synod/tree/acl-table';
import { describe, expect, test } from '@jest/globals';

const acl = (id: string): Acl => [{ permissions: 31, scheme: 'digest', id }];

describe('the table', () => {
  test('shares equal ACLs and tells similar ones apart', () => {
    const table = new AclTable();
    const one = table.acquire(acl('a:b'));
    expect(table.acquire(acl('a:b'))).toBe(one);
    expect(table.acquire([{ permissions: 3, scheme: 'digest', id: 'a:b' }])).not.toBe(one);
    expect(table.acquire([{ permissions: 31, scheme: 'digest a', id: ':b' }])).not.toBe(one);
    expect(table.acquire([...OPEN_ACL])).toBe(table.acquire(OPEN_ACL));
    expect(table.get(one.id)).toEqual(acl('a:b'));
    expect(table.size).toBe(4);
  });

  test('forgets at once what no change has named', () => {
    const table = new AclTable();
    for (let i = 0; i < 1000; i++) table.release(table.acquire(acl(`${i}:x`)));
    expect(table.size).toBe(1);
  });

  test('remembers what a change has named until the journal has forgotten the change', () => {
    const table = new AclTable();
    const open = table.acquire(OPEN_ACL);
    const old = table.acquire(acl('old:x'));
    table.name(old, open);
    table.release(old);
    for (let i = 1; i < JOURNAL_CHANGES; i++) table.name(open, open);
    const one = table.acquire(acl('one:x'));
    table.name(open, one);
    expect(table.get(old.id)).toBeDefined();
    table.release(one);
    expect(table.get(old.id)).toBeUndefined();
    expect(table.get(one.id)).toBeDefined();
    expect(table.acquire(acl('old:x')).id).not.toBe(old.id);
  });

  test('keeps the number of an ACL that comes back in time', () => {
    const table = new AclTable();
    const open = table.acquire(OPEN_ACL);
    const one = table.acquire(acl('one:x'));
    table.name(one, open);
    table.release(one);
    expect(table.acquire(acl('one:x')).id).toBe(one.id);
    for (let i = 0; i < 2 * JOURNAL_CHANGES; i++) table.name(open, open);
    const other = table.acquire(acl('other:x'));
    table.name(other, open);
    table.release(other);
    expect(table.get(one.id)).toBeDefined();
    table.release(one);
    expect(table.get(one.id)).toBeUndefined();
  });

  test('does not grow with the number of ACLs that have ever been', () => {
    const table = new AclTable();
    const open = table.acquire(OPEN_ACL);
    for (let i = 0; i < 2 * JOURNAL_CHANGES; i++) {
      const one = table.acquire(acl(`${i}:x`));
      table.name(one, open);
      table.release(one);
    }
    expect(table.size).toBeLessThanOrEqual(JOURNAL_CHANGES + 2);
  });
});

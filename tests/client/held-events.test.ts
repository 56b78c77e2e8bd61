/** What several batches of watches have missed, as one batch would have told it. */
import { describe, expect, test } from '@jest/globals';
import { EventType, type WatchEvent } from '@synod/protocol';
import { HeldEvents } from '@synod/client/session/held-events';

const types: Readonly<Record<string, EventType>> = {
  created: EventType.nodeCreated,
  deleted: EventType.nodeDeleted,
  changed: EventType.nodeDataChanged,
  resync: EventType.resync,
};

/** `5 created /a` is an event; `|` ends a batch. */
function told(text: string): string {
  const held = new HeldEvents();
  for (const part of text.split(', ')) {
    const [zxid = '', type = '', path = ''] = part.split(' ');
    if (part === '|') held.answered();
    else held.add({ zxid: Number(zxid), type: types[type]!, path });
  }
  const name = ({ type }: WatchEvent): string => Object.keys(types).find((key) => types[key] === type)!;
  return held
    .take()
    .map((event) => `${event.zxid} ${name(event)} ${event.path}`)
    .join(', ');
}

describe('several batches', () => {
  test.each([
    ['nothing', '|, |', ''],
    ['what only one has missed', '5 changed /a, |, 3 changed /b, |', '3 changed /b, 5 changed /a'],
    ['what both have missed', '3 created /a, 5 changed /a, |, 3 created /a, |', '3 created /a, 5 changed /a'],
    [
      'one transaction that made a znode twice',
      '7 created /a, 7 deleted /a, 7 created /a, |, 7 created /a, 7 deleted /a, 7 created /a, |',
      '7 created /a, 7 deleted /a, 7 created /a',
    ],
    [
      'a part of a transaction, then all of it',
      '7 changed /b, |, 7 created /a, 7 changed /b, 7 created /c, |',
      '7 created /a, 7 changed /b, 7 created /c',
    ],
    [
      'all of a transaction, then a part',
      '7 created /a, 7 changed /b, |, 7 changed /b, |',
      '7 created /a, 7 changed /b',
    ],
    [
      'what happened in between',
      '3 changed /a, |, 9 changed /a, 3 changed /a, 9 changed /a, |',
      '3 changed /a, 9 changed /a',
    ],
    [
      'gaps, told first',
      '3 changed /a, |, 8 resync /, 5 changed /b, |, 9 resync /, |',
      '9 resync /, 3 changed /a, 5 changed /b',
    ],
  ])('%s', (_, came, expected) => {
    expect(told(came)).toBe(expected);
  });
});

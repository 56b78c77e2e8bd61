/** The log of a server: its lines, and what keeps strangers from filling it. */
import { describe, expect, test } from '@jest/globals';
import { LogThrottle } from '@synod/server/host/log-throttle';
import { createLogger, describeError, formatFields, type Logger, type LogLevel } from '@synod/server/host/logger';

function collect(level?: LogLevel): { lines: string[]; log: Logger } {
  const lines: string[] = [];
  const now = (): Date => new Date('2026-01-02T03:04:05.678Z');
  return {
    lines,
    log: createLogger({ ...(level && { level }), stream: { write: (line: string) => lines.push(line) }, now }),
  };
}

describe('lines', () => {
  test('time, level, the fields of the logger, the event, its fields', () => {
    const { lines, log } = collect();
    log.child({ server: 1 }).info('role', { role: 'leading', epoch: 3, cause: 'a quorum follows', nothing: undefined });
    log.child({ a: 1 }).child({ b: 2 }).error('x');
    expect(lines).toEqual([
      '2026-01-02T03:04:05.678Z INFO  server=1 event=role role=leading epoch=3 cause="a quorum follows"\n',
      '2026-01-02T03:04:05.678Z ERROR a=1 b=2 event=x\n',
    ]);
  });

  const levels: [LogLevel | undefined, string][] = [
    ['error', 'e'],
    ['warn', 'ew'],
    ['info', 'ewi'],
    [undefined, 'ewi'],
    ['debug', 'ewid'],
  ];
  test.each(levels)('of level %s and above', (level, expected) => {
    const { lines, log } = collect(level);
    log.error('e');
    log.warn('w');
    log.info('i');
    log.debug('d');
    expect(lines.map((line) => line.trim().slice(-1)).join('')).toBe(expected);
  });

  const values: [string, unknown, string][] = [
    ['a word', 'a.b:c/d@e+f-g_1', 'a.b:c/d@e+f-g_1'],
    ['an empty text', '', '""'],
    ['blanks and quotes', 'say "no"', String.raw`"say \"no\""`],
    ['an equals sign', 'a=b', '"a=b"'],
    ['a second line', 'a\nevent=forged', String.raw`"a\nevent=forged"`],
    ['an escape sequence', '\x1b[2J\x9b2J', String.raw`"\u001b[2J\u009b2J"`],
    ['text that turns around', 'a\u202eb\u2028', String.raw`"a\u202eb\u2028"`],
    ['half a character', '\ud800', String.raw`"\ud800"`],
    ['other letters', 'Größe', '"Größe"'],
    ['a number', -1.5, '-1.5'],
    ['a bigint', 7n, '7'],
    ['true', true, 'true'],
    ['null', null, 'null'],
    ['bytes', Uint8Array.of(1, 255), '01ff'],
    ['no bytes', new Uint8Array(0), '""'],
    ['an error', new Error('it broke'), '"it broke"'],
    ['an error without words', Object.assign(new Error(''), { code: 'ECONNREFUSED' }), 'ECONNREFUSED'],
    ['an error without anything', new TypeError(''), 'TypeError'],
    ['an object', { a: [1, 'x'] }, `"{ a: [ 1, 'x' ] }"`],
  ];
  test.each(values)('%s', (_name, value, expected) => {
    expect(formatFields({ v: value })).toBe(` v=${expected}`);
  });

  test('are cut where a value is very long', () => {
    expect(formatFields({ v: 'x'.repeat(5_000) })).toBe(` v="${'x'.repeat(1_000)}…"`);
    expect(formatFields({ v: new Uint8Array(1_000) })).toBe(` v=${'00'.repeat(32)}`);
    const circle: Record<string, unknown> = {};
    circle['self'] = circle;
    expect(formatFields({ v: circle })).toContain('Circular');
  });

  test('what was thrown need not be an error', () => {
    expect([describeError('text'), describeError(undefined), describeError(new Error('words'))]).toEqual([
      'text',
      'undefined',
      'words',
    ]);
  });
});

describe('the throttle', () => {
  test('prints the same line once in ten seconds, and then how often it came', () => {
    const { lines, log } = collect();
    let now = 0;
    const throttle = new LogThrottle(log, () => now);
    for (now of [0, 1, 9_999, 10_000, 10_001]) throttle.warn('e', { cause: 'c', none: undefined });
    throttle.warn('e', { cause: 'd' });
    throttle.info('e', { cause: 'c' });
    expect(lines.map((line) => line.slice(25).trim())).toEqual([
      'WARN  event=e cause=c',
      'WARN  event=e cause=c repeated=2',
      'WARN  event=e cause=d',
      'INFO  event=e cause=c',
    ]);
  });

  test('remembers a bounded number of lines and counts the others', () => {
    const { lines, log } = collect();
    let now = 0;
    const throttle = new LogThrottle(log, () => now);
    for (let i = 0; i < 1_000; i++) throttle.warn('e', { i });
    expect(lines).toHaveLength(256);
    now = 10_000;
    throttle.warn('e', { i: 'again' });
    expect(lines.at(-1)).toContain('i=again unlogged=744');
    for (let i = 0; i < 1_000; i++) throttle.warn('e', { i });
    expect(lines).toHaveLength(512);
  });
});

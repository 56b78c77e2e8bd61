/** Lines to words, words to options and arguments, by tables. */
import { describe, expect, test } from '@jest/globals';
import { DEFAULT_SERVERS, readCommandLine } from '@synod/cli/command-line';
import { commands, findCommand } from '@synod/cli/commands';
import { parseUsage, parseWords, quoteWord, splitLine, UsageError } from '@synod/cli/usage';

describe('splitLine', () => {
  test.each([
    ['', []],
    ['  ', []],
    ['ls /', ['ls', '/']],
    ['  get \t /a  ', ['get', '/a']],
    ['set /a "b c"', ['set', '/a', 'b c']],
    ["set /a 'b c'", ['set', '/a', 'b c']],
    ['set /a ""', ['set', '/a', '']],
    ["set /a ''", ['set', '/a', '']],
    ['set /a b\\ c', ['set', '/a', 'b c']],
    ['set /a "say \\"hi\\" \\\\ there"', ['set', '/a', 'say "hi" \\ there']],
    ['set /a "one\\ntwo\\tthree"', ['set', '/a', 'one\ntwo\tthree']],
    ['set /a one\\ntwo', ['set', '/a', 'onentwo']],
    ["set /a 'no \\escape'", ['set', '/a', 'no \\escape']],
    ['set /a b"c d"e\'f g\'', ['set', '/a', 'bc def g']],
    ['set /a {"json":1}', ['set', '/a', '{json:1}']],
    ['set /a \'{"json":1}\'', ['set', '/a', '{"json":1}']],
  ])('%s', (line, words) => {
    expect(splitLine(line)).toEqual(words);
  });

  test.each([
    ['set /a "b', 'a " is not closed'],
    ["set /a 'b", "a ' is not closed"],
    ['set /a b\\', 'the line ends with a "\\"'],
  ])('%s is refused', (line, message) => {
    expect(() => splitLine(line)).toThrow(message);
  });

  test.each(['/a', 'b c', '', `it's`, '"', '\\', 'a\tb', `'"\\`])('a quoted word is read as itself: %j', (word) => {
    expect(splitLine(quoteWord(word))).toEqual([word]);
  });
});

describe('parseUsage', () => {
  test('flags, options, arguments', () => {
    const grammar = parseUsage('create [-s] [-t ttl] path [data] [acl]');
    expect([...grammar.options]).toEqual([
      ['s', null],
      ['t', 'ttl'],
    ]);
    expect(grammar.required).toEqual(['path']);
    expect(grammar.optional).toEqual(['data', 'acl']);
  });

  test.each([...commands.values()].map(({ command }) => [command.usage, command.help]))('%s', (usage, help) => {
    const { options, required, optional } = parseUsage(usage);
    const parts = [...options].map(([letter, value]) => (value === null ? `[-${letter}]` : `[-${letter} ${value}]`));
    const rest = [...required, ...optional.map((name) => `[${name}]`)];
    expect([usage.split(' ')[0], ...parts, ...rest].join(' ')).toBe(usage);
    expect(help.length).toBeGreaterThan(10);
  });
});

describe('parseWords', () => {
  const grammar = parseUsage('set [-s] [-v version] path data');

  test.each([
    [['/a', 'x'], [], {}, ['/a', 'x']],
    [['-s', '/a', 'x'], ['s'], {}, ['/a', 'x']],
    [['/a', 'x', '-s', '-v', '3'], ['s'], { v: '3' }, ['/a', 'x']],
    [['-v', '-1', '/a', 'x'], [], { v: '-1' }, ['/a', 'x']],
    [['/a', '-'], [], {}, ['/a', '-']],
    [['/a', '--', '-s'], [], {}, ['/a', '-s']],
    [['--', '--', 'x'], [], {}, ['--', 'x']],
    [['/a', ''], [], {}, ['/a', '']],
  ])('%j', (words, flags, values, args) => {
    const input = parseWords(grammar, words);
    expect([...input.flags]).toEqual(flags);
    expect(Object.fromEntries(input.values)).toEqual(values);
    expect(input.args).toEqual(args);
  });

  test.each([
    [[], 'path is missing'],
    [['/a'], 'data is missing'],
    [['/a', 'b', 'c'], 'one argument too many: c (quote an argument that has blanks in it)'],
    [['-x', '/a', 'b'], 'unknown option -x (write -- before an argument that begins with "-")'],
    [['--verbose', '/a'], 'unknown option --verbose'],
    [['/a', 'b', '-v'], 'option -v needs a value: version'],
  ])('%j is refused', (words, message) => {
    expect(() => parseWords(grammar, words)).toThrow(message);
    expect(() => parseWords(grammar, words)).toThrow(UsageError);
  });
});

describe('findCommand', () => {
  test.each([
    ['ls', 'ls'],
    ['getacl', 'getAcl'],
    ['ADDWATCH', 'addWatch'],
    ['exit', 'quit'],
  ])('%s is %s', (name, found) => {
    expect(findCommand(name).name).toBe(found);
  });

  test.each(['', 'list', 'constructor'])('"%s" is none', (name) => {
    expect(() => findCommand(name)).toThrow(`there is no command "${name}"`);
  });
});

describe('readCommandLine', () => {
  test.each([
    [['ls', '/'], {}, DEFAULT_SERVERS, ['ls', '/']],
    [['ls', '/'], { SYNOD_SERVER: 'h:1' }, 'h:1', ['ls', '/']],
    [['--server', 'h:2', 'ls', '/'], { SYNOD_SERVER: 'h:1' }, 'h:2', ['ls', '/']],
    [['ls', '/', '--server=h:2/app'], {}, 'h:2/app', ['ls', '/']],
    [['set', '-s', '/a', '--', '--server', 'x'], {}, DEFAULT_SERVERS, ['set', '-s', '/a', '--', '--server', 'x']],
  ])('%j', (argv, env, servers, words) => {
    const line = readCommandLine(argv, env);
    expect(line.servers).toBe(servers);
    expect(line.words).toEqual(words);
  });

  test('options for the session', () => {
    const { options } = readCommandLine(['--timeout', '3000', '--auth=digest:u:p', '--auth', 'x:', 'ls'], {});
    expect(options).toMatchObject({
      sessionTimeout: 3_000,
      auth: [
        { scheme: 'digest', credentials: 'u:p' },
        { scheme: 'x', credentials: '' },
      ],
    });
  });

  test.each([
    [['--server'], 'option --server needs a value'],
    [['--timeout', '1s'], '--timeout must be a number of milliseconds, not "1s"'],
    [['--timeout=0'], '--timeout must be'],
    [['--auth', 'digest'], '--auth must be scheme:credentials'],
  ])('%j is refused', (argv, message) => {
    expect(() => readCommandLine(argv, {})).toThrow(message);
  });
});

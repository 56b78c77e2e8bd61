/**
 * The syntax of zoo.cfg: `key=value` lines, blank lines, and comments that start with `#` or `!`.
 *
 * This is the part of Java's properties format that such files use. Left out: `:` or a blank as separator, backslash
 * escapes (a backslash is a backslash) and lines continued by a backslash at their end; the last is refused, since the
 * value would silently be cut off. As in ZooKeeper, blanks around keys and values do not count, and a key may carry the
 * prefix `zookeeper.` of the Java system property that it is there.
 */
import type { Findings } from './problems.js';

/** One setting, and where it stands. */
export interface Entry {
  readonly key: string;
  readonly value: string;
  readonly line: number;
}

const systemProperty = 'zookeeper.';

/** The settings of a file by key. Of a key that is given twice the first counts; the second is an error. */
export function parseProperties(text: string, findings: Findings): Map<string, Entry> {
  const entries = new Map<string, Entry>();
  const lines = text.replace(/^\uFEFF/, '').split(/\r\n|\r|\n/);
  for (const [index, content] of lines.entries()) {
    const entry = parseLine(content.trim(), index + 1, findings);
    if (entry === null) continue;
    const first = entries.get(entry.key);
    if (first) findings.error(entry.line, `${entry.key} is given twice; the first time in line ${first.line}`);
    else entries.set(entry.key, entry);
  }
  return entries;
}

function parseLine(content: string, line: number, findings: Findings): Entry | null {
  if (content === '' || content.startsWith('#') || content.startsWith('!')) return null;
  if (content.endsWith('\\')) {
    findings.error(line, 'a line cannot be continued by a backslash; write the value on one line');
    return null;
  }
  const equals = content.indexOf('=');
  if (equals <= 0) {
    findings.error(line, `"${content}" is not a setting; a setting is key=value, a comment starts with #`);
    return null;
  }
  const name = content.slice(0, equals).trim();
  const key = name.startsWith(systemProperty) ? name.slice(systemProperty.length) : name;
  return { key, value: content.slice(equals + 1).trim(), line };
}

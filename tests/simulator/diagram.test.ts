/** The sequence diagram: one file that needs nothing else, with a row for each event. */
import { describe, expect, test } from '@jest/globals';
import { drawConfig, type TraceEvent } from '@synod/simulator';
import { renderDiagram } from '@synod/simulator/diagram';

const config = drawConfig('diagram', { voters: 2, observers: 1 });

let at = 0;
function event(node: string, kind: string, text: string, to?: string): TraceEvent {
  at += 1.5;
  return { at, event: Math.floor(at * 10), node, kind, text, ...(to === undefined ? {} : { to }) };
}

const trace = [
  event('s1', 'opened', 'up to 0:0: sound'),
  event('s1', 'role', 'info {"role":"leading","epoch":1}'),
  event('s2', 'role', 'info {"role":"following","epoch":1}'),
  event('c7', 'request', 'create /a<b>&"c"', 's2'),
  event('s1', 'propose', 'propose 1:7', 's2'),
  event('s2', 'ack', 'ack 1:7', 's1'),
  event('·', 'split', 's1>s2 s2>s1'),
  event('s2', 'killed', 'SIGKILL'),
  event('s2', 'answer', 'create /a<b>: ok at 0x7', 'c7'),
  event('·', 'VIOLATION', 'Z7: n1 calls 1:7 committed'),
];
const violations = [{ rule: 'Z7', text: 'n1 calls 1:7 committed' }];
const pictured = { seed: '0x<1>', config, violations, trace };

/** Whether each element is closed where it has to be; elements of HTML without content are known. */
function isBalanced(page: string): boolean {
  const open: string[] = [];
  const tags = page.replace(/<style>[^]*?<\/style>/g, '').matchAll(/<(\/?)([a-z0-9]+)((?:"[^"]*"|[^">])*?)(\/?)>/g);
  for (const [, end, name, , empty] of tags) {
    if (name === 'meta' || empty === '/') continue;
    if (end === '') open.push(name!);
    else if (open.pop() !== name) return false;
  }
  return open.length === 0;
}

describe('the diagram of a run', () => {
  const page = renderDiagram(pictured, 400);

  test('is well-formed, whatever the texts hold', () => {
    expect(isBalanced(page)).toBe(true);
    expect(page).toContain('/a&lt;b&gt;&amp;&quot;c&quot;');
    expect(page).not.toContain('0x<1>');
  });

  test('needs no other file and no script', () => {
    const addresses = [...page.matchAll(/https?:[^"]*/g)].map(([address]) => address);
    expect(new Set(addresses)).toEqual(new Set(['http://www.w3.org/2000/svg']));
    expect(page).not.toMatch(/<script|<link|@import|url\(| src=/);
  });

  test('has a row for each event and a lane for each server and each client', () => {
    expect(page.match(/<g>/g)).toHaveLength(trace.length);
    for (const head of ['s1 voter', 's2 voter', 's3 observer', 'c7']) expect(page).toContain(`>${head}</text>`);
    expect(page.match(/class="message"/g)).toHaveLength(2);
    expect(page.match(/class="message client"/g)).toHaveLength(2);
  });

  test('tells faults and the broken promise from the rest', () => {
    expect(page).toMatch(/class="fault over"[^>]*>split s1&gt;s2 s2&gt;s1</);
    expect(page).toMatch(/<text class="violation"[^>]*>Z7: n1 calls 1:7 committed</);
    expect(page).toContain('<p class="broken">Z7: n1 calls 1:7 committed</p>');
    expect(page).toContain('prefers-color-scheme: dark');
  });

  test('colours what servers were, also from before the first row that is shown', () => {
    const roles = (text: string): string[] =>
      [...text.matchAll(/<title>(s\d [a-z]+)<\/title>/g)].map(([, words]) => words!);
    expect(roles(page)).toEqual(['s1 looking', 's1 leading', 's2 following', 's2 down']);
    const end = renderDiagram(pictured, 2);
    expect(end.match(/<g>/g)).toHaveLength(2);
    expect(roles(end)).toEqual(['s1 leading', 's2 down']);
  });

  test('can be drawn of nothing', () => {
    expect(isBalanced(renderDiagram({ ...pictured, violations: [], trace: [] }, 400))).toBe(true);
  });
});

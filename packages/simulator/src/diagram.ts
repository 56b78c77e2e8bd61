/**
 * A run as a sequence diagram: one file of HTML with the drawing (SVG) inside, which needs neither network nor scripts.
 *
 * Time goes down, one row for each event: virtual time is written beside, not drawn to scale, for thousands of rows of
 * silence would lie between two rows that matter. A message is drawn where it was sent (of an answer to a client: where it
 * arrived); when it arrived elsewhere, the trace does not know.
 */
import { drawBands, drawLanes, lanesOf, type Lane } from './diagram-lanes.js';
import { drawRow } from './diagram-rows.js';
import { escape, LANE_WIDTH, MARGIN, ROW_HEIGHT, TIME_WIDTH } from './diagram-text.js';
import type { Violation } from './history.js';
import type { SwarmConfig } from './swarm.js';
import type { TraceEvent } from './trace.js';

/** What a diagram shows; a result of a run has it all. */
export interface Pictured {
  readonly seed: string;
  readonly config: SwarmConfig;
  readonly violations: readonly Violation[];
  readonly trace: readonly TraceEvent[];
}

/** Heights in pixels. */
const HEAD = 34;

/** The newest `last` events as a page. */
export function renderDiagram({ seed, config, violations, trace }: Pictured, last: number): string {
  const events = trace.slice(-last);
  const lanes = lanesOf(config, events);
  const before = trace.slice(0, trace.length - events.length);
  const width = TIME_WIDTH + lanes.length * LANE_WIDTH + MARGIN;
  const height = Math.max(events.length, 1) * ROW_HEIGHT + MARGIN;
  const [first] = violations;
  const outcome = first === undefined ? 'no promise was broken' : `${first.rule}: ${first.text}`;
  const { voters, observers, tier } = config;
  const words = `${voters} voters, ${observers} observers, tier ${tier}; the last ${events.length} events`;
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>Seed ${escape(seed)}</title>
<style>${style}</style>
</head>
<body>
<header>
<h1>Seed ${escape(seed)}</h1>
<p>${escape(words)}</p>
<p class="${first === undefined ? 'well' : 'broken'}">${escape(outcome)}</p>
${legend}
</header>
<div class="heads">${svg(width, HEAD, 'The lanes', drawHeads(lanes))}</div>
${svg(width, height, `Events of seed ${seed}`, [drawBands(lanes, before, events), drawLanes(lanes, height), ...events.map((event, row) => drawRow(event, row, lanes))].join('\n'))}
</body>
</html>
`;
}

function svg(width: number, height: number, title: string, content: string): string {
  return (
    `<svg xmlns="http://www.w3.org/2000/svg" role="img" width="${width}" height="${height}" ` +
    `viewBox="0 0 ${width} ${height}" aria-label="${escape(title)}">\n${content}\n</svg>`
  );
}

function drawHeads(lanes: readonly Lane[]): string {
  return lanes
    .map(({ x, title }) => `<text class="head" x="${x}" y="22" text-anchor="middle">${escape(title)}</text>`)
    .join('\n');
}

const roles = ['leading', 'following', 'observing', 'looking', 'down'] as const;

const legend = `<ul>
${roles.map((role) => `<li><span class="swatch ${role}"></span>${role}</li>`).join('\n')}
<li><span class="swatch fault"></span>fault</li>
<li><span class="swatch violation"></span>broken promise</li>
</ul>`;

const style = `
:root {
  color-scheme: light dark;
  --ground: #ffffff; --ink: #1d2129; --quiet: #667080; --line: #c9ced8; --row: #f4f6f9;
  --leading: #ffd68a; --following: #bfe3c6; --observing: #c6dcf5; --looking: #e3d4f2; --down: #d5d7db;
  --arrow: #2f5d9b; --client: #2d7d46; --fault: #b35a00; --broken: #c01c28; --stain: #fbdfe1;
}
@media (prefers-color-scheme: dark) {
  :root {
    --ground: #15181d; --ink: #e4e8ee; --quiet: #98a2b2; --line: #3c4452; --row: #1c2027;
    --leading: #6b4e12; --following: #1f4d2d; --observing: #1f3f63; --looking: #46305f; --down: #3a3d43;
    --arrow: #86b3ee; --client: #7fd197; --fault: #ffb066; --broken: #ff7b84; --stain: #4f1d22;
  }
}
body { margin: 0; background: var(--ground); color: var(--ink); font: 14px/1.4 system-ui, sans-serif; }
header { padding: 12px 16px 4px; max-width: 110ch; }
h1 { font-size: 18px; margin: 0; }
p { margin: 4px 0; overflow-wrap: anywhere; }
.broken { color: var(--broken); font-weight: 600; }
.well { color: var(--quiet); }
ul { list-style: none; display: flex; flex-wrap: wrap; gap: 4px 16px; padding: 0; margin: 8px 0; }
.swatch { display: inline-block; width: 12px; height: 12px; margin-right: 6px; border: 1px solid var(--line); }
span.fault { background: var(--fault); } span.violation { background: var(--broken); }
.leading { background: var(--leading); fill: var(--leading); } .following { background: var(--following); fill: var(--following); }
.observing { background: var(--observing); fill: var(--observing); } .looking { background: var(--looking); fill: var(--looking); }
.down { background: var(--down); fill: var(--down); }
.heads { position: sticky; top: 0; background: var(--ground); border-bottom: 1px solid var(--line); width: max-content; }
svg { display: block; font: 11px ui-monospace, monospace; fill: var(--ink); }
svg .head { font: 600 13px system-ui, sans-serif; }
.time { fill: var(--quiet); } .lane { stroke: var(--line); } .rule { stroke: var(--row); }
.message { stroke: var(--arrow); stroke-width: 1.3; } .tip { fill: var(--arrow); }
.message.client { stroke: var(--client); } .tip.client { fill: var(--client); }
.dot { fill: var(--ink); } text.fault { fill: var(--fault); } line.fault { stroke: var(--fault); stroke-dasharray: 4 3; }
text.violation { fill: var(--broken); font-weight: 700; } rect.violation { fill: var(--stain); stroke: var(--broken); }
text.over { paint-order: stroke; stroke: var(--ground); stroke-width: 3px; }
`;

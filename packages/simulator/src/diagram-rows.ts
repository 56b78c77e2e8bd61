/** One row of a diagram: a message as an arrow, a fault across all lanes, what happened at one node beside its lane. */
import type { Lane } from './diagram-lanes.js';
import { escape, LANE_WIDTH, MARGIN, ROW_HEIGHT, shorten, TIME_WIDTH } from './diagram-text.js';
import { formatEvent, type TraceEvent } from './trace.js';

/** Characters that fit into the width of a lane. */
const FIT = Math.floor((LANE_WIDTH - 24) / 6.7);

/** The row with that number. Pointing at it shows the whole line of the trace. */
export function drawRow(event: TraceEvent, row: number, lanes: readonly Lane[]): string {
  const y = (row + 0.5) * ROW_HEIGHT;
  const time = `${event.at.toFixed(3)} #${event.event}`;
  const parts = [
    `<title>${escape(formatEvent(event))}</title>`,
    `<line class="rule" x1="${TIME_WIDTH}" x2="${rightOf(lanes)}" y1="${y + ROW_HEIGHT / 2}" y2="${y + ROW_HEIGHT / 2}"/>`,
    `<text class="time" x="${TIME_WIDTH - 10}" y="${y + 4}" text-anchor="end">${time}</text>`,
    drawEvent(event, y, lanes),
  ];
  return `<g>${parts.join('')}</g>`;
}

function rightOf(lanes: readonly Lane[]): number {
  return TIME_WIDTH + lanes.length * LANE_WIDTH + MARGIN / 2;
}

function drawEvent(event: TraceEvent, y: number, lanes: readonly Lane[]): string {
  const [from, to] = [event.node, event.to].map((node) => lanes.find((lane) => lane.node === node));
  if (event.kind === 'VIOLATION') return drawViolation(event, y, lanes);
  if (from === undefined) return drawFault(event, y, lanes);
  return to === undefined || to === from ? drawNote(event, y, from, lanes) : drawMessage(event, y, from, to);
}

function drawViolation({ text }: TraceEvent, y: number, lanes: readonly Lane[]): string {
  const [x, width] = [TIME_WIDTH, rightOf(lanes) - TIME_WIDTH];
  return (
    `<rect class="violation" x="${x}" y="${y - ROW_HEIGHT / 2 + 1}" width="${width}" height="${ROW_HEIGHT - 2}"/>` +
    `<text class="violation" x="${x + 8}" y="${y + 4}">${escape(shorten(text, Math.floor(width / 6.9)))}</text>`
  );
}

function drawFault({ kind, text }: TraceEvent, y: number, lanes: readonly Lane[]): string {
  const right = rightOf(lanes);
  const words = shorten(`${kind} ${text}`.trimEnd(), Math.floor((right - TIME_WIDTH) / 6.7));
  return (
    `<line class="fault" x1="${TIME_WIDTH}" x2="${right}" y1="${y}" y2="${y}"/>` +
    `<text class="fault over" x="${TIME_WIDTH + 8}" y="${y + 4}">${escape(words)}</text>`
  );
}

/** What a server's log says, without the signs that only programs need. */
function plain(text: string): string {
  return text
    .replace(/^info /, '')
    .replace(/[{}"]/g, '')
    .replace(/,/g, ', ');
}

/** Something at one node; the last lane's words stand to its left, where there is room. */
function drawNote({ kind, text }: TraceEvent, y: number, { x }: Lane, lanes: readonly Lane[]): string {
  const isLast = lanes.at(-1)?.x === x && lanes.length > 1;
  const room = isLast ? Math.floor((x - TIME_WIDTH - 12) / 6.7) : 2 * FIT;
  const words = escape(shorten(`${kind} ${plain(text)}`.trimEnd(), Math.min(room, 2 * FIT)));
  const place = isLast ? `x="${x - 12}" text-anchor="end"` : `x="${x + 12}"`;
  return `<circle class="dot" cx="${x}" cy="${y}" r="3.5"/><text class="over" ${place} y="${y + 4}">${words}</text>`;
}

/** Messages whose direction says what they are. */
const spoken: readonly string[] = ['request', 'answer'];

/** The words stand over the arrow, at its tail. */
function drawMessage({ kind, text }: TraceEvent, y: number, from: Lane, to: Lane): string {
  const [way, side] = to.x > from.x ? [1, 'start'] : [-1, 'end'];
  const isClient = from.isServer && to.isServer ? '' : ' client';
  const tip = `${to.x},${y + 5} ${to.x - 7 * way},${y + 2} ${to.x - 7 * way},${y + 8}`;
  const room = FIT + Math.floor((Math.abs(to.x - from.x) - LANE_WIDTH) / 6.7);
  const words = spoken.includes(kind) || text.startsWith(kind) ? text : `${kind} ${text}`;
  return (
    `<line class="message${isClient}" x1="${from.x}" x2="${to.x}" y1="${y + 5}" y2="${y + 5}"/>` +
    `<polygon class="tip${isClient}" points="${tip}"/>` +
    `<text class="over" x="${from.x + 12 * way}" y="${y + 2}" text-anchor="${side}">${escape(shorten(words, room))}</text>`
  );
}

/** The lanes of a diagram, one for each server and each client, and what a server was from when to when. */
import { LANE_WIDTH, ROW_HEIGHT, TIME_WIDTH } from './diagram-text.js';
import { serverNode } from './server-links.js';
import type { SwarmConfig } from './swarm.js';
import type { TraceEvent } from './trace.js';

/** A line from top to bottom. */
export interface Lane {
  readonly node: string;
  readonly title: string;
  readonly isServer: boolean;
  /** Its middle, in pixels from the left. */
  readonly x: number;
}

/** All servers, and the clients that the events tell of. */
export function lanesOf({ voters, observers }: SwarmConfig, events: readonly TraceEvent[]): Lane[] {
  const servers = Array.from({ length: voters + observers }, (_, index) => serverNode(index + 1));
  const clients = new Set<string>();
  for (const { node, to } of events) {
    for (const name of [node, to ?? '']) if (/^c\d+$/.test(name)) clients.add(name);
  }
  const inOrder = [...clients].sort((a, b) => Number(a.slice(1)) - Number(b.slice(1)));
  return [...servers, ...inOrder].map((node, index) => {
    const isServer = index < servers.length;
    const title = isServer ? `${node} ${index < voters ? 'voter' : 'observer'}` : node;
    return { node, title, isServer, x: TIME_WIDTH + (index + 0.5) * LANE_WIDTH };
  });
}

/** The lines themselves. */
export function drawLanes(lanes: readonly Lane[], height: number): string {
  return lanes.map(({ x }) => `<line class="lane" x1="${x}" x2="${x}" y1="0" y2="${height}"/>`).join('\n');
}

/** What a server is: its role as it told it, or down. */
const endings: readonly string[] = ['killed', 'power', 'stopped', 'fatal', 'not-started'];

/** The role after an event of a server; null where the event changes none. */
function roleAfter({ kind, text }: TraceEvent): string | null {
  if (endings.includes(kind)) return 'down';
  if (kind === 'opened') return 'looking';
  if (kind !== 'role') return null;
  return /"role":"([a-z]+)"/.exec(text)?.[1] ?? null;
}

/** Behind each server's lane, the colours of what it was; events before those that are shown say how it begins. */
export function drawBands(
  lanes: readonly Lane[],
  before: readonly TraceEvent[],
  events: readonly TraceEvent[],
): string {
  return lanes
    .filter(({ isServer }) => isServer)
    .flatMap((lane) => {
      const bands: string[] = [];
      let role = before.reduce<string | null>(
        (last, event) => (event.node === lane.node ? (roleAfter(event) ?? last) : last),
        null,
      );
      let from = 0;
      const end = (to: number): void => {
        if (role !== null && to > from) bands.push(band(lane, role, from, to));
        from = to;
      };
      events.forEach((event, row) => {
        const next = event.node === lane.node ? roleAfter(event) : null;
        if (next === null || next === role) return;
        end(row + 0.5);
        role = next;
      });
      end(events.length);
      return bands;
    })
    .join('\n');
}

function band({ x, node }: Lane, role: string, from: number, to: number): string {
  const [y, height] = [from * ROW_HEIGHT, (to - from) * ROW_HEIGHT];
  const title = `<title>${node} ${role}</title>`;
  return `<rect class="${role}" x="${x - 9}" y="${y}" width="18" height="${height}">${title}</rect>`;
}

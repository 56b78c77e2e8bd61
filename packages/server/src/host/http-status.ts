/**
 * What the client port answers to plain HTTP: `/health` for load balancers and process supervisors, `/status` for people
 * and monitoring. Both may be read by whoever reaches the port, so neither shows data, secrets or who is connected.
 */
import { STATUS_CODES, type IncomingMessage, type ServerResponse } from 'node:http';

/** Whether this server serves clients, what it is in the ensemble, and why, in words. */
export interface Health {
  readonly serving: boolean;
  readonly role: string;
  readonly detail: string;
}

/** Where the answers come from. */
export interface StatusSource {
  health(): Health;
  /** Anything that JSON can carry. */
  status(): unknown;
}

const HEADERS = {
  'Content-Type': 'application/json; charset=utf-8',
  'Cache-Control': 'no-store',
  'X-Content-Type-Options': 'nosniff',
  Connection: 'close',
} as const;

/** Answers one request that is no WebSocket upgrade and ends the connection. */
export function answerHttp(request: IncomingMessage, response: ServerResponse, source: StatusSource): void {
  const path = pathOf(request);
  if (path !== '/health' && path !== '/status') {
    reply(request, response, 404, { error: 'no such page; there are /health and /status' });
  } else if (request.method !== 'GET' && request.method !== 'HEAD') {
    response.setHeader('Allow', 'GET, HEAD');
    reply(request, response, 405, { error: `${path} can only be read` });
  } else if (path === '/status') {
    reply(request, response, 200, source.status());
  } else {
    const health = source.health();
    reply(request, response, health.serving ? 200 : 503, health);
  }
}

/** Answers with JSON and ends the connection. */
export function reply(request: IncomingMessage, response: ServerResponse, status: number, body: unknown): void {
  const text = `${JSON.stringify(body)}\n`;
  response.writeHead(status, { ...HEADERS, 'Content-Length': Buffer.byteLength(text) });
  response.end(request.method === 'HEAD' ? undefined : text);
}

/** A whole answer as text, for a connection that HTTP has let go of. */
export function refusalText(status: number, error: string): string {
  const body = `${JSON.stringify({ error })}\n`;
  const headers = Object.entries({ ...HEADERS, 'Content-Length': Buffer.byteLength(body) });
  const lines = headers.map(([name, value]) => `${name}: ${value}\r\n`).join('');
  return `HTTP/1.1 ${status} ${STATUS_CODES[status]}\r\n${lines}\r\n${body}`;
}

/** The path of a request without its query. */
export function pathOf(request: IncomingMessage): string {
  return request.url?.split('?', 1)[0] ?? '';
}

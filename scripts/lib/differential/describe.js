/** A difference in words and bytes, and a program as a list: for whoever has to find the cause. */
import { JuteReader, ZooKeeperOp, connectResponse } from '@synod/zookeeper';
import { readFrame, recordOf, repliesTo } from './frames.js';
import { requestsOf, typeOf, xidOf } from './program.js';
import { isEvent } from './wire.js';

/** @typedef {import('./program.js').Request} Request */
/** @typedef {import('./player.js').Entry} Entry */

/** Bytes of a frame that are shown. */
const shown = 400;

/** @type {ReadonlyMap<number, string>} */
const names = new Map([...Object.entries(ZooKeeperOp).map(([name, type]) => /** @type {const} */ ([type, name]))]);

/** The name of an operation. @param {number | undefined} type */
export function nameOf(type) {
  if (type === undefined) return 'no header';
  return names.get(type) ?? `operation ${type}`;
}

/** @param {import('./compare.js').Difference} found @param {readonly [string, string]} sides */
export function describeDifference({ index, request, reason, left, right }, sides) {
  const step = (left ?? right)?.step;
  const lines = [`step ${index}${step ? ` (${describeStep(step)})` : ''}: ${reason}`];
  if (request) lines.push(`  request ${describeRequest(request)}`);
  for (const [at, entry] of [left, right].entries()) {
    lines.push(`  ${sides[at] ?? ''}: ${entry?.state ?? 'no such step'}`);
    if (entry) lines.push(...answers(entry, request).map((line) => `    ${line}`));
  }
  return lines.join('\n');
}

/** What came, or only the reply to one request. @param {Entry} entry @param {Request | null} request */
function answers({ step, frames }, request) {
  const requests = requestsOf(step);
  const [first, ...rest] = frames;
  const behind = step.kind === 'connect' ? rest : frames;
  if (request) {
    const reply = repliesTo(requests, behind)[requests.indexOf(request)];
    return reply ? [describeFrame(reply, typeOf(request)), hex(reply)] : ['no reply'];
  }
  const welcome = step.kind === 'connect' && first ? [text(connectResponse.read(new JuteReader(first)))] : [];
  return [...welcome, ...behind.filter(isEvent).map((frame) => describeFrame(frame))];
}

/** @param {Buffer} frame @param {number} [type] */
function describeFrame(frame, type) {
  const { kind, header, body, rest } = readFrame(frame, type);
  return `${kind} ${text(header)} ${text(body)}${rest > 0 ? ` and ${rest} bytes` : ''}`;
}

/** @param {Request} request */
function describeRequest(request) {
  const record = recordOf(request);
  const what = record ? text({ ...record, type: undefined }) : 'that cannot be read';
  const more = [
    request.length === undefined ? '' : ` length ${request.length}`,
    request.zxid ? ` zxid ${text(request.zxid)}` : '',
  ];
  return `${nameOf(typeOf(request))} xid ${xidOf(request) ?? '?'} ${what}${more.join('')}  ${hex(request.frame)}`;
}

/** @param {import('./program.js').Step} step */
function describeStep(step) {
  if (step.kind === 'connect') {
    const { session, label, passwd, lastZxid, timeOut, readOnly, cut } = step;
    return `connection ${step.on}: connect ${text({ session, label, passwd, lastZxid, timeOut, readOnly, cut })}`;
  }
  return `connection ${step.on}: ${step.kind}${step.kind === 'send' ? ` until ${step.until}, ${step.pieces} pieces` : ''}`;
}

/** @param {import('./program.js').Program} program */
export function describeProgram({ name, root, steps }) {
  const lines = steps.flatMap((step) => [
    describeStep(step),
    ...requestsOf(step).map((one) => `  ${describeRequest(one)}`),
  ]);
  return [`sequence ${name} below ${root}`, ...lines].join('\n');
}

/** @param {Uint8Array} bytes */
function hex(bytes) {
  const all = Buffer.from(bytes).toString('hex');
  return all.length > shown ? `${all.slice(0, shown)}… (${bytes.length} bytes)` : all;
}

/** @param {unknown} value */
function text(value) {
  const all = JSON.stringify(value, (_key, /** @type {unknown} */ part) => {
    if (typeof part === 'bigint') return String(part);
    if (part instanceof Uint8Array) return `0x${Buffer.from(part).toString('hex')}`;
    // A Buffer says itself how it is to be written.
    if (typeof part === 'object' && part && 'type' in part && part.type === 'Buffer' && 'data' in part) {
      return `0x${Buffer.from(/** @type {number[]} */ (part.data)).toString('hex')}`;
    }
    return part;
  });
  return all.length > shown ? `${all.slice(0, shown)}…` : all;
}

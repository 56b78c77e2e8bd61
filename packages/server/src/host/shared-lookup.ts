/**
 * Name resolution that cannot pile up. Node resolves names in a pool of four threads, and a dead name server holds a
 * thread for many seconds: a peer that is dialled twice a second by name would soon hold all of them and with them every
 * other peer. Here a name is asked for once at a time, and everybody who wants it meanwhile waits for the same answer.
 */
import { lookup, type LookupAddress } from 'node:dns';
import type { LookupFunction } from 'node:net';

type Answer = (error: NodeJS.ErrnoException | null, addresses: LookupAddress[]) => void;

/** Asks for all addresses of a name; node:dns, or what a test puts in its place. */
export type Resolver = (name: string, answer: Answer) => void;

const systemResolver: Resolver = (name, answer) => lookup(name, { all: true, order: 'verbatim' }, answer);

/** A lookup function for `net.connect` with at most one question per name on its way. */
export function sharedLookup(resolve: Resolver = systemResolver): LookupFunction {
  const waiting = new Map<string, Answer[]>();
  return (name, options, callback) => {
    const answer: Answer = (error, addresses) => {
      // The system calls back without addresses where there is an error, whatever the types say.
      const first = error ? undefined : addresses[0];
      if (!first) callback(error ?? new Error(`${name} has no address`), '');
      else if (options.all) callback(null, addresses);
      else callback(null, first.address, first.family);
    };
    const others = waiting.get(name);
    if (others) {
      others.push(answer);
      return;
    }
    waiting.set(name, [answer]);
    resolve(name, (error, addresses) => {
      const all = waiting.get(name) ?? [];
      waiting.delete(name);
      for (const each of all) each(error, addresses);
    });
  };
}

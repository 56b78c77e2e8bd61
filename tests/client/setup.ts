/** What tests of the client over real WebSockets share: three servers, clients that are gone afterwards, waiting. */
import { once } from 'node:events';
import { afterEach, beforeEach } from '@jest/globals';
import { connect, type Client, type ConnectOptions, type SynodError, type WatchEvent } from '@synod/client';
import { FakeEnsemble } from './fake-ensemble.js';

export let ensemble: FakeEnsemble;
let clients: Client[] = [];

beforeEach(async () => {
  ensemble = await FakeEnsemble.start(3);
  clients = [];
});

afterEach(async () => {
  for (const server of ensemble.servers) server.behaviour = {};
  for (const client of clients) client.kill();
  await ensemble.stop();
});

export async function open(options: ConnectOptions = {}, suffix = ''): Promise<Client> {
  const client = await connect(ensemble.connectString + suffix, options);
  clients.push(client);
  return client;
}

/** The next state of a client that is one of these. */
export async function state(client: Client, ...wanted: string[]): Promise<string> {
  while (!wanted.includes(client.state)) await once(client, 'state');
  return client.state;
}

export async function failure(promise: Promise<unknown>): Promise<SynodError> {
  try {
    await promise;
  } catch (error) {
    return error as SynodError;
  }
  throw new Error('it did not fail');
}

/** A listener and the events it heard; `next` waits for one more. */
export function listener(): {
  hear: (event: WatchEvent) => void;
  heard: WatchEvent[];
  next: () => Promise<WatchEvent>;
} {
  const heard: WatchEvent[] = [];
  let wake: ((event: WatchEvent) => void) | undefined;
  let read = 0;
  return {
    heard,
    hear: (event) => {
      heard.push(event);
      wake?.(event);
    },
    next: async () => {
      if (heard.length === read) await new Promise((resolve) => (wake = resolve));
      wake = undefined;
      return heard[read++]!;
    },
  };
}

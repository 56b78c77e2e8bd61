/** The real machine under a host: Node's clocks, timers, sockets, threads and files. */
import { randomBytes, randomInt } from 'node:crypto';
import { openStorage } from '@synod/storage';
import { Replica } from '../replica/replica.js';
import { ClientDoor } from './client-door.js';
import { PeerLinks } from './peer-links.js';
import type { HostWorld } from './world.js';

export const nodeWorld: HostWorld = {
  now: () => performance.now(),
  wall: () => Date.now(),
  soon: (action) => void setImmediate(action),
  every: (ms, action) => {
    const timer = setInterval(action, ms);
    return () => clearInterval(timer);
  },
  after: (ms, action) => {
    const timer = setTimeout(action, ms);
    return () => clearTimeout(timer);
  },
  randomBytes,
  randomInt: (below) => randomInt(below),
  openStorage: (options) => openStorage(options),
  openClientDoor: (options) => new ClientDoor(options),
  openPeerLinks: (options) => new PeerLinks(options),
  makeReplica: (options, start) => new Replica(options, start),
};

/**
 * What a host needs of the machine it runs on: clocks, chance, storage, ports. A port, so that a simulator can run hosts
 * under virtual time; node-world.ts is the real one.
 */
import type { Storage, StorageOptions } from '@synod/storage';
import type { ReplicaOptions } from '../replica/options.js';
import type { Replica, ReplicaStart } from '../replica/replica.js';
import type { ClientDoorOptions } from './client-door.js';
import type { PeerLinksOptions } from './peer-links.js';

/** Calls a timer off; harmless when it is over. */
export type Cancel = () => void;

/** The client port; see client-door.ts for what its callbacks promise. */
export interface Door {
  start(): Promise<void>;
  address(): { port: number };
  close(): Promise<void>;
}

/** The links to the other servers; see peer-links.ts. */
export interface Links {
  start(): Promise<void>;
  isUp(peer: number): boolean;
  /** A frame that must not be changed any more; nothing happens where the link is down. */
  send(peer: number, bytes: Uint8Array): void;
  close(): Promise<void>;
}

/** The machine. Times in milliseconds. No callback comes from within a call. */
export interface HostWorld {
  /** A clock that nobody sets. */
  now(): number;
  /** Since 1970. */
  wall(): number;
  /** At the end of the present turn of the event loop. */
  soon(action: () => void): void;
  every(ms: number, action: () => void): Cancel;
  after(ms: number, action: () => void): Cancel;
  randomBytes(length: number): Uint8Array;
  /** From 0 up to, not including, `below`. */
  randomInt(below: number): number;
  openStorage(options: StorageOptions): Promise<Storage>;
  openClientDoor(options: ClientDoorOptions): Door;
  openPeerLinks(options: PeerLinksOptions): Links;
  /** The machine that the host drives. */
  makeReplica(options: ReplicaOptions, start: ReplicaStart): Replica;
}

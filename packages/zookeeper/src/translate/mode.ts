/**
 * The flags of a create to its mode. ZooKeeper has four operations that create, each for some of the flags; what does not
 * belong together is refused before anything is written down, though ZooKeeper lets some of it pass.
 */
import { CreateMode } from '@synod/protocol';
import { ZooKeeperOp } from '../op.js';

type CreateOp =
  | typeof ZooKeeperOp.create
  | typeof ZooKeeperOp.create2
  | typeof ZooKeeperOp.createContainer
  | typeof ZooKeeperOp.createTtl;

const plain: readonly CreateMode[] = [
  CreateMode.persistent,
  CreateMode.ephemeral,
  CreateMode.persistentSequential,
  CreateMode.ephemeralSequential,
];

const allowed: Readonly<Record<CreateOp, readonly CreateMode[]>> = {
  [ZooKeeperOp.create]: plain,
  [ZooKeeperOp.create2]: plain,
  [ZooKeeperOp.createContainer]: [CreateMode.container],
  [ZooKeeperOp.createTtl]: [CreateMode.ttl, CreateMode.ttlSequential],
};

/** The mode that flags mean to an operation; undefined where they mean none. ZooKeeper's numbers are Synod's. */
export function modeOf(type: CreateOp, flags: number): CreateMode | undefined {
  return allowed[type].find((mode) => mode === flags);
}

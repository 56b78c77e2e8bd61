import { ZooKeeperOp } from '../op.js';

/** The handshake among the operations. */
const CREATE_SESSION = -10;

const codes = new Map<number, string>([
  [CREATE_SESSION, 'SESS'],
  [ZooKeeperOp.ping, 'PING'],
  [ZooKeeperOp.create, 'CREA'],
  [ZooKeeperOp.create2, 'CREA'],
  [ZooKeeperOp.createContainer, 'CREA'],
  [ZooKeeperOp.createTtl, 'CREA'],
  [ZooKeeperOp.delete, 'DELE'],
  [ZooKeeperOp.exists, 'EXIS'],
  [ZooKeeperOp.getData, 'GETD'],
  [ZooKeeperOp.setData, 'SETD'],
  [ZooKeeperOp.getAcl, 'GETA'],
  [ZooKeeperOp.setAcl, 'SETA'],
  [ZooKeeperOp.getChildren, 'GETC'],
  [ZooKeeperOp.getChildren2, 'GETC'],
  [ZooKeeperOp.sync, 'SYNC'],
  [ZooKeeperOp.check, 'CHEC'],
  [ZooKeeperOp.multi, 'MULT'],
  [ZooKeeperOp.multiRead, 'MLTR'],
  [ZooKeeperOp.closeSession, 'CLOS'],
  [ZooKeeperOp.setWatches, 'SETW'],
  [ZooKeeperOp.setWatches2, 'STW2'],
  [ZooKeeperOp.addWatch, 'ADDW'],
  [ZooKeeperOp.checkWatches, 'CHKW'],
  [ZooKeeperOp.removeWatches, 'REMW'],
  [ZooKeeperOp.getEphemerals, 'GETE'],
  [ZooKeeperOp.getAllChildrenNumber, 'GETACN'],
  [ZooKeeperOp.whoAmI, 'HOMI'],
  [ZooKeeperOp.reconfig, 'RECO'],
  [ZooKeeperOp.auth, 'AUTH'],
  [ZooKeeperOp.sasl, 'SASL'],
]);

/** The short name of an operation in `cons`; `NA` where there was none, or one that does not exist. */
export function operationCode(op: number | undefined): string {
  return (op === undefined ? undefined : codes.get(op)) ?? 'NA';
}

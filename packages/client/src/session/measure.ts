/**
 * How much room a request takes in a frame, without encoding it: an upper bound in bytes and a count of MessagePack
 * values. Frames are filled by these, so that none is refused for its size.
 */
import { Op, type Acl, type MultiOperation, type Request } from '@synod/protocol';

/** Numbers and tags around the contents of one message or operation, rounded up. */
const OVERHEAD = 64;
const VALUES = 12;

/** At most so many bytes: a UTF-16 unit takes at most three bytes in UTF-8. */
export function bytesOf(r: Request | MultiOperation): number {
  switch (r.op) {
    case Op.create:
      return OVERHEAD + text(r.path) + (r.data === null ? 1 : r.data.length) + aclBytes(r.acl);
    case Op.setData:
      return OVERHEAD + text(r.path) + (r.data === null ? 1 : r.data.length);
    case Op.setAcl:
      return OVERHEAD + text(r.path) + aclBytes(r.acl);
    case Op.multi:
    case Op.multiRead:
      return r.operations.reduce((sum, operation) => sum + bytesOf(operation), OVERHEAD);
    case Op.addAuth:
      return OVERHEAD + text(r.scheme) + r.credentials.length;
    case Op.getEphemerals:
      return OVERHEAD + text(r.prefix);
    case Op.setWatches:
      return [r.data, r.exists, r.children, r.persistent, r.recursive]
        .flat()
        .reduce((sum, p) => sum + text(p), OVERHEAD);
    case Op.ping:
    case Op.whoAmI:
    case Op.closeSession:
      return OVERHEAD;
    default:
      return OVERHEAD + text(r.path);
  }
}

/** At most so many values. */
export function valuesOf(r: Request | MultiOperation): number {
  switch (r.op) {
    case Op.create:
    case Op.setAcl:
      return VALUES + 4 * r.acl.length;
    case Op.multi:
    case Op.multiRead:
      return r.operations.reduce((sum, operation) => sum + valuesOf(operation), VALUES);
    case Op.setWatches:
      return VALUES + r.data.length + r.exists.length + r.children.length + r.persistent.length + r.recursive.length;
    default:
      return VALUES;
  }
}

/** At most so many bytes of a string with its length. */
export function text(value: string): number {
  return 5 + 3 * value.length;
}

function aclBytes(acl: Acl): number {
  return acl.reduce((sum, entry) => sum + 16 + text(entry.scheme) + text(entry.id), 0);
}

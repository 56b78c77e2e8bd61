import { fromBinaryString } from '@synod/protocol';
import { CONFIG_PATH } from '../builtin.js';
import type { ConfigureChange } from '../txn.js';
import type { Scene } from './scene.js';

/** Writes the list of servers into `/zookeeper/config`. */
export interface ConfigureRequest {
  readonly op: 'configure';
  /** Lines as ZooKeeper has them, in ASCII, without the one for the version; empty for a server that stands alone. */
  readonly servers: string;
}

/** The text: the lines, and the zxid of this transaction as their version. */
export function prepareConfigure(scene: Scene, request: ConfigureRequest): ConfigureChange {
  const { view, context } = scene;
  const data = fromBinaryString(configText(request.servers, context.zxid));
  view.put(CONFIG_PATH, { ...view.node(CONFIG_PATH)!, version: -1, bytes: data.length });
  return { type: 'configure', data };
}

/** What `/zookeeper/config` holds for these servers since that zxid; no servers, no text. */
export function configText(servers: string, zxid: number): string {
  return servers === '' ? '' : `${servers}\nversion=${zxid.toString(16)}`;
}

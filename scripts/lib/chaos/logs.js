/** The logs of servers that are stopped, decoded: what all checkers compare the history with. */
import { join } from 'node:path';
import { LogFile } from '@synod/storage/log-file';
import { configure } from '@synod/storage/sql';
import { openSqlite } from '@synod/storage/sqlite';
import { decodeTxn } from '@synod/tree';

/**
 * @typedef {import('@synod/simulator/history').LogEntry} LogEntry
 *
 * @typedef {object} ServerLog
 * @property {number} server
 * @property {number} base the zxid that the first entry stands behind
 * @property {readonly LogEntry[]} entries
 */

/**
 * Reads a log; its chain is verified. Throws where it is damaged.
 *
 * @param {number} server
 * @param {string} dataDir
 * @param {number} upTo what lies behind this zxid was never committed
 * @returns {ServerLog}
 */
export function readLog(server, dataDir, upTo) {
  const sql = openSqlite(join(dataDir, 'log.db'), false);
  try {
    configure(sql);
    const log = LogFile.open(sql);
    if (log.broken !== null) throw new Error(`the log of server ${server} is damaged: ${log.broken}`);
    const { base } = log.history;
    /** @type {LogEntry[]} */
    const entries = [];
    for (const { zxid, chain, body } of log.walk(base)) {
      if (zxid > upTo) break;
      entries.push({ zxid, chain, txn: decodeTxn(body) });
    }
    return { server, base: base.zxid, entries };
  } finally {
    sql.close();
  }
}

/** better-sqlite3 behind {@link Sql}: the only file that knows the driver. */
import Database from 'better-sqlite3';
import type { Sql, SqlStatement, SqlValue } from './sql.js';

/**
 * Opens a database file. Throws what the driver throws; `create` false refuses a file that does not exist
 * (SQLITE_CANTOPEN). Waits for no lock of others.
 */
export function openSqlite(path: string, create: boolean): Sql {
  const database = new Database(path, { fileMustExist: !create, timeout: 0 });
  return {
    exec: (sql) => void database.exec(sql),
    prepare: (sql) => wrap(database.prepare<SqlValue[], SqlValue[]>(sql)),
    close: () => void database.close(),
  };
}

function wrap(statement: Database.Statement<SqlValue[], SqlValue[]>): SqlStatement {
  if (statement.reader) statement.raw(true);
  return {
    run: (...values) => statement.run(...values).changes,
    get: (...values) => statement.get(...values),
    iterate: (...values) => statement.iterate(...values),
  };
}

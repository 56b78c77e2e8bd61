/**
 * The file `damaged`: damage that was found while the storage was in use (a row that does not match its checksum while
 * the state is loaded or sent, a broken record, a page SQLite cannot read). It outlives the process, and the next start
 * repairs what it names.
 */
import type { Disk } from './disk.js';
import { names } from './files.js';

/** What the note says. */
export interface Note {
  /** Name of the damaged database; '' where the note is unreadable and may mean any. */
  readonly file: string;
  readonly reason: string;
}

/** Leaves the note, durably. An earlier note stands: what came later may be its consequence. */
export function writeNote(disk: Disk, note: Note): void {
  if (!disk.exists(names.note)) disk.replaceText(names.note, `${note.file}: ${note.reason}\n`);
}

/** The note, null where there is none. */
export function readNote(disk: Disk): Note | null {
  const text = disk.readText(names.note);
  if (text === null) return null;
  const match = /^(log\.db|state-[0-9]+\.db): (.*)$/m.exec(text);
  if (match === null) return { file: '', reason: 'damage was found while running (its description is unreadable)' };
  return { file: match[1]!, reason: match[2]! };
}

/** True where the note, if there is one, speaks of that file. */
export function speaksOf(note: Note | null, file: string): note is Note {
  return note !== null && (note.file === file || note.file === '');
}

/** The damage has been dealt with. */
export function removeNote(disk: Disk): void {
  if (!disk.exists(names.note)) return;
  disk.remove(names.note);
  disk.syncNames();
}

/**
 * The names of a directory: what a process sees, and what is left of it when the power fails. Changes of names become
 * durable together with {@link NameTable.sync}; until then a crash keeps the first few of them, as the journal of a file
 * system does.
 */
import type { Random } from '../random.js';

interface Change<T> {
  readonly name: string;
  /** Null removes the name. */
  readonly file: T | null;
  /** The name it had before, which goes in the same step. */
  readonly from: string | null;
}

/** Names and the files behind them; a file may have several. */
export class NameTable<T> {
  #seen: Map<string, T>;
  #durable: Map<string, T>;
  #pending: Change<T>[] = [];

  constructor(durable: ReadonlyMap<string, T> = new Map()) {
    this.#durable = new Map(durable);
    this.#seen = new Map(durable);
  }

  /** The names as processes see them. */
  get seen(): ReadonlyMap<string, T> {
    return this.#seen;
  }

  /** The names of which it is certain that they outlive a crash. */
  get durable(): ReadonlyMap<string, T> {
    return this.#durable;
  }

  /** All files that have a name, or may have one after a crash. */
  files(): Set<T> {
    const files = new Set([...this.#seen.values(), ...this.#durable.values()]);
    for (const { file } of this.#pending) if (file !== null) files.add(file);
    return files;
  }

  get(name: string): T | undefined {
    return this.#seen.get(name);
  }

  /** Gives a file a name, over whatever has it. */
  put(name: string, file: T): void {
    this.#change({ name, file, from: null });
  }

  /** Moves a name, over whatever has the new one. False where there is no such file. */
  rename(from: string, to: string): boolean {
    const file = this.#seen.get(from);
    if (file === undefined) return false;
    if (from !== to) this.#change({ name: to, file, from });
    return true;
  }

  remove(name: string): void {
    if (this.#seen.has(name)) this.#change({ name, file: null, from: null });
  }

  /** Everything up to here outlives a crash. */
  sync(): void {
    if (this.#pending.length === 0) return;
    for (const change of this.#pending) carryOut(this.#durable, change);
    this.#pending = [];
  }

  /** A crash: the first few changes since the last sync stay. */
  crash(random: Random): void {
    const kept = this.#pending.length === 0 ? 0 : random.int(0, this.#pending.length);
    for (const change of this.#pending.slice(0, kept)) carryOut(this.#durable, change);
    this.#pending = [];
    this.#seen = new Map(this.#durable);
  }

  #change(change: Change<T>): void {
    carryOut(this.#seen, change);
    this.#pending.push(change);
  }
}

function carryOut<T>(names: Map<string, T>, { name, file, from }: Change<T>): void {
  if (from !== null) names.delete(from);
  if (file === null) names.delete(name);
  else names.set(name, file);
}

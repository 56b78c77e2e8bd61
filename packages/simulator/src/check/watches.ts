/**
 * Watches: what they must tell, when, and how often (C9: before the data; C10: exactly). What a watch is due to tell
 * follows from the log alone; watch-once.ts and watch-lasting.ts compare. Every watch has a listener of its own.
 */
import { Permission } from '@synod/protocol';
import type { EventRecord, Violation, WatchKind } from '../history.js';
import { describe, describeChange } from './describe.js';
import type { Identities } from './identities.js';
import type { Material, Seen } from './material.js';
import { allows, isPublic } from './reference/access.js';
import type { Change } from './reference/state.js';
import { WatchChanges, type Due } from './watch-changes.js';
import { checkLasting } from './watch-lasting.js';
import { checkOnce } from './watch-once.js';
import { Around, firstBehind, isArmed, watchedBy, type Sight, type Watch, type Wrong } from './watch.js';

export function checkWatches(material: Material, identities: Identities, changes: readonly Change[]): Violation[] {
  const watched = material.history.ops.flatMap((op) => watchedBy(op) ?? []);
  const index = new WatchChanges(changes, watched);
  return material.seen.flatMap((seen) => checkSeen(seen, material, identities, index));
}

function checkSeen(seen: Seen, material: Material, identities: Identities, index: WatchChanges): Violation[] {
  const armed = seen.ops.filter(isArmed);
  if (armed.length === 0 && seen.events.length === 0) return [];
  const violations: Violation[] = [];
  const byWatch = new Map<number, EventRecord[]>();
  for (const event of seen.events) {
    const list = byWatch.get(event.watch);
    if (list) list.push(event);
    else byWatch.set(event.watch, [event]);
  }
  const around = new Around(seen);
  const watches: Watch[] = [];
  const unheard = new Set<string>();
  const all = identities.all(seen);
  for (const op of armed) {
    const watched = watchedBy(op)!;
    const events = byWatch.get(op.watch!.id) ?? [];
    byWatch.delete(op.watch!.id);
    const own = identities.of(op);
    const sight = ({ acl }: Due): Sight => {
      const everybody = material.options.skipAcl || isPublic(acl, Permission.READ);
      if (everybody || allows(acl, own, Permission.READ)) return 'yes';
      return allows(acl, all, Permission.READ) ? 'perhaps' : 'no';
    };
    const due = index.of(watched);
    const first = due[firstBehind(due, op.zxid)];
    if (!isLasting(watched.kind) && first && sight(first) !== 'yes') unheard.add(watched.path);
    watches.push({ op, due, events, around, removal: around.removalOf(watched, op), sight, unheard });
  }
  for (const watch of watches) {
    const { op } = watch;
    const wrong = checkOne(watch);
    if (wrong) violations.push({ rule: wrong.rule, text: `watch by ${describe(op)}: ${wrong.text}` });
  }
  for (const [event] of byWatch.values()) {
    const text = `${seen.client} was told ${describeChange(event)} by a watch that was never armed`;
    violations.push({ rule: 'C10', text });
  }
  return violations;
}

function checkOne(watch: Watch): Wrong | null {
  const { op, events, removal } = watch;
  const early = events.find(({ seq }) => seq < op.seq);
  if (early) return { rule: 'C10', text: `told ${describeChange(early)} before it was armed` };
  const late = removal && events.find(({ seq }) => seq > removal.seq);
  if (late) return { rule: 'C10', text: `told ${describeChange(late)} after it was removed` };
  return isLasting(op.watch!.kind) ? checkLasting(watch) : checkOnce(watch);
}

function isLasting(kind: WatchKind): boolean {
  return kind === 'persistent' || kind === 'recursive';
}

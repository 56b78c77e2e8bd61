/** Who a session was for each of its requests: the identities that it had added before. */
import { Op, type Identity } from '@synod/protocol';
import type { OpRecord } from '../history.js';
import type { Material, Seen } from './material.js';
import { digestIdentity } from './reference/access.js';

interface Added {
  readonly seq: number;
  /** False where the request was never answered: then it may have counted for what was sent behind it, or not. */
  readonly certain: boolean;
  /** All that were added up to this one. */
  readonly identities: readonly Identity[];
}

const nobody: Added = { seq: 0, certain: true, identities: [] };

export class Identities {
  readonly #added = new Map<string, readonly Added[]>();

  constructor({ seen }: Material) {
    for (const one of seen) {
      const added = addedBy(one);
      if (added.length > 0) this.#added.set(`${one.session} ${one.client}`, added);
    }
  }

  /** Those that certainly count for a request. */
  of(op: Pick<OpRecord, 'session' | 'client' | 'seq'>): readonly Identity[] {
    return this.possible(op)[0]!;
  }

  /** Those that may count for a request: the first are certain, each further one is more. */
  possible({ session, client, seq }: Pick<OpRecord, 'session' | 'client' | 'seq'>): (readonly Identity[])[] {
    const before = (this.#added.get(`${session} ${client}`) ?? []).filter((one) => one.seq < seq);
    const certain = before.findLastIndex((one) => one.certain);
    return [before[certain] ?? nobody, ...before.slice(certain + 1)].map(({ identities }) => identities);
  }

  /** Those that a client had in the end. */
  all({ session, client }: Seen): readonly Identity[] {
    return (this.#added.get(`${session} ${client}`)?.at(-1) ?? nobody).identities;
  }
}

function addedBy({ ops }: Seen): Added[] {
  const added: Added[] = [];
  let identities: readonly Identity[] = [];
  for (const { request, outcome, zxid, seq } of ops) {
    if (request.op !== Op.addAuth || (outcome !== 'ok' && zxid > 0)) continue;
    const identity = digestIdentity(request.credentials);
    if (!identities.some(({ id }) => id === identity.id)) identities = [...identities, identity];
    added.push({ seq, certain: zxid > 0, identities });
  }
  return added;
}

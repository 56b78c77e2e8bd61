/**
 * The table of the session: which phase follows which when something happens. It is total, and every change of phase
 * goes through it; SESSION.md explains each cell. What else happens with a change (who is told, what is sent) is the
 * session's.
 */
import type { Phase } from './state.js';

/**
 * What can happen, always about the current connection (the news of an abandoned one never get here):
 *
 *     opened     the transport is open                    lost      the connection failed, ended, fell silent or was faulty
 *     welcomed   a server took the hello                  gaveUp    no server could be reached for too long
 *     denied     a server said that the session is over   ended     the client is closed or given up by its owner
 */
export type Trigger = 'opened' | 'welcomed' | 'denied' | 'lost' | 'gaveUp' | 'ended';

/** A phase to go to; `back` to where the handshake came from; `stay` where it changes nothing; `bug` where it cannot be. */
export type Outcome = Phase | 'back' | 'stay' | 'bug';

export const transitions: Readonly<Record<Phase, Readonly<Record<Trigger, Outcome>>>> = {
  connecting: {
    opened: 'handshaking',
    welcomed: 'bug',
    denied: 'bug',
    lost: 'connecting',
    gaveUp: 'bug',
    ended: 'closed',
  },
  handshaking: {
    opened: 'bug',
    welcomed: 'connected',
    denied: 'expired',
    lost: 'back',
    gaveUp: 'expired',
    ended: 'closed',
  },
  connected: {
    opened: 'bug',
    welcomed: 'bug',
    denied: 'expired',
    lost: 'suspended',
    gaveUp: 'bug',
    ended: 'closed',
  },
  suspended: {
    opened: 'handshaking',
    welcomed: 'bug',
    denied: 'bug',
    lost: 'suspended',
    gaveUp: 'expired',
    ended: 'closed',
  },
  expired: { opened: 'stay', welcomed: 'stay', denied: 'stay', lost: 'stay', gaveUp: 'stay', ended: 'closed' },
  closed: { opened: 'stay', welcomed: 'stay', denied: 'stay', lost: 'stay', gaveUp: 'stay', ended: 'stay' },
};

/** The phase that follows. Throws where the table says that it cannot be: that is a bug of ours. */
export function nextPhase(phase: Phase, trigger: Trigger, from: 'connecting' | 'suspended'): Phase {
  const outcome = transitions[phase][trigger];
  if (outcome === 'bug') throw new Error(`a session that is ${phase} cannot be ${trigger}`);
  if (outcome === 'stay') return phase;
  return outcome === 'back' ? from : outcome;
}

/** The table of the session: total, and every cell is reached or forbidden as SESSION.md says. */
import { describe, expect, test } from '@jest/globals';
import { nextPhase, transitions, type Trigger } from '@synod/client/session/transitions';
import type { Phase } from '@synod/client/session/state';
import { Rig, set } from './rig.js';

const PHASES: readonly Phase[] = ['connecting', 'handshaking', 'connected', 'suspended', 'expired', 'closed'];
const TRIGGERS: readonly Trigger[] = ['opened', 'welcomed', 'denied', 'lost', 'gaveUp', 'ended'];

/** Brings a session into each phase as it is reached in life. */
const REACH: Readonly<Record<Phase, () => Rig>> = {
  connecting: () => new Rig(),
  handshaking: () => {
    const rig = new Rig();
    rig.open();
    return rig;
  },
  connected: () => Rig.connected(),
  suspended: () => {
    const rig = Rig.connected();
    rig.lost();
    return rig;
  },
  expired: () => {
    const rig = Rig.connected();
    rig.goodbye('SESSION_EXPIRED');
    return rig;
  },
  closed: () => {
    const rig = new Rig();
    rig.close();
    return rig;
  },
};

/** What may happen in any phase, with the state that users then see. */
const HAPPENINGS: readonly (readonly [name: string, act: (rig: Rig) => void, Readonly<Record<Phase, string>>])[] = [
  [
    'the connection is lost',
    (rig) => {
      rig.lost();
    },
    {
      connecting: 'connecting',
      handshaking: 'connecting',
      connected: 'suspended',
      suspended: 'suspended',
      expired: 'expired',
      closed: 'closed',
    },
  ],
  [
    'the connection opens',
    (rig) => {
      rig.open();
    },
    {
      connecting: 'connecting',
      handshaking: 'connecting',
      connected: 'connected',
      suspended: 'suspended',
      expired: 'expired',
      closed: 'closed',
    },
  ],
  [
    'a minute and more passes in silence',
    (rig) => {
      for (let i = 0; i < 200; i++) rig.advance(500);
    },
    {
      connecting: 'connecting',
      handshaking: 'connecting',
      connected: 'expired',
      suspended: 'expired',
      expired: 'expired',
      closed: 'closed',
    },
  ],
  [
    'the client is killed',
    (rig) => {
      rig.session.kill({ code: 'CONNECTION_LOSS', reason: 'killed', path: '', outcome: 'not-applied', index: -1 });
    },
    {
      connecting: 'closed',
      handshaking: 'closed',
      connected: 'closed',
      suspended: 'closed',
      expired: 'closed',
      closed: 'closed',
    },
  ],
  [
    'somebody calls',
    (rig) => {
      rig.call('call', set('/a'));
    },
    {
      connecting: 'connecting',
      handshaking: 'connecting',
      connected: 'connected',
      suspended: 'suspended',
      expired: 'expired',
      closed: 'closed',
    },
  ],
];

describe('the table', () => {
  test('is total', () => {
    expect(Object.keys(transitions).sort()).toEqual([...PHASES].sort());
    for (const phase of PHASES) expect(Object.keys(transitions[phase]).sort()).toEqual([...TRIGGERS].sort());
  });

  test('leads only to phases, and nowhere from closed', () => {
    for (const phase of PHASES) {
      for (const trigger of TRIGGERS) {
        if (transitions[phase][trigger] === 'bug') {
          expect(() => nextPhase(phase, trigger, 'suspended')).toThrow(/cannot be/);
        } else expect(PHASES).toContain(nextPhase(phase, trigger, 'suspended'));
      }
    }
    for (const trigger of TRIGGERS) expect(nextPhase('closed', trigger, 'suspended')).toBe('closed');
  });

  test('a failed handshake leads back to where it came from', () => {
    expect(nextPhase('handshaking', 'lost', 'connecting')).toBe('connecting');
    expect(nextPhase('handshaking', 'lost', 'suspended')).toBe('suspended');
  });
});

describe.each(HAPPENINGS)('%s', (_name, act, expected) => {
  test.each(PHASES)('while %s', (phase) => {
    const rig = REACH[phase]();
    act(rig);
    rig.drain();
    expect(rig.session.state).toBe(expected[phase]);
  });
});

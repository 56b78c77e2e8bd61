/** Observers learn and serve, and have no voice. */
import { describe, expect } from '@jest/globals';
import { healthOf, noneServes, scenario, stays } from './rig.js';

describe('an observer', () => {
  scenario(
    'follows, serves reads and watches, forwards writes, and does not vote',
    { observers: 1 },
    async (ensemble, guests) => {
      const observer = 4;
      for (const id of [1, 2, observer]) ensemble.start(id);
      // Two voters and an observer are no first start.
      const three = async (): Promise<boolean> =>
        (await ensemble.status(1))?.peers.filter(({ connected }) => connected).length === 2;
      await ensemble.until(three, 'the links of 1', 10_000);
      await stays(300, () => noneServes(ensemble, [1, 2, observer]));
      ensemble.start(3);
      await ensemble.serving(ensemble.ids);
      expect(await healthOf(ensemble, observer)).toMatchObject({ code: 200, role: 'observing' });
      expect(await ensemble.status(observer)).toMatchObject({ member: false, serving: true });

      const near = await guests.connect([observer]);
      const far = await guests.connect([1]);
      await near.create('/a', 'by the observer');
      await far.sync();
      expect(String((await far.get('/a')).data)).toBe('by the observer');
      const changed = new Promise<string>((resolve) => {
        void near.get('/a', { watch: ({ path }) => resolve(path) });
      });
      await near.sync();
      await far.set('/a', 'by a voter');
      expect(await changed).toBe('/a');
      expect(String((await near.get('/a')).data)).toBe('by a voter');
      await near.create('/alive', null, { mode: 'ephemeral' });
      await ensemble.level();

      // A change of leaders does not bother its clients.
      const leader = await ensemble.leader();
      await ensemble.kill(leader);
      await near.set('/a', 'with two voters');
      const { id } = near.session;

      // With one voter of three there is no leader, observer or not.
      const [last] = [1, 2, 3].filter((voter) => voter !== leader) as [number];
      const other = 6 - leader - last;
      await ensemble.kill(other);
      await ensemble.until(() => noneServes(ensemble, [last, observer]), 'that nobody serves', 10_000);
      await stays(500, () => noneServes(ensemble, [last, observer]));
      ensemble.start(other);
      await near.set('/a', 'with two voters again');
      expect(near.session.id).toBe(id);

      // And it catches up like anybody else.
      await ensemble.kill(observer);
      const voter = await guests.connect([last]);
      await voter.set('/a', 'while it was away');
      ensemble.start(observer);
      await ensemble.serving([last, other, observer]);
      await ensemble.level();
    },
  );
});

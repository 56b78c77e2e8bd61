/** `node scripts/prepare.js`: dependencies and build, where they are not up to date. `npm start` and `npm test` do it too. */
import { prepare } from './lib/prepare.js';
import { main } from './lib/project.js';

await main(() => {
  prepare();
  return 0;
});

import { rename, rm, symlink, writeFile } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { IS_LONG } from '../../support/length.js';
import type { Group, Scenario } from '../scenario.js';

const REPLACEMENTS = IS_LONG ? 100 : 30;
const REPLACED_EVERY_MS = 100;
const HOUR_MS = 3_600_000;
/** The service looks at the file twice a second, and believes what it sees twice. */
const NOTICED_MS = IS_LONG ? 6_000 : 1_600;

const listFault = (fault: string, begin: Scenario['begin'], end: Scenario['end']): Scenario => ({
  fault: `list file ${fault}`,
  lastsMs: NOTICED_MS,
  begin,
  hasShown: async (_, world) => (await world.healthOf('list')) === 'degraded',
  end,
});

/** The list file, and the clock by which its age is told. */
export const list: Group = {
  family: 'the list',
  world: {},
  scenarios: [
    {
      ...listFault(
        'replaced by a broken one',
        ({ list: file }) => writeFile(file, 'number,tier\n+358500000000,gold\nno number at all,\n"'),
        (world) => writeFile(world.list, world.listText('mended')),
      ),
      isBrief: true,
    },
    listFault(
      'deleted',
      ({ list: file }) => rm(file),
      (world) => writeFile(world.list, world.listText('again')),
    ),
    listFault(
      'made unreadable',
      // Rights do not stop root; a link that leads to itself stops everybody.
      async ({ list: file }) => {
        await rename(file, `${file}.away`);
        await symlink(file, file);
      },
      ({ list: file }) => rename(`${file}.away`, file),
    ),
    {
      fault: `list file replaced ${REPLACEMENTS} times in ${(REPLACEMENTS * REPLACED_EVERY_MS) / 1_000} s`,
      lastsMs: 0,
      begin: async (world) => {
        for (let version = 0; version < REPLACEMENTS; version++) {
          await writeFile(world.path('next.csv'), world.listText(`version ${version}`));
          await rename(world.path('next.csv'), world.list);
          await sleep(REPLACED_EVERY_MS);
        }
      },
      end: async () => undefined,
    },
    {
      fault: 'clock jumps an hour ahead, and back',
      begin: (world) => world.pull({ clockMs: HOUR_MS }),
      hasShown: async (_, world) => (await world.clockMs()) > Date.now() + HOUR_MS / 2,
      end: (world) => world.pull({ clockMs: 0 }),
    },
  ],
};

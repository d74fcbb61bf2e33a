import { rename, rm, symlink, writeFile } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import type { CrmMode } from '../support/crm-server.js';
import { VIP_KINDS } from './callers.js';
import type { CustomersDatabase } from './customers-database.js';
import type { Scenario } from './run.js';
import { IS_LONG } from './run.js';
import type { World, WorldOptions } from './world.js';

/** Faults that follow each other on one service. */
export interface Group {
  /** What must be so before the service starts. */
  readonly prepare?: (database: CustomersDatabase) => Promise<void>;
  readonly world: WorldOptions;
  readonly scenarios: readonly Scenario[];
}

const DATABASE_NEW = ['database new'] as const;
const CRM_NEW = ['crm new'] as const;

const database: Group = {
  world: {},
  scenarios: [
    {
      fault: 'MariaDB killed, restarted',
      mayMiss: DATABASE_NEW,
      begin: ({ database: { server } }) => server.kill(),
      end: ({ database: { server } }) => server.restart(),
    },
    {
      fault: 'MariaDB frozen, thawed',
      mayMiss: DATABASE_NEW,
      begin: async ({ database: { server } }) => server.freeze(),
      end: async ({ database: { server } }) => server.thaw(),
    },
    {
      fault: 'MariaDB: table locked',
      mayMiss: DATABASE_NEW,
      begin: ({ database: customers }) => customers.lockTable(),
      end: ({ database: customers }) => customers.unlockTable(),
    },
    {
      fault: 'MariaDB: connections exhausted',
      mayMiss: DATABASE_NEW,
      begin: ({ database: customers }) => customers.exhaustConnections(),
      end: ({ database: customers }) => customers.freeConnections(),
    },
    {
      fault: 'MariaDB: disk full',
      mayMiss: DATABASE_NEW,
      begin: ({ database: customers }) => customers.fillDisk(),
      end: ({ database: customers }) => customers.emptyDisk(),
    },
    {
      fault: 'every provider down at once',
      mayMiss: [...DATABASE_NEW, ...CRM_NEW],
      begin: ({ database: { server }, crm, list }) => Promise.all([server.kill(), crm.refuse(), rm(list)]),
      end: (world) =>
        Promise.all([
          world.database.server.restart(),
          world.crm.open(),
          writeFile(world.list, world.listText('back')),
        ]),
    },
  ],
};

const brokenFromStart: Group = {
  prepare: ({ server }) => server.kill(),
  world: { broken: true },
  scenarios: [
    {
      fault: 'every provider down from the start',
      mayMiss: VIP_KINDS,
      fromStart: true,
      begin: async () => undefined,
      end: (world) =>
        Promise.all([
          world.database.server.restart(),
          world.crm.open(),
          writeFile(world.list, world.listText()),
        ]),
    },
  ],
};

const crmFault = (
  fault: string,
  begin: (crm: World['crm'], world: World) => unknown,
  end: (crm: World['crm'], world: World) => unknown,
): Scenario => ({
  fault: `CRM: ${fault}`,
  mayMiss: CRM_NEW,
  begin: async (world) => begin(world.crm, world),
  end: async (world) => end(world.crm, world),
});
const crmAnswers = (fault: string, mode: CrmMode): Scenario =>
  crmFault(
    fault,
    (crm) => crm.misbehave(mode),
    (crm) => crm.behave(),
  );

const crmConnections: Group = {
  world: {},
  scenarios: [
    crmFault(
      'refuses',
      (crm) => crm.refuse(),
      (crm) => crm.open(),
    ),
    crmFault(
      'hangs at connect',
      (crm) => crm.hangAtConnect(),
      (crm) => crm.letConnect(),
    ),
    crmAnswers('hangs at first byte', 'hang'),
    crmAnswers('hangs mid-body', 'hang-body'),
    crmFault(
      'certificate expired',
      (crm) => crm.expire(),
      (crm) => crm.renew(),
    ),
    crmFault(
      'DNS gone',
      async (crm, world) => {
        await world.pull({ dns: 'gone' });
        crm.cut(); // a connection that is open needs no name
      },
      (_, world) => world.pull({ dns: 'ok' }),
    ),
  ],
};

const crmBodies: Group = {
  world: {},
  scenarios: [
    crmAnswers('answers 500', '500'),
    crmAnswers('answers 429', '429'),
    crmAnswers('answers HTML', 'html'),
    crmAnswers('answers truncated JSON', 'truncated'),
    crmAnswers('answers 50 MB and more', 'huge'),
  ],
};

const REPLACEMENTS = IS_LONG ? 100 : 30;
const REPLACED_EVERY_MS = 100;

const list: Group = {
  world: {},
  scenarios: [
    {
      fault: 'list file replaced by a broken one',
      lastsMs: IS_LONG ? 6_000 : 2_500,
      begin: ({ list: file }) => writeFile(file, 'number,tier\n+358500000000,gold\nno number at all,\n"'),
      end: (world) => writeFile(world.list, world.listText('mended')),
    },
    {
      fault: 'list file deleted',
      lastsMs: IS_LONG ? 6_000 : 2_500,
      begin: ({ list: file }) => rm(file),
      end: (world) => writeFile(world.list, world.listText('again')),
    },
    {
      fault: 'list file made unreadable',
      lastsMs: IS_LONG ? 6_000 : 2_500,
      // Rights do not stop root; a link that leads to itself stops everybody.
      begin: async ({ list: file }) => {
        await rename(file, `${file}.away`);
        await symlink(file, file);
      },
      end: ({ list: file }) => rename(`${file}.away`, file),
    },
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
      begin: (world) => world.pull({ clockMs: 3_600_000 }),
      end: (world) => world.pull({ clockMs: 0 }),
    },
  ],
};

/** Each row at a time; all rows side by side, if need be. The first changes its database and must have one of its own. */
export const LANES: readonly (readonly Group[])[] = [
  [database, brokenFromStart],
  [crmConnections],
  [crmBodies],
  [list],
];

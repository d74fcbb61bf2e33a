import { rm, writeFile } from 'node:fs/promises';
import { VIP_KINDS } from '../callers.js';
import type { Group, Scenario } from '../scenario.js';
import type { World } from '../world.js';

async function mend(world: World): Promise<void> {
  await Promise.all([
    world.database.server.restart(),
    world.crm.open(),
    writeFile(world.list, world.listText('back')),
  ]);
}

const fromStart: Scenario = {
  fault: 'every provider down from the start',
  isBrief: true,
  mayMiss: VIP_KINDS,
  fromStart: true,
  begin: async () => undefined,
  end: mend,
};

const atOnce: Scenario = {
  fault: 'every provider down at once',
  isBrief: true,
  mayMiss: ['database new', 'crm new'],
  begin: ({ database: { server }, crm, list }) => Promise.all([server.kill(), crm.refuse(), rm(list)]),
  end: mend,
};

/** All that the service asks. */
export const everything: Group = {
  family: 'everything',
  world: {},
  scenarios: [fromStart, atOnce],
};

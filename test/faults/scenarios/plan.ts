import { IS_LONG } from '../../support/length.js';
import type { Group } from '../scenario.js';
import { crm } from './crm.js';
import { database } from './database.js';
import { everything } from './everything.js';
import { list } from './list.js';
import { ownHeap, ownMachine } from './own-machine.js';
import { service } from './service.js';

const FAMILIES: readonly Group[] = [everything, database, crm, list, ownMachine, ownHeap, service];

/** One service, which meets with representatives of each family in turn. */
const BRIEF: Group = {
  family: 'each family',
  world: { heavy: true },
  scenarios: FAMILIES.flatMap(({ scenarios }) => scenarios).filter(({ isBrief }) => isBrief),
};

/** A part of the scenarios by their names, for work on some of them. */
const ONLY = new RegExp(process.env['FAULTS_ONLY'] ?? '', 'i');

export const PLAN: readonly Group[] = (IS_LONG || process.env['FAULTS_ONLY'] ? FAMILIES : [BRIEF])
  .map((group) => ({ ...group, scenarios: group.scenarios.filter(({ fault }) => ONLY.test(fault)) }))
  .filter(({ scenarios }) => scenarios.length > 0);

import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { Callers } from './callers.js';
import { CustomersDatabase } from './customers-database.js';
import { play } from './play.js';
import { HEADER, notes, report, row } from './report.js';
import { complaints, RECOVERY_MS } from './result.js';
import { PLAN } from './scenarios/plan.js';
import { World } from './world.js';

const lines: string[] = [HEADER];
let database: CustomersDatabase;

beforeAll(async () => {
  database = await CustomersDatabase.start();
});
afterAll(async () => {
  await database.stop();
  await report(lines);
});

describe.each(PLAN)('$family in trouble', ({ world: options, scenarios }) => {
  const callers = new Callers(1);
  let world: World;
  let trouble = '';

  beforeAll(async () => {
    world = await World.start(database, { ...options, isBroken: scenarios[0]!.fromStart ?? false });
  });
  afterAll(() => world.stop());

  it.each(scenarios)('steady load of calls goes on while $fault', async (scenario) => {
    if (trouble !== '') throw new Error(trouble);
    trouble = `the service may not have recovered from: ${scenario.fault}`;
    const result = await play(scenario, world, callers);
    if (result.recoveredMs <= RECOVERY_MS) trouble = '';
    const bad = complaints(scenario, result);
    lines.push(row(result), ...notes(scenario), ...bad);
    expect(bad).toEqual([]);
  });
});

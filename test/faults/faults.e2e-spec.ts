import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { complaints, HEADER, PHASES, notes, report, row } from './run.js';
import { ALONE } from './scenarios-alone.js';
import { LANES } from './scenarios.js';
import type { Group } from './scenarios.js';
import { Suite } from './suite.js';

/** A part of the scenarios by their names, for work on one of them. */
const ONLY = new RegExp(process.env['FAULTS_ONLY'] ?? '', 'i');
/** The whole long form. */
const PATIENCE_MS = 900_000;

const wanted = (group: Group): Group => ({
  ...group,
  scenarios: group.scenarios.filter(({ fault }) => ONLY.test(fault)),
});
const lanes = LANES.map((groups) => groups.map(wanted));
const alone = ALONE.map(wanted);
const suite = new Suite(lanes, alone);

const lines: string[] = [HEADER];

beforeAll(() => suite.start());
afterAll(async () => {
  await suite.finished();
  await report(lines);
}, PATIENCE_MS);

describe('steady load of calls goes on while', () => {
  it.each([...lanes.flat(), ...alone].flatMap(({ scenarios }) => scenarios))(
    '$fault',
    async (scenario) => {
      const result = await suite.result(scenario);
      lines.push(row(result), ...notes(scenario), ...complaints(result));
      const { during, after, recoveredMs } = result;
      expect(complaints(result)).toEqual([]);
      for (const phase of PHASES) {
        const { inTime, right, wrong, late, lost, ...counted } = result[phase];
        const sent = counted.sent - counted.void;
        expect({ phase, inTime, right, wrong, late, lost }).toEqual({
          phase,
          inTime: sent,
          right: sent,
          wrong: 0,
          late: 0,
          lost: 0,
        });
      }
      expect(during.sent).toBeGreaterThan(0);
      expect(after.sent).toBeGreaterThan(0);
      expect(recoveredMs).toEqual(expect.any(Number));
    },
    PATIENCE_MS,
  );
});

import { writeFile } from 'node:fs/promises';
import { IS_LONG } from '../support/length.js';
import { VIP_KINDS } from './callers.js';
import type { VipKind } from './callers.js';
import { PHASES } from './result.js';
import type { Result } from './result.js';
import type { Scenario } from './scenario.js';
import type { Tally } from './tally.js';

const COLUMNS = [
  ...['fault', 'sent', 'in time', 'right', 'wrong', 'late', 'lost', 'shed', 'void', 'VIPs before'],
  ...VIP_KINDS.map((kind) => `during: ${kind}`),
  ...['VIPs after', 'all again after', 'slowest'],
];
export const HEADER = [COLUMNS, COLUMNS.map(() => '---')]
  .map((cells) => `| ${cells.join(' | ')} |`)
  .join('\n');

/** The result as a row of the table: counts over all phases, VIPs as recognised/calling. */
export function row(result: Result): string {
  const { fault, before, during, after, recoveredMs } = result;
  const phases = PHASES.map((phase) => result[phase]);
  const sum = (pick: (tally: Tally) => number): number =>
    phases.reduce((total, tally) => total + pick(tally), 0);
  const share = (tally: Tally, ...kinds: readonly VipKind[]): string => {
    const { calls, recognised } = tally.recognised(kinds);
    return calls === 0 ? '-' : `${recognised}/${calls}`;
  };
  const cells = [
    fault,
    sum(({ sent }) => sent),
    sum(({ inTime }) => inTime),
    sum(({ right }) => right),
    sum(({ wrong }) => wrong),
    sum(({ late }) => late),
    sum(({ lost }) => lost),
    sum(({ shed }) => shed),
    sum((tally) => tally.void),
    share(before, ...VIP_KINDS),
    ...VIP_KINDS.map((kind) => share(during, kind)),
    share(after, ...VIP_KINDS),
    `${(recoveredMs / 1_000).toFixed(1)} s`,
    `${Math.round(Math.max(...phases.map(({ slowestMs }) => slowestMs)))} ms`,
  ];
  return `| ${cells.join(' | ')} |`;
}

/** What a scenario has to tell beside its row. */
export function notes(scenario: Scenario): string[] {
  return (scenario.notes ?? []).map((note) => `- ${scenario.fault}: ${note}`);
}

/** Writes the table to the file that FAULTS_REPORT names, if it does, and in the long form to standard output. */
export async function report(lines: readonly string[]): Promise<void> {
  const table = lines.filter((line) => line.startsWith('|'));
  const remarks = lines.filter((line) => !line.startsWith('|'));
  const text = `${[...table, '', ...remarks].join('\n').trim()}\n`;
  const file = process.env['FAULTS_REPORT'];
  if (file !== undefined) await writeFile(file, text);
  if (IS_LONG) process.stdout.write(text);
}

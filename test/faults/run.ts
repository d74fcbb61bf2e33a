import { writeFile } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { bodyOf, Callers, judge, VIP_KINDS } from './callers.js';
import type { VipKind } from './callers.js';
import { Load } from './load.js';
import type { Expectation, Sighting } from './load.js';
import { Machine } from './machine.js';
import { Tally } from './tally.js';
import type { World } from './world.js';

/** Long: for figures. Otherwise short: every fault, but little of it, for the test command. */
export const IS_LONG = process.env['FAULTS'] === 'long';

const SETTINGS = IS_LONG
  ? { rate: 200, beforeMs: 2_000, faultMs: 8_000, afterMs: 3_000 }
  : { rate: 60, beforeMs: 500, faultMs: 1_500, afterMs: 400 };
/** "All again within 5 s of the end." */
export const RECOVERY_MS = 5_000;
/** Recognised VIPs of each kind in a row that count as "again". */
const IN_A_ROW = 3;

/** One thing that goes wrong, and what may come of it. */
export interface Scenario {
  /** As it stands in the table. */
  readonly fault: string;
  /** VIPs that may go unrecognised while it lasts and until the service has recovered. None: everybody is recognised all along. */
  readonly mayMiss?: readonly VipKind[];
  readonly mayShed?: boolean;
  /** How long it lasts, after `begin` has returned; milliseconds. */
  readonly lastsMs?: number;
  /** It is there before the service starts: nobody is known, and there is no time before. */
  readonly fromStart?: boolean;
  /** Filled while it is played; printed below the table. */
  readonly notes?: readonly string[];
  begin(world: World, load: Load): Promise<unknown>;
  end(world: World, load: Load): Promise<unknown>;
}

export const PHASES = ['before', 'during', 'recovering', 'after'] as const;

export interface Result {
  readonly fault: string;
  readonly before: Tally;
  readonly during: Tally;
  /** From the end of the fault until everybody was recognised again. */
  readonly recovering: Tally;
  readonly after: Tally;
  /** Milliseconds from the end of the fault to the last VIP who was not recognised; `undefined`: not within 5 s. */
  readonly recoveredMs: number | undefined;
}

/** Plays one fault under steady load. */
export async function play(scenario: Scenario, world: World, callers: Callers): Promise<Result> {
  const strict = (): Expectation => ({
    tally: new Tally(),
    mayMiss: new Set(),
    faulty: false,
    mayShed: false,
  });
  const lenient = (): Expectation => ({
    tally: new Tally(),
    mayMiss: new Set(scenario.mayMiss),
    faulty: (scenario.mayMiss?.length ?? 0) > 0,
    mayShed: scenario.mayShed ?? false,
  });
  const before = strict();
  const during = lenient();
  const recovering = lenient();
  const after = strict();

  if (!scenario.fromStart) await becomeKnown(world);
  const machine = new Machine(world.pids);
  const load = new Load(world.phones, callers, machine, SETTINGS.rate, before);
  if (scenario.fromStart) load.expectation = during;
  load.start();
  try {
    if (!scenario.fromStart) await sleep(SETTINGS.beforeMs);
    load.expectation = during;
    await scenario.begin(world, load);
    await sleep(scenario.lastsMs ?? SETTINGS.faultMs);
    await scenario.end(world, load);
    const endedMs = performance.now();
    load.expectation = recovering;
    load.sightings = [];
    let recovered = false;
    while (!recovered && performance.now() - endedMs < RECOVERY_MS) {
      await sleep(50);
      recovered = isRecovered(load.sightings, endedMs);
    }
    load.expectation = after;
    await sleep(SETTINGS.afterMs);
    await load.stop();
    const recoveredMs = lastMiss(load.sightings, endedMs);
    return {
      fault: scenario.fault,
      before: before.tally,
      during: during.tally,
      recovering: recovering.tally,
      after: after.tally,
      recoveredMs: recovered && recoveredMs <= RECOVERY_MS ? recoveredMs : undefined,
    };
  } finally {
    await load.stop();
    machine.stop();
  }
}

/** Every known VIP calls, until all of them are recognised. */
async function becomeKnown(world: World): Promise<void> {
  const untilMs = performance.now() + RECOVERY_MS * 2;
  for (let unknown = Callers.known(); unknown.length > 0; await sleep(50)) {
    if (performance.now() > untilMs)
      throw new Error(`${unknown.length} VIPs were not recognised before the fault`);
    const verdicts = await Promise.all(
      unknown.map(async (call) => judge(call, await world.phones.post(bodyOf(call)), true)),
    );
    unknown = unknown.filter((_, index) => verdicts[index] !== 'recognised');
  }
}

function isRecovered(sightings: readonly Sighting[], endedMs: number): boolean {
  return VIP_KINDS.every((kind) => {
    const last = sightings.filter((one) => one.kind === kind && one.atMs >= endedMs).slice(-IN_A_ROW);
    return last.length === IN_A_ROW && last.every(({ recognised }) => recognised);
  });
}

function lastMiss(sightings: readonly Sighting[], endedMs: number): number {
  const missed = sightings.filter(({ recognised, atMs }) => !recognised && atMs >= endedMs);
  return Math.max(0, ...missed.map(({ atMs }) => atMs - endedMs));
}

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
    recoveredMs === undefined ? 'not within 5 s' : `${(recoveredMs / 1_000).toFixed(1)} s`,
    `${Math.round(Math.max(...phases.map(({ slowestMs }) => slowestMs)))} ms`,
  ];
  return `| ${cells.join(' | ')} |`;
}

/** What went wrong, by phase; nothing when nothing did. */
export function complaints(result: Result): string[] {
  return PHASES.flatMap((phase) =>
    result[phase].examples.map((example) => `- ${result.fault}, ${phase}: ${example}`),
  );
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

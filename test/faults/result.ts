import { IS_LONG } from '../support/length.js';
import { KINDS } from './callers.js';
import type { Kind } from './callers.js';
import type { Scenario } from './scenario.js';
import type { Tally } from './tally.js';

/** "All again within 5 s of the end." */
export const RECOVERY_MS = 5_000;
/** Right answers to each kind of caller without which a phase proves nothing. Void calls and those left out are none. */
export const FLOOR = IS_LONG ? 40 : 3;

export const PHASES = ['before', 'during', 'recovering', 'after'] as const;
export type Phase = (typeof PHASES)[number];

/** What came of one fault. */
export interface Result extends Readonly<Record<Phase, Tally>> {
  readonly fault: string;
  /** Milliseconds from the end of the fault to the last VIP who was not recognised. */
  readonly recoveredMs: number;
}

/** Kinds of callers who have had fewer right answers than `FLOOR`, above those that `since` has counted. */
export function missing(
  tally: Tally,
  kinds: readonly Kind[] = KINDS,
  since: ReadonlyMap<Kind, number> = new Map(),
): string[] {
  return kinds
    .map((kind) => [kind, tally.rightOf(kind) - (since.get(kind) ?? 0)] as const)
    .filter(([, right]) => right < FLOOR)
    .map(([kind, right]) => `${kind}: ${right} of ${FLOOR} right answers`);
}

/** Why a scenario is red, by phase; nothing when it is green. */
export function complaints(scenario: Scenario, result: Result): string[] {
  const say = (phase: Phase, what: readonly string[]): string[] =>
    what.map((text) => `- ${scenario.fault}, ${phase}: ${text}`);
  const judged: readonly Phase[] = scenario.fromStart ? ['during', 'after'] : ['before', 'during', 'after'];
  const floors = judged.flatMap((phase) =>
    say(phase, missing(result[phase], phase === 'during' ? scenario.kinds : KINDS)),
  );
  const unequal = PHASES.flatMap((phase) => {
    const { sent, void: isVoid, inTime, right } = result[phase];
    const all = sent - isVoid;
    return inTime === all && right === all
      ? []
      : say(phase, [`of ${all} calls ${inTime} were in time, ${right} right`]);
  });
  const faults = PHASES.flatMap((phase) => say(phase, result[phase].examples));
  const late = result.recoveredMs <= RECOVERY_MS ? [] : say('recovering', ['not all again within 5 s']);
  return [...unequal, ...faults, ...floors, ...late];
}

import type { EntryTally } from '../../plugin-api/index.js';
import type { IndexedList } from './record-file.js';

/** How many of the first entries that are left out are told. */
const TOLD = 3;

/** Whether a list has entries, and all of them have expired. */
export function haveAllExpired(tally: EntryTally, atMs: number): boolean {
  if (tally.entries === 0 || tally.ofFurtherKinds > 0) return false;
  for (const { endMs } of tally.kinds) if (endMs === undefined || endMs > atMs) return false;
  return true;
}

/**
 * Which entries of the file are none that a call can find, and why.
 * @param withProblems else those that are a problem of the file are told elsewhere
 * @returns a clause; `''` when there are none
 */
export function whatIsNotCounted(list: IndexedList, atMs: number, withProblems: boolean): string {
  const { tally, problems, problemCount, leftOut, leftOutCount } = list;
  let expired = 0;
  let live = tally.ofFurtherKinds;
  const asText = new Map<string, number>();
  for (const { count, endMs, numberProblem } of tally.kinds) {
    if (endMs !== undefined && endMs <= atMs) expired += count;
    else if (numberProblem !== undefined) asText.set(numberProblem, (asText.get(numberProblem) ?? 0) + count);
    else live += count;
  }
  const repeated = live - tally.numbersAt(atMs);
  const out = leftOutCount + (withProblems ? problemCount : 0);
  const first = [...(withProblems ? problems : []), ...leftOut].slice(0, TOLD).join('; ');
  return [
    out > 0 && `${out} left out: ${first}${out > TOLD ? '; …' : ''}`,
    expired > 0 && `${expired} expired`,
    repeated > 0 && `${repeated} with the number of another entry`,
    ...[...asText].map(([problem, count]) => `${count} ${problem}`),
  ]
    .filter((part) => part !== false)
    .join(', and ');
}

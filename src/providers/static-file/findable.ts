import type { EntryTally } from '../../plugin-api/index.js';
import type { IndexedList } from './record-file.js';

/** How many of the first entries that are left out are told. */
const TOLD = 3;

/**
 * How many entries a call can find, whatever the routes: those that have not expired by then, and whose number is not
 * compared as text by mistake.
 */
export function findableAt(tally: EntryTally, atMs: number): number {
  let found = tally.ofFurtherKinds;
  for (const { count, endMs, numberProblem } of tally.kinds) {
    if (numberProblem === undefined && (endMs === undefined || endMs > atMs)) found += count;
  }
  return found;
}

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
  const asText = new Map<string, number>();
  for (const { count, endMs, numberProblem } of tally.kinds) {
    if (endMs !== undefined && endMs <= atMs) expired += count;
    else if (numberProblem !== undefined) asText.set(numberProblem, (asText.get(numberProblem) ?? 0) + count);
  }
  const out = leftOutCount + (withProblems ? problemCount : 0);
  const first = [...(withProblems ? problems : []), ...leftOut].slice(0, TOLD).join('; ');
  return [
    out > 0 && `${out} left out: ${first}${out > TOLD ? '; …' : ''}`,
    expired > 0 && `${expired} expired`,
    ...[...asText].map(([problem, count]) => `${count} ${problem}`),
  ]
    .filter((part) => part !== false)
    .join(', and ');
}

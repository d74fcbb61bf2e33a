/** Of a shorter list, a few entries that leave are most of it, and nothing is wrong. */
const MIN_BEFORE = 10;

/** The part of the entries that a new version of a list must have, unless configured. */
export const DEFAULT_MIN_SHARE = 0.7;

/**
 * Whether so few entries are left that somebody should say that this is right; of fewer than ten, only when none is.
 * @param minShare part of the entries before, 0 to 1; 0: any number is right
 */
export function hasCollapsed(before: number, now: number, minShare: number): boolean {
  if (minShare === 0 || before === 0) return false;
  return now === 0 || (before >= MIN_BEFORE && now < before * minShare);
}

/** The same as a clause, without what can be done. @param name of the list */
export function collapseOf(name: string, before: number, now: number, minShare: number): string {
  const percent = Math.round(minShare * 100);
  return `${name} has ${now} ${now === 1 ? 'entry' : 'entries'} where there were ${before}, fewer than ${percent} %`;
}

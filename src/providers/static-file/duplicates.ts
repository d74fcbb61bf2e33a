import { isDeepStrictEqual } from 'node:util';
import { sameTier } from '../../plugin-api/index.js';
import type { EntryTally } from '../../plugin-api/index.js';
import type { EntryTable } from './entry-table.js';
import { isFoundByKey } from './number-key.js';
import { andMore, MAX_LISTED } from './line-problems.js';
import type { Pace } from './pace.js';
import type { Details } from './shared-details.js';

/** An entry that says again what an earlier one says; the earlier one is used. */
interface Duplicate {
  readonly line: number;
  readonly firstLine: number;
  readonly isOtherTier: boolean;
  /** Whether it has the same tier, but another name, other attributes or instructions. */
  readonly isOther: boolean;
}

/** A column full of one placeholder must not make each comparison longer than the one before. */
const MAX_EACH = 50;
/** How many entries are sorted without a pause: about a millisecond. */
const SORTED_AT_ONCE = 1_024;

interface Placed {
  readonly details: Details;
  readonly line: number;
}

/**
 * Entries with the number and the targets of an earlier entry that is valid all the time that they are.
 * @param tally is told of those that are not as the earlier one, and of all entries whose number another one has as well
 * @returns `line 4 repeats line 2`: the first hundred by line, and `and N more`
 */
export async function findDuplicates(
  table: EntryTable,
  lines: Uint32Array,
  details: readonly Details[],
  pace: Pace,
  tally: EntryTally,
): Promise<readonly string[]> {
  let listed: Duplicate[] = [];
  let total = 0;
  const firstHundred = (): Duplicate[] =>
    listed.sort((a, b) => a.line - b.line || a.firstLine - b.firstLine).slice(0, MAX_LISTED);
  for await (const places of table.repeated(pace)) {
    if (isFoundByKey(table.keyAt(places[0]!))) {
      let longest = details[table.referenceAt(places[0]!)]!;
      for (let at = 1; at < places.length; at++) {
        if (pace.isDue) await pace.makeWay();
        const other = details[table.referenceAt(places[at]!)]!;
        const isLonger = untilOf(other) > untilOf(longest);
        tally.addSameNumber(isLonger ? longest : other);
        if (isLonger) longest = other;
      }
    }
    const alike = new Map<string, Placed[]>();
    for (const place of places) {
      if (pace.isDue) await pace.makeWay();
      const entry = { details: details[table.referenceAt(place)]!, line: lines[place]! };
      const targets = JSON.stringify([...(entry.details.targets ?? [])].sort());
      const group = alike.get(targets);
      if (group === undefined) alike.set(targets, [entry]);
      else group.push(entry);
    }
    for (const group of alike.values()) {
      for await (const duplicate of covered(await byStart(group, pace), pace)) {
        total++;
        if (duplicate.isOtherTier) tally.addRepeat(duplicate.line);
        else if (duplicate.isOther) tally.addOtherDetails(duplicate.line);
        listed.push(duplicate);
        if (listed.length > 10 * MAX_LISTED) listed = firstHundred();
      }
    }
  }
  const sentences = firstHundred().map(({ line, firstLine, isOtherTier }) => {
    const tier = isOtherTier ? ` with another tier; that of line ${firstLine} is used` : '';
    return `line ${line} repeats line ${firstLine}${tier}`;
  });
  return andMore(sentences, total);
}

/** Sorted by when they begin to be valid, else in the order of the list; in slices, since one number may have any number of entries. */
async function byStart(group: readonly Placed[], pace: Pace): Promise<readonly Placed[]> {
  if (group.length <= SORTED_AT_ONCE) return [...group].sort((a, b) => startOf(a) - startOf(b));
  const middle = group.length >> 1;
  const left = await byStart(group.slice(0, middle), pace);
  const right = await byStart(group.slice(middle), pace);
  const sorted: Placed[] = [];
  for (let a = 0, b = 0; sorted.length < group.length;) {
    if (sorted.length % SORTED_AT_ONCE === 0 && pace.isDue) await pace.makeWay();
    const takesLeft = b === right.length || (a < left.length && startOf(left[a]!) <= startOf(right[b]!));
    sorted.push(takesLeft ? left[a++]! : right[b++]!);
  }
  return sorted;
}

/** @param group in the order in which they begin to be valid */
async function* covered(group: readonly Placed[], pace: Pace): AsyncGenerator<Duplicate> {
  let valid: Placed[] = [];
  for (const entry of group) {
    if (pace.isDue) await pace.makeWay();
    valid = valid.filter((one) => endOf(one) > startOf(entry));
    const earlier = valid.find((one) => one.line < entry.line && endOf(one) >= endOf(entry));
    if (earlier === undefined) {
      if (valid.length < MAX_EACH) valid.push(entry);
      continue;
    }
    const isOtherTier = sameTier(entry.details.tier) !== sameTier(earlier.details.tier);
    yield {
      line: entry.line,
      firstLine: earlier.line,
      isOtherTier,
      isOther: !isOtherTier && !saysTheSame(entry.details, earlier.details),
    };
  }
}

function saysTheSame(one: Details, other: Details): boolean {
  return (
    one === other ||
    (one.name === other.name &&
      isDeepStrictEqual(one.attributes, other.attributes) &&
      isDeepStrictEqual(one.instructions, other.instructions))
  );
}

const startOf = ({ details }: Placed): number => details.validFromMs ?? Number.NEGATIVE_INFINITY;
const endOf = ({ details }: Placed): number => untilOf(details);
const untilOf = ({ validUntilMs }: Details): number => validUntilMs ?? Number.POSITIVE_INFINITY;

import type { EntryTable } from './entry-table.js';
import { MAX_LISTED } from './line-problems.js';
import type { Pace } from './pace.js';
import type { Details } from './shared-details.js';

/** An entry that says again what an earlier one says; the earlier one is used. */
export interface Duplicate {
  readonly line: number;
  readonly firstLine: number;
}

export interface Duplicates {
  /** The first hundred, by line. */
  readonly listed: readonly Duplicate[];
  readonly total: number;
}

interface Placed {
  readonly details: Details;
  readonly line: number;
}

/** Entries with the number and the targets of an earlier entry that are valid at a time when that one is, too. */
export async function findDuplicates(
  table: EntryTable,
  lines: Uint32Array,
  details: readonly Details[],
  pace: Pace,
): Promise<Duplicates> {
  let listed: Duplicate[] = [];
  let total = 0;
  const firstHundred = (): Duplicate[] =>
    listed.sort((a, b) => a.line - b.line || a.firstLine - b.firstLine).slice(0, MAX_LISTED);
  for await (const places of table.repeated(pace)) {
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
      for (const duplicate of overlaps(group)) {
        total++;
        listed.push(duplicate);
        if (listed.length > 10 * MAX_LISTED) listed = firstHundred();
      }
    }
  }
  return { listed: firstHundred(), total };
}

function* overlaps(group: Placed[]): Generator<Duplicate> {
  group.sort((a, b) => startOf(a) - startOf(b));
  let longest: Placed | undefined;
  for (const entry of group) {
    if (longest !== undefined && startOf(entry) < endOf(longest)) {
      yield {
        line: Math.max(entry.line, longest.line),
        firstLine: Math.min(entry.line, longest.line),
      };
    }
    if (longest === undefined || endOf(entry) > endOf(longest)) longest = entry;
  }
}

const startOf = ({ details }: Placed): number => details.validFromMs ?? Number.NEGATIVE_INFINITY;
const endOf = ({ details }: Placed): number => details.validUntilMs ?? Number.POSITIVE_INFINITY;

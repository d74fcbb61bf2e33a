import type { VipRecord } from '../../plugin-api/index.js';
import type { Pace } from './pace.js';

/** An entry that says again what an earlier one says; the earlier one is used. */
export interface Duplicate {
  readonly line: number;
  readonly firstLine: number;
}

interface Placed {
  readonly record: VipRecord;
  readonly line: number;
}

/** Entries with the number and the targets of an earlier entry that are valid at a time when that one is, too. */
export async function findDuplicates(entries: readonly Placed[], pace: Pace): Promise<Duplicate[]> {
  const alike = new Map<string, Placed[]>();
  for (const entry of entries) {
    if (pace.isDue) await pace.makeWay();
    const key = JSON.stringify([entry.record.number, ...[...(entry.record.targets ?? [])].sort()]);
    const group = alike.get(key);
    if (group === undefined) alike.set(key, [entry]);
    else group.push(entry);
  }
  const duplicates: Duplicate[] = [];
  for (const group of alike.values()) {
    if (pace.isDue) await pace.makeWay();
    if (group.length > 1) duplicates.push(...overlaps(group));
  }
  return duplicates.sort((a, b) => a.line - b.line || a.firstLine - b.firstLine);
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

const startOf = ({ record }: Placed): number => record.validFromMs ?? Number.NEGATIVE_INFINITY;
const endOf = ({ record }: Placed): number => record.validUntilMs ?? Number.POSITIVE_INFINITY;

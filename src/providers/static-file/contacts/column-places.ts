import { isBareNumber, isMobileColumn, plainName } from './column-role.js';
import type { Use } from './column-role.js';
import { DETAILS } from './vocabulary.js';

type Uses = readonly Use[];

const IS_TYPE = new RegExp(`^(?:${DETAILS.label.join('|')})(?: (\\d+))?$`);

/**
 * What the columns of a table are used for where their order says more than their names: the second `Phone Type` is about the
 * second `Phone`, `Ext.` about the number before it.
 * @param uses of each column by its name alone
 */
export function usesByPlace(header: readonly string[], uses: readonly Uses[]): readonly Uses[] {
  const names = header.map(plainName);
  const isNumber = (at: number) => uses[at]?.[0]?.use === 'number';
  const hasPhone = header.some((column, at) => isNumber(at) && !isBareNumber(column));
  const stems = stemsByPlace(uses);
  const byDigits = new Map<string, string[]>();
  const types = new Map<string, number>();
  for (const [at, name] of names.entries()) {
    if (isNumber(at)) {
      const digits = / (\d+)$/.exec(name)?.[1] ?? '1';
      add(byDigits, digits, stems[at]!);
    }
    if (IS_TYPE.test(name)) types.set(name, (types.get(name) ?? 0) + 1);
  }
  let last: string | undefined;
  return uses.map((own, at): Uses => {
    const name = names[at]!;
    const [first] = own;
    if (first?.use === 'number') {
      // `Number` beside `Phone` is the customer's.
      if (hasPhone && isBareNumber(header[at]!)) return [{ use: 'unclear' }];
      const stem = stems[at]!;
      if (!isMobileColumn(header[at]!)) last = stem;
      return [{ ...first, stem }];
    }
    if (first?.use === 'detail') return [{ ...first, stem: stems[at]! }];
    if (first?.use === 'notTheirs' && DETAILS.extension.includes(name) && last !== undefined) {
      return [{ use: 'detail', detail: 'extension', stem: last }];
    }
    const type = own.length === 0 ? IS_TYPE.exec(name) : null;
    if (type === null) return own;
    const [, digits] = type;
    const before = digits === undefined && types.get(name)! > 1 && isNumber(at - 1) ? [stems[at - 1]!] : [];
    const about = digits === undefined ? before : (byDigits.get(digits) ?? []);
    return about.length === 1 ? [{ use: 'detail', detail: 'label', stem: about[0]! }] : own;
  });
}

/** Under which stem is told what is about all numbers that have the name of this one. */
export function stemOfAll(stem: string): string {
  return `${stem.replace(/#\d+$/, '')}#`;
}

/** Of a number, its own stem; of a detail, that of its number, or of all of them where it is not clear which is meant. */
function stemsByPlace(uses: readonly Uses[]): readonly string[] {
  const places = new Map<string, number[]>();
  for (const [at, [use]] of uses.entries()) {
    const key = use === undefined ? undefined : keyOf(use);
    if (key !== undefined) add(places, key, at);
  }
  const stems = uses.map(() => '');
  for (const found of places.values()) {
    const [use] = uses[found[0]!]!;
    const stem = (use as { stem: string }).stem;
    const count = places.get(`number ${stem}`)?.length ?? 0;
    for (const [index, at] of found.entries()) {
      const nth = index === 0 ? stem : `${stem}#${index + 1}`;
      stems[at] = count === found.length ? nth : stemOfAll(stem);
    }
  }
  return stems;
}

function add<T>(lists: Map<string, T[]>, key: string, item: T): void {
  const list = lists.get(key);
  if (list === undefined) lists.set(key, [item]);
  else list.push(item);
}

function keyOf(use: Use): string | undefined {
  if (use.use === 'number') return `number ${use.stem}`;
  return use.use === 'detail' ? `${use.detail} ${use.stem}` : undefined;
}

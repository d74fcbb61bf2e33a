import type { CST } from 'yaml';

/** Text of one entry. An export may write 400 KB: two texts of 16,384 characters, and targets of 100,000, three bytes each. */
export const MAX_ENTRY_BYTES = 524_288;
/** Names in one object of an entry, and named columns of a CSV header. */
export const MAX_NAMES = 1_000;
const MAX_VALUES = 5_000;
/** Levels of objects and lists, the entry itself being the first. */
export const MAX_DEPTH = 50;

/** What is said of an entry that is larger than any VIP needs. */
export const TOO_LARGE = {
  text: `is longer than ${MAX_ENTRY_BYTES / 1_024} KiB; shorten it`,
  names: `has more than ${MAX_NAMES} names in one object; leave out what no route or template needs`,
  values: `has more than ${MAX_VALUES} values, or lines of text; leave out what no route or template needs`,
  depth: `is nested deeper than ${MAX_DEPTH} levels; write it flatter`,
} as const;

/** Adds up what an entry holds. */
export class EntrySize {
  #text = 0;
  #values = 0;

  /** @returns the limit that is passed with it, if one is */
  add({ text = 0, values = 0, names = 0, depth = 0 }): string | undefined {
    this.#text += text;
    this.#values += values;
    if (this.#text > MAX_ENTRY_BYTES) return TOO_LARGE.text;
    if (depth > MAX_DEPTH) return TOO_LARGE.depth;
    if (names > MAX_NAMES) return TOO_LARGE.names;
    return this.#values > MAX_VALUES ? TOO_LARGE.values : undefined;
  }
}

/**
 * The limit that an entry of a JSON list passes, and how many names it has in all its objects.
 * @param value what was written, no longer and no deeper than may be
 */
export function sizeOfValue(value: unknown): { limit?: string; names: number } {
  const size = new EntrySize();
  const left = [value];
  let names = 0;
  while (left.length > 0) {
    const part = left.pop();
    if (typeof part !== 'object' || part === null) continue;
    const values: unknown[] = Object.values(part);
    const named = Array.isArray(part) ? 0 : values.length;
    names += named;
    const limit = size.add({ values: values.length, names: named });
    if (limit !== undefined) return { limit, names };
    left.push(...values);
  }
  return { names };
}

/** The limit that an entry of a YAML list passes; found from its tokens, since to compose them is what takes long. */
export function limitOfTokens(item: CST.CollectionItem): string | undefined {
  const size = new EntrySize();
  const left: { token: CST.Token; depth: number }[] = [];
  const note = (tokens: Iterable<CST.Token | null | undefined>, depth: number) => {
    for (const token of tokens) if (token) left.push({ token, depth });
  };
  note([item.key, ...(item.sep ?? []), item.value], 0);
  for (let next = left.pop(); next !== undefined; next = left.pop()) {
    const { token } = next;
    const text = 'source' in token ? token.source : '';
    const items = 'items' in token ? token.items : undefined;
    const depth = next.depth + (items === undefined ? 0 : 1);
    const values = (items?.length ?? 0) + lineEnds(text);
    const limit = size.add({ text: text.length, values, names: isMap(token) ? items?.length : 0, depth });
    if (limit !== undefined) return limit;
    if ('props' in token) note(token.props, depth);
    if ('end' in token && token.end !== undefined) note(token.end, depth);
    for (const { start, key, sep, value } of items ?? []) note([...start, key, ...(sep ?? []), value], depth);
  }
  return undefined;
}

function isMap(token: CST.Token): boolean {
  return token.type === 'block-map' || (token.type === 'flow-collection' && token.start.source === '{');
}

function lineEnds(text: string): number {
  let count = 0;
  for (let at = text.indexOf('\n'); at !== -1; at = text.indexOf('\n', at + 1)) count++;
  return count;
}

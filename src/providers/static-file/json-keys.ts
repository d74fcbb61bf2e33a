import { LineFinder } from './line-finder.js';

/** The keys, each with its colon, other texts, and what begins and ends an object. */
const TOKENS = /("(?:\\.|[^"\\])*")\s*:|"(?:\\.|[^"\\])*"|[{}]/g;
const MESSAGE = 'is written twice in one object; keep one of the two';

/** A key that an object has twice. */
export interface RepeatedKey {
  /** Of the second one; the text begins in line 1. */
  readonly line: number;
  /** `''` where it may be a telephone number. */
  readonly key: string;
  readonly message: string;
}

/**
 * The first key that an object has twice, of which `JSON.parse` drops one without a word.
 * @param text valid JSON
 */
export function repeatedKey(text: string): RepeatedKey | undefined {
  const objects: Set<string>[] = [];
  for (const { 0: token, 1: written, index } of text.matchAll(TOKENS)) {
    if (token === '{') objects.push(new Set());
    else if (token === '}') objects.pop();
    if (written === undefined) continue;
    const key = JSON.parse(written) as string;
    const keys = objects.at(-1)!;
    if (keys.size === keys.add(key).size) {
      const before = Buffer.from(text.slice(0, index));
      const line = new LineFinder(before).lineAt(before.length);
      const isName = /^[a-z][\w .@-]{0,39}$/i.test(key) && !/\d{5}/.test(key);
      return isName ? { line, key, message: MESSAGE } : { line, key: '', message: `a key ${MESSAGE}` };
    }
  }
  return undefined;
}

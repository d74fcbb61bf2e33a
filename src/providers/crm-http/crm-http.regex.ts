import type { RE2JS } from 're2js';
import { compilePattern } from './libraries.js';

/**
 * The part of `RegExp` that JSONata uses, on an engine with linear running time (RE2). An expression runs in the
 * process that other lookups wait for, and backtracking over a hostile text from the CRM could block it for hours.
 */
export class LinearRegExp {
  lastIndex = 0;
  readonly #pattern: RE2JS;

  /** @throws if the pattern needs backtracking: look-around, back references */
  constructor({ source, flags }: RegExp) {
    this.#pattern = compilePattern(source, [...flags]);
  }

  exec(text: string): (string[] & { index: number }) | null {
    const matcher = this.#pattern.matcher(text);
    if (this.lastIndex > text.length || !matcher.find(this.lastIndex)) {
      this.lastIndex = 0;
      return null;
    }
    this.lastIndex = matcher.end();
    const groups = Array.from({ length: matcher.groupCount() + 1 }, (_, group) => matcher.group(group) ?? '');
    return Object.assign(groups, { index: matcher.start() });
  }
}

/** The first pattern in a JSONata syntax tree that the engine cannot run; `undefined` when there is none. */
export function unusablePattern(ast: unknown, seen = new Set<unknown>()): string | undefined {
  if (typeof ast !== 'object' || ast === null || seen.has(ast)) return undefined;
  seen.add(ast);
  if (Object.prototype.toString.call(ast) === '[object RegExp]') {
    try {
      new LinearRegExp(ast as RegExp);
      return undefined;
    } catch {
      return (ast as RegExp).source; // the caller reports what is wrong with it
    }
  }
  for (const inner of Object.values(ast)) {
    const pattern = unusablePattern(inner, seen);
    if (pattern !== undefined) return pattern;
  }
  return undefined;
}

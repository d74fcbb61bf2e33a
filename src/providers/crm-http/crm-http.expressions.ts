import type Jsonata from 'jsonata';
import type { RE2JS } from 're2js';
import { compilePattern, jsonata } from './libraries.js';

// Loaded by the evaluating process, so it imports little, and nothing of the plug-in API.

/**
 * The part of `RegExp` that JSONata uses, on an engine with linear running time (RE2). An expression runs in the
 * process that other lookups wait for, and backtracking over a hostile text from the CRM could block it for hours.
 */
class LinearRegExp {
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

/**
 * Limits on an expression's time, its depth (endless recursion) and the length of the lists that it builds; lookups
 * stay far below all three. What these do not stop (such as $sort of a long list) is stopped by ending the process.
 */
const LIMITS: Jsonata.JsonataOptions = {
  timeout: 2_500,
  stack: 1_000,
  sequence: 100_000,
  RegexEngine: LinearRegExp as unknown as RegExpConstructor,
};
const MAX_EXPRESSION_CHARACTERS = 10_000;

/** What is wrong with a JSONata expression, for an administrator; `undefined` if nothing is. */
export function expressionProblem(text: string): string | undefined {
  if (text.length > MAX_EXPRESSION_CHARACTERS) {
    return `is longer than ${MAX_EXPRESSION_CHARACTERS} characters.`;
  }
  if (/\$eval\b/.test(text)) {
    return 'uses $eval, which is not available: it would run text of the answer as an expression.';
  }
  try {
    const pattern = unusablePattern(compileExpression(text).ast());
    return pattern === undefined
      ? undefined
      : `has the pattern /${pattern}/, which cannot be used: write it without look-around and back references (RE2 syntax).`;
  } catch (error) {
    const { message, position } = error as { message?: unknown; position?: unknown };
    const where = typeof position === 'number' ? ` (character ${position})` : '';
    return `is not a JSONata expression: ${String(message)}${where}. Write for example contacts.{ "tier": level, "name": name }.`;
  }
}

/** The first pattern in a JSONata syntax tree that the engine cannot run; `undefined` when there is none. */
function unusablePattern(ast: unknown, seen = new Set<unknown>()): string | undefined {
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

/** @throws if `expressionProblem` finds a problem */
export function compileExpression(text: string, timeoutMs = LIMITS.timeout): Jsonata.Expression {
  return jsonata(text, { ...LIMITS, timeout: timeoutMs });
}

/**
 * The result of an expression on an answer, as JSON text; `undefined` if there is none.
 * @param bindings name -> value: `{ page: 2 }` is `$page`
 * @throws EvaluationError if it fails
 */
export async function evaluateExpression(
  expression: Jsonata.Expression,
  answer: unknown,
  bindings: Readonly<Record<string, unknown>>,
): Promise<string | undefined> {
  let value: unknown;
  try {
    // $eval is removed: an answer's text must not become an expression.
    value = await expression.evaluate(answer, { ...bindings, eval: undefined });
  } catch (error) {
    // The message would repeat parts of the answer; code and position are enough for an administrator.
    const { code, name, position } = error as { code?: string; name?: string; position?: number };
    const where = position === undefined ? '' : ` at character ${position}`;
    throw new EvaluationError(`failed${where} (${code ?? name ?? 'unknown'})`);
  }
  return value === undefined ? undefined : asJson(value);
}

/** JSONata adds its own marks to lists, and an expression may yield a function: only JSON is passed on. */
function asJson(value: unknown): string {
  let text: string | undefined;
  try {
    text = JSON.stringify(value);
  } catch {
    // A function refers to itself.
  }
  if (text === undefined)
    throw new EvaluationError('must yield an object such as { "tier": level }, not a function');
  return text;
}

/** Its message gives the reason, but no part of the answer. */
export class EvaluationError extends Error {
  override readonly name = 'EvaluationError';
}

/** Whether a value counts as "no", for expressions that test a condition. */
export function isNothing(value: unknown): boolean {
  if (value == null || value === false || value === 0 || value === '') return true;
  if (Array.isArray(value)) return value.length === 0;
  return typeof value === 'object' && Object.keys(value).length === 0;
}

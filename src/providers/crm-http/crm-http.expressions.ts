import type Jsonata from 'jsonata';
import type { RE2JS } from 're2js';
import { compilePattern, jsonata } from './libraries.js';

// Loaded by the process that evaluates, so it imports little: no part of the plug-in API.

/**
 * What JSONata uses of `RegExp`, on an engine whose time grows in step with the text (RE2): an expression runs on the
 * process that other lookups wait for, and backtracking over a hostile text of the CRM could hold it for hours.
 */
class LinearRegExp {
  lastIndex = 0;
  readonly #pattern: RE2JS;

  /** @throws when the pattern needs backtracking: look-around, back references */
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
 * An expression's time is limited, so is its depth (a recursion without an end) and the length of a list it builds; what a lookup
 * needs of an answer is far below all three. What these do not stop ($sort of a long list, for example) is stopped with the
 * process that it runs in.
 */
const LIMITS: Jsonata.JsonataOptions = {
  timeout: 2_500,
  stack: 1_000,
  sequence: 100_000,
  RegexEngine: LinearRegExp as unknown as RegExpConstructor,
};
const MAX_EXPRESSION_CHARACTERS = 10_000;

/** What is wrong with a JSONata expression, for an administrator; `undefined` when nothing is. */
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
      return (ast as RegExp).source; // the caller says what is wrong with it
    }
  }
  for (const inner of Object.values(ast)) {
    const pattern = unusablePattern(inner, seen);
    if (pattern !== undefined) return pattern;
  }
  return undefined;
}

/** @throws when `expressionProblem` has something to say */
export function compileExpression(text: string, timeoutMs = LIMITS.timeout): Jsonata.Expression {
  return jsonata(text, { ...LIMITS, timeout: timeoutMs });
}

/**
 * What an expression makes of an answer, as JSON text; `undefined` is nothing.
 * @param bindings name -> value: `{ page: 2 }` is `$page`
 * @throws EvaluationError when it fails
 */
export async function evaluateExpression(
  expression: Jsonata.Expression,
  answer: unknown,
  bindings: Readonly<Record<string, unknown>>,
): Promise<string | undefined> {
  let value: unknown;
  try {
    // $eval is taken away: an answer's text must not become an expression.
    value = await expression.evaluate(answer, { ...bindings, eval: undefined });
  } catch (error) {
    // The message would repeat parts of the answer; code and position tell an administrator enough.
    const { code, name, position } = error as { code?: string; name?: string; position?: number };
    const where = position === undefined ? '' : ` at character ${position}`;
    throw new EvaluationError(`failed${where} (${code ?? name ?? 'unknown'})`);
  }
  return value === undefined ? undefined : asJson(value);
}

/** JSONata's lists carry marks of their own, and an expression may yield a function: only JSON goes on from here. */
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

/** Its message says why, and nothing of the answer. */
export class EvaluationError extends Error {
  override readonly name = 'EvaluationError';
}

/** Whether a value counts as none, for expressions that tell whether something is the case. */
export function isNothing(value: unknown): boolean {
  if (value == null || value === false || value === 0 || value === '') return true;
  if (Array.isArray(value)) return value.length === 0;
  return typeof value === 'object' && Object.keys(value).length === 0;
}

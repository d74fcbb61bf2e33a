import type Jsonata from 'jsonata';
import { isPlainObject, readVipRecord, VipLookupError, VipRecordError } from '../../plugin-api/index.js';
import type { Caller, Json, JsonObject, VipRecord } from '../../plugin-api/index.js';
import { bestFirst, CallerMatch, writtenNumbers } from './crm-http.matching.js';
import { LinearRegExp, unusablePattern } from './crm-http.regex.js';
import { jsonata } from './libraries.js';
import { spellingsOf } from './crm-http.templates.js';

/**
 * An expression runs on the thread that answers calls. Its time is limited, so is its depth (a recursion without an
 * end) and the length of a list it builds; what a lookup needs of an answer is far below all three.
 */
const LIMITS: Jsonata.JsonataOptions = {
  timeout: 250,
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
    return `is no JSONata expression: ${String(message)} (character ${String(position)}). Write for example contacts.{ "tier": level, "name": name }.`;
  }
}

/** How entries of an answer are judged. */
export interface MappingRules {
  /** The highest tier first. */
  readonly tierOrder?: readonly string[] | null | undefined;
  /** Entries without a number are believed to be the caller's. */
  readonly trustAnswer?: boolean | null | undefined;
}

/** Makes VIP records of a CRM's answers, by the configured expressions. */
export class RecordMapping {
  readonly #record: Jsonata.Expression;
  readonly #error: Jsonata.Expression | undefined;
  /** The expression itself writes a number, so an entry without one is a contact without one. */
  readonly #writesNumber: boolean;

  /** @throws when `expressionProblem` has something to say */
  constructor(
    record: string,
    errorPath: string | null | undefined,
    private readonly rules: MappingRules = {},
  ) {
    this.#record = compileExpression(record);
    this.#error = errorPath == null ? undefined : compileExpression(errorPath);
    this.#writesNumber = /(["'])number\1\s*:/.test(record);
  }

  /**
   * The records in an answer that are this caller's, best first; none when the CRM lists nobody.
   * @throws VipLookupError when the answer reports an error, or the expression's value is no record
   */
  async read(answer: Json, caller: Caller, country: string | undefined): Promise<VipRecord[]> {
    const bindings = { caller: spellingsOf(caller) };
    if (
      this.#error !== undefined &&
      !isNothing(await evaluateExpression('errorPath', this.#error, answer, bindings))
    ) {
      throw new VipLookupError('the answer reports an error (errorPath)');
    }
    const value = await evaluateExpression('record', this.#record, answer, bindings);
    const entries = [value ?? []].flat().filter((entry) => entry !== null && isObject(entry));
    const vips = entries.filter(({ tier }) => tier !== null && tier !== '');
    this.#demandNumbers(vips);
    const match = new CallerMatch(caller, country);
    const records = vips.flatMap((entry) => {
      const number = this.#ownNumber(entry, caller, match);
      return number === undefined ? [] : [readRecord(entry, number, country)];
    });
    return bestFirst(records, this.rules.tierOrder ?? []);
  }

  /** Without any number there is nothing to check, and whoever the CRM thinks fits would be a VIP. */
  #demandNumbers(entries: readonly JsonObject[]): void {
    const isLacking = entries.length > 0 && !entries.some((entry) => 'number' in entry);
    if (!isLacking || this.#writesNumber || this.rules.trustAnswer) return;
    throw new VipLookupError(
      'mapping: record yields no number to compare with the caller; name it, for example "number": [phone, mobile], or set trustAnswer: true for an API that answers without numbers',
    );
  }

  /** The number under which an entry counts for this caller; `undefined` = a stranger. */
  #ownNumber({ number }: JsonObject, caller: Caller, match: CallerMatch): string | undefined {
    const written = writtenNumbers(number);
    if (written === undefined) throw new VipLookupError('mapping: number: must be text');
    return written.length === 0 && this.rules.trustAnswer ? caller.key : match.ownNumber(written);
  }
}

/**
 * A JSONata expression within its limits.
 * @param timeoutMs how long one evaluation may take
 * @throws when `expressionProblem` has something to say
 */
export function compileExpression(text: string, timeoutMs = LIMITS.timeout): Jsonata.Expression {
  return jsonata(text, { ...LIMITS, timeout: timeoutMs });
}

const TOOK_TOO_LONG = 'D1012';

/** Because the limit is one of time: a process that stood still for a moment reaches it with any expression. */
async function twice(evaluate: () => Promise<unknown>): Promise<unknown> {
  try {
    return await evaluate();
  } catch (error) {
    if ((error as { code?: unknown }).code !== TOOK_TOO_LONG) throw error;
    return evaluate();
  }
}

/**
 * What an expression makes of an answer; `undefined` is nothing.
 * @param option its key, for the message
 * @param bindings name -> value: `{ page: 2 }` is `$page`
 * @throws VipLookupError when it fails, or takes too long
 */
export async function evaluateExpression(
  option: string,
  expression: Jsonata.Expression,
  answer: Json,
  bindings: Readonly<Record<string, unknown>>,
): Promise<Json | undefined> {
  try {
    // $eval is taken away: an answer's text must not become an expression.
    const value = await twice(() => expression.evaluate(answer, { ...bindings, eval: undefined }));
    // JSONata's lists carry marks of their own, and an expression may yield a function: only JSON goes on from here.
    return value === undefined ? undefined : (JSON.parse(JSON.stringify(value)) as Json);
  } catch (error) {
    // The message would repeat parts of the answer; code and position tell an administrator enough.
    const { code, name, position } = error as { code?: string; name?: string; position?: number };
    const where = position === undefined ? '' : ` at character ${position}`;
    throw new VipLookupError(`mapping: ${option} failed${where} (${code ?? name ?? 'unknown'})`);
  }
}

function isObject(entry: Json): entry is JsonObject {
  if (isPlainObject(entry)) return true;
  throw new VipLookupError(
    'mapping: record must yield an object such as { "tier": level }, a list of them, or nothing',
  );
}

function readRecord(entry: JsonObject, number: string, country: string | undefined): VipRecord {
  try {
    return readVipRecord({ ...entry, number }, { country });
  } catch (error) {
    if (!(error instanceof VipRecordError)) throw error;
    throw new VipLookupError(`mapping: ${error.message}`);
  }
}

export function isNothing(value: Json | undefined): boolean {
  if (value == null || value === false || value === 0 || value === '') return true;
  if (Array.isArray(value)) return value.length === 0;
  return isPlainObject(value) && Object.keys(value).length === 0;
}

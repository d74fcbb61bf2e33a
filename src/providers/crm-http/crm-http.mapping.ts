import jsonata from 'jsonata';
import {
  isPlainObject,
  numberKeys,
  readNumber,
  readRange,
  readVipRecord,
  SPELLINGS,
  VipLookupError,
  VipRecordError,
} from '../../plugin-api/index.js';
import type { Caller, Json, VipRecord } from '../../plugin-api/index.js';
import { LinearRegExp, unusablePattern } from './crm-http.regex.js';
import { spellingsOf } from './crm-http.templates.js';

/**
 * An expression runs on the thread that answers calls. Its time is limited, so is its depth (a recursion without an
 * end) and the length of a list it builds; what a lookup needs of an answer is far below all three.
 */
const LIMITS: jsonata.JsonataOptions = {
  timeout: 250,
  stack: 1_000,
  sequence: 100_000,
  RegexEngine: LinearRegExp as unknown as RegExpConstructor,
};
const MAX_EXPRESSION_CHARACTERS = 10_000;

/** Not `significant`: subscribers of two countries may share it. */
const UNMISTAKABLE = SPELLINGS.filter((spelling) => spelling !== 'significant');

/** What is wrong with a JSONata expression, for an administrator; `undefined` when nothing is. */
export function expressionProblem(text: string): string | undefined {
  if (text.length > MAX_EXPRESSION_CHARACTERS) {
    return `is longer than ${MAX_EXPRESSION_CHARACTERS} characters.`;
  }
  if (/\$eval\b/.test(text)) {
    return 'uses $eval, which is not available: it would run text of the answer as an expression.';
  }
  try {
    const pattern = unusablePattern(jsonata(text, LIMITS).ast());
    return pattern === undefined
      ? undefined
      : `has the pattern /${pattern}/, which cannot be used: write it without look-around and back references (RE2 syntax).`;
  } catch (error) {
    const { message, position } = error as { message?: unknown; position?: unknown };
    return `is no JSONata expression: ${String(message)} (character ${String(position)}). Write for example contacts.{ "tier": level, "name": name }.`;
  }
}

/** Makes VIP records of a CRM's answers, by the configured expressions. */
export class RecordMapping {
  readonly #record: jsonata.Expression;
  readonly #error: jsonata.Expression | undefined;

  /** @throws when `expressionProblem` has something to say */
  constructor(record: string, errorPath: string | null | undefined) {
    this.#record = jsonata(record, LIMITS);
    this.#error = errorPath == null ? undefined : jsonata(errorPath, LIMITS);
  }

  /**
   * The records in an answer that are this caller's, in the answer's order; none when the CRM lists nobody.
   * @throws VipLookupError when the answer reports an error, or the expression's value is no record
   */
  async read(answer: Json, caller: Caller, country: string | undefined): Promise<VipRecord[]> {
    // $eval is taken away: an answer's text must not become an expression.
    const bindings = { caller: spellingsOf(caller), eval: undefined };
    if (this.#error !== undefined && !isNothing(await evaluate('errorPath', this.#error, answer, bindings))) {
      throw new VipLookupError('the answer reports an error (errorPath)');
    }
    const value = await evaluate('record', this.#record, answer, bindings);
    const entries = value === undefined ? [] : Array.isArray(value) ? value : [value];
    return entries.flatMap((entry) => readEntry(entry, caller, country));
  }
}

async function evaluate(
  option: string,
  expression: jsonata.Expression,
  answer: Json,
  bindings: Record<string, unknown>,
): Promise<Json | undefined> {
  try {
    const value: unknown = await expression.evaluate(answer, bindings);
    // JSONata's lists carry marks of their own, and an expression may yield a function: only JSON goes on from here.
    return value === undefined ? undefined : (JSON.parse(JSON.stringify(value)) as Json);
  } catch (error) {
    // The message would repeat parts of the answer; code and position tell an administrator enough.
    const { code, name, position } = error as { code?: string; name?: string; position?: number };
    const where = position === undefined ? '' : ` at character ${position}`;
    throw new VipLookupError(`mapping: ${option} failed${where} (${code ?? name ?? 'unknown'})`);
  }
}

function readEntry(entry: Json, caller: Caller, country: string | undefined): VipRecord[] {
  if (entry === null) return [];
  if (!isPlainObject(entry)) {
    throw new VipLookupError(
      'mapping: record must yield an object such as { "tier": level }, a list of them, or nothing',
    );
  }
  if (entry['tier'] === null || entry['tier'] === '') return [];
  const number = ownNumber(entry['number'], caller, country);
  if (number === null) return [];
  try {
    return [readVipRecord({ ...entry, number }, { country, number: caller.key })];
  } catch (error) {
    if (!(error instanceof VipRecordError)) throw error;
    throw new VipLookupError(`mapping: ${error.message}`);
  }
}

/**
 * The number under which an entry counts for this caller: a search may be fuzzy, and a person with other numbers is no
 * answer. An entry may name several numbers of one person. `null` = a stranger; `undefined` = the entry names none, so
 * the CRM is believed.
 */
function ownNumber(
  written: Json | undefined,
  caller: Caller,
  country: string | undefined,
): Json | undefined | null {
  const candidates = (Array.isArray(written) ? written : [written]).filter(
    (candidate) => candidate != null && candidate !== '',
  );
  if (candidates.length === 0) return undefined;
  const keys = numberKeys(caller.key);
  const spellings = caller.spellings(UNMISTAKABLE).map(bare);
  for (const candidate of candidates) {
    if (typeof candidate !== 'string' && typeof candidate !== 'number') return candidate;
    const text = String(candidate).trim();
    if (spellings.includes(bare(text))) return caller.key;
    const key = text.includes('*') ? readRange(text, country) : readNumber(text, country).key;
    if (key !== undefined && keys.includes(key)) return key;
  }
  return null;
}

function bare(number: string): string {
  return number.replace(/[\s\-./()\u00a0]/g, '');
}

function isNothing(value: Json | undefined): boolean {
  if (value == null || value === false || value === 0 || value === '') return true;
  if (Array.isArray(value)) return value.length === 0;
  return isPlainObject(value) && Object.keys(value).length === 0;
}

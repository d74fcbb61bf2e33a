import type { Json, JsonObject } from '../common/json.js';
import { isDeeperThan, isPlainObject } from '../common/json.js';
import { isZeroDate, readInstant } from './instant.js';
import type { DateOptions } from './instant.js';
import { MAX_NUMBER_LENGTH } from './phone-number.js';
import { isNothing, readWrittenNumbers } from './written-number.js';

/**
 * One problem with a record as written.
 * @since 0.1.0
 */
export interface RecordProblem {
  /** The field concerned; `''` for the record as a whole. */
  readonly field: string;
  /** What is wrong and how to fix it; never the record's own values. */
  readonly message: string;
  /**
   * The record belongs to nobody, or not clearly to somebody. It is left out, counted and named, and does not make
   * the others unusable.
   */
  readonly isLeftOut?: true;
}

/**
 * A record could not be read; lists all its problems.
 * @since 0.1.0
 */
export class VipRecordError extends Error {
  override readonly name = 'VipRecordError';
  constructor(readonly problems: readonly RecordProblem[]) {
    super(
      problems
        .map((problem) => (problem.field ? `${problem.field}: ${problem.message}` : problem.message))
        .join('; '),
    );
  }
}

const MAX_TARGETS = 1_000;
const MAX_OBJECT_CHARACTERS = 16_384;
const MAX_OBJECT_DEPTH = 50;
/** How many unknown fields are named individually. */
const MAX_UNKNOWN = 10;

/** Reads the fields of one record as written, and collects their problems. */
export class FieldReader {
  /** Warnings about a record that can still be used. */
  readonly warnings: RecordProblem[] = [];
  /** Further numbers in the field `number`. */
  moreNumbers: readonly string[] = [];
  readonly #problems: RecordProblem[] = [];
  constructor(readonly raw: Readonly<Record<string, unknown>>) {}

  problem(field: string, message: string): undefined {
    this.#problems.push({ field, message });
    return undefined;
  }

  leaveOut(field: string, message: string): undefined {
    this.#problems.push({ field, message, isLeftOut: true });
    return undefined;
  }

  throwIfAny(): void {
    if (this.#problems.length > 0) throw new VipRecordError(this.#problems);
  }

  refuseOthers(known: readonly string[]): void {
    const others = Object.keys(this.raw).filter((field) => !known.includes(field));
    for (const field of others.slice(0, MAX_UNKNOWN)) {
      // Field names may be telephone numbers.
      const isName = /^[a-z][\w -]{0,39}$/i.test(field) && !/\d{5}/.test(field);
      this.problem(
        isName ? field : '',
        `${isName ? 'is not a field of a record' : 'has an unknown field'}; put it under attributes. Fields: ${known.join(', ')}`,
      );
    }
    const more = others.length - MAX_UNKNOWN;
    if (more > 0) this.problem('', `has ${more} more unknown fields`);
  }

  has(field: string): boolean {
    const value = this.raw[field];
    return value != null && (typeof value !== 'string' || value.trim() !== '');
  }

  text(field: string, maxLength: number): string | undefined {
    const value = this.raw[field];
    if (value == null) return undefined;
    if (typeof value !== 'string' && typeof value !== 'number') return this.problem(field, 'must be text');
    const text = String(value).trim();
    if (text === '') return undefined;
    if (text.length > maxLength) return this.problem(field, `is longer than ${maxLength} characters`);
    return text;
  }

  /** @param cure what to write if it is missing */
  required(field: string, maxLength: number, cure: string): string | undefined {
    return this.has(field) ? this.text(field, maxLength) : this.problem(field, `is missing; ${cure}`);
  }

  /** The first of the written numbers; the others are in `moreNumbers`. */
  number(country: string | undefined): string | undefined {
    const written = this.required('number', MAX_NUMBER_LENGTH, 'write a number such as +35850…');
    if (written === undefined) return undefined;
    const { keys, problem, warning } = readWrittenNumbers(written, country);
    if (problem !== undefined) return this.leaveOut('number', problem);
    if (warning !== undefined) this.warnings.push({ field: 'number', message: warning });
    const [first, ...more] = keys;
    if (first === undefined) return this.leaveOut('number', 'says that there is none');
    this.moreNumbers = more;
    return first;
  }

  tier(maxLength: number): string | undefined {
    const tier = this.required('tier', maxLength, 'write the tier that routes name, for example gold');
    if (tier === undefined || !isNothing(tier)) return tier;
    return this.leaveOut('tier', 'says that there is none, so the entry is not a VIP');
  }

  targets(): readonly string[] | undefined {
    const value = this.raw['targets'];
    if (value == null || value === '') return undefined;
    const list = typeof value === 'string' ? value.split(';') : value;
    if (!Array.isArray(list) || !list.every((target) => typeof target === 'string')) {
      return this.problem('targets', 'must be a list of targetids, or a text separated by ;');
    }
    const names = list.map((target) => target.trim()).filter((target) => target !== '');
    if (names.length > MAX_TARGETS) return this.problem('targets', `has more than ${MAX_TARGETS} entries`);
    return names.length === 0 ? undefined : names;
  }

  instant(field: string, end: 'start' | 'end', options: DateOptions): number | undefined {
    const value = this.raw[field];
    // Of Odoo, for example.
    if (value === false) return undefined;
    if (value instanceof Date && !Number.isNaN(value.getTime())) return value.getTime();
    const text = this.text(field, 40)?.replace(/^'/, '');
    if (text === undefined || isNothing(text) || isZeroDate(text)) return undefined;
    const read = readInstant(text, end, options);
    return typeof read === 'string' ? this.problem(field, read) : read;
  }

  object(field: string): JsonObject | undefined {
    let value = this.raw[field];
    if (value == null || value === '') return undefined;
    if (typeof value === 'string') {
      if (value.length > MAX_OBJECT_CHARACTERS)
        return this.problem(field, `is longer than ${MAX_OBJECT_CHARACTERS} characters`);
      try {
        value = JSON.parse(value) as Json;
      } catch {
        return this.problem(field, 'is not a JSON object; write for example {"ExtraPriority": 50}');
      }
    }
    if (!isPlainObject(value))
      return this.problem(field, 'must be an object, for example {"ExtraPriority": 50}');
    if (isDeeperThan(MAX_OBJECT_DEPTH, value))
      return this.problem(field, `is nested deeper than ${MAX_OBJECT_DEPTH} levels; write it flatter`);
    return Object.keys(value).length === 0 ? undefined : (value as JsonObject);
  }
}

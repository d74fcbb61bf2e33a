import type { ValidationOptions } from 'class-validator';
import { Rule } from './rule.js';
import type { JsonSchema } from './rule.js';

const UNITS_MS: Record<string, number> = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 };
const DURATION = /^(\d+(?:\.\d+)?)(ms|s|m|h|d)$/;
/** Longest duration accepted: Node timers overflow beyond 2^31-1 ms (24.8 days). */
const MAX_DURATION_MS = 24 * UNITS_MS['d']!;
const DURATION_SCHEMA: JsonSchema = {
  type: 'string',
  pattern: '^\\d+(\\.\\d+)?(ms|s|m|h|d)$',
  examples: ['800ms', '2s', '10m', '24h'],
};

/** Milliseconds of a duration such as `800ms`, `2s`, `10m`, `24h`; `undefined` when the text is not a duration. */
export function parseDuration(text: unknown): number | undefined {
  if (typeof text !== 'string') return undefined;
  const [, amount, unit] = DURATION.exec(text.trim()) ?? [];
  if (amount === undefined || unit === undefined) return undefined;
  const ms = Number(amount) * UNITS_MS[unit]!;
  return ms <= MAX_DURATION_MS ? ms : undefined;
}

/**
 * Milliseconds of an already validated duration; throws `RangeError` on any other text.
 * @since 0.1.0
 */
export function durationMs(text: string): number {
  const ms = parseDuration(text);
  if (ms === undefined) throw new RangeError(`not a duration: write a number with ms, s, m, h or d`);
  return ms;
}

/**
 * Limits of a duration, written as durations; messages name `default`.
 * @since 0.2.0
 */
export interface DurationLimits {
  readonly min?: string;
  readonly max?: string;
  /** Why there is a limit, as a sentence. */
  readonly why?: string;
  readonly default?: string;
}

export function duration(limits: DurationLimits = {}) {
  const standard = limits.default === undefined ? '' : ` Default: ${limits.default}.`;
  const minMs = limits.min === undefined ? 0 : durationMs(limits.min);
  const maxMs = limits.max === undefined ? MAX_DURATION_MS : durationMs(limits.max);
  const why = limits.why === undefined ? '' : ` ${limits.why}`;
  return {
    problem: (value: unknown): string | undefined => {
      const ms = parseDuration(value);
      if (ms === undefined)
        return `is not a duration. Write a number with ms, s, m, h or d, at most 24d, for example 1200ms.${standard}`;
      if (ms < minMs) return `is too short.${why} Write ${limits.min} or more.${standard}`;
      return ms > maxMs ? `is too long.${why} Write ${limits.max} or less.${standard}` : undefined;
    },
    schema: DURATION_SCHEMA,
  };
}

/**
 * class-validator decorator: a text such as `1200ms`. The value stays text; convert it with `durationMs`.
 * @since 0.1.0
 */
export function IsDuration(limits: DurationLimits = {}, options?: ValidationOptions): PropertyDecorator {
  const { problem, schema } = duration(limits);
  return Rule(problem, schema, options);
}

import { registerDecorator } from 'class-validator';
import type { ValidationOptions } from 'class-validator';

const UNITS_MS: Record<string, number> = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 };
const DURATION = /^(\d+(?:\.\d+)?)(ms|s|m|h|d)$/;
/** Longest duration accepted: Node timers overflow beyond 2^31-1 ms (24.8 days). */
export const MAX_DURATION_MS = 24 * UNITS_MS.d!;

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
 * class-validator decorator: a text such as `1200ms`. The value stays text; convert it with `durationMs`.
 * @param rule smallest allowed value and the default to name in the error message, both as durations
 * @since 0.1.0
 */
export function IsDuration(
  rule: { min?: string; default?: string } = {},
  options?: ValidationOptions,
): PropertyDecorator {
  const minMs = rule.min === undefined ? 0 : durationMs(rule.min);
  const minText = rule.min === undefined ? '' : `, at least ${rule.min}`;
  const defaultText = rule.default === undefined ? '' : ` Default: ${rule.default}.`;
  return (target, property) =>
    registerDecorator({
      name: 'isDuration',
      target: target.constructor,
      propertyName: property as string,
      ...(options ? { options } : {}),
      validator: {
        validate: (value: unknown) => (parseDuration(value) ?? -1) >= minMs,
        defaultMessage: (checked) =>
          parseDuration(checked?.value) !== undefined
            ? `is too short. Write ${rule.min} or more.${defaultText}`
            : `is not a duration. Write a number with ms, s, m, h or d${minText} and at most 24d, for example 1200ms.${defaultText}`,
      },
    });
}

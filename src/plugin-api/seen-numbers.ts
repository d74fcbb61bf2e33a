import { sameTier } from './vip-record.js';
import type { VipRecord } from './vip-record.js';

type Seen = Pick<VipRecord, 'tier' | 'validFromMs' | 'validUntilMs'>;

/** A column full of one placeholder must not make each comparison longer than the one before. */
const MAX_EACH = 50;

/**
 * Tells which entries have a number that came before with another tier. Remembers all of them: for a copy, or a part of a table.
 * @since 0.2.0
 */
export class SeenNumbers {
  readonly #seen = new Map<string, readonly Seen[]>();

  /** True when an entry before it has its number, for the same targets and all the time that it is valid, with another tier. */
  isRepeat({ number, targets, tier, validFromMs, validUntilMs }: VipRecord): boolean {
    const key = targets === undefined ? number : JSON.stringify([number, [...new Set(targets)].sort()]);
    const seen: Seen = { tier, validFromMs, validUntilMs };
    const before = this.#seen.get(key) ?? [];
    const hasSame = before.some(
      (one) =>
        sameTier(one.tier) === sameTier(tier) &&
        one.validFromMs === validFromMs &&
        one.validUntilMs === validUntilMs,
    );
    if (!hasSame && before.length < MAX_EACH) this.#seen.set(key, [...before, seen]);
    return before.some((one) => sameTier(one.tier) !== sameTier(tier) && covers(one, seen));
  }
}

/** Whether the first is valid whenever the second is. */
function covers(a: Seen, b: Seen): boolean {
  return (
    (a.validFromMs ?? -Infinity) <= (b.validFromMs ?? -Infinity) &&
    (a.validUntilMs ?? Infinity) >= (b.validUntilMs ?? Infinity)
  );
}

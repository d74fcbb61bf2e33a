import { describe, expect, it } from '@jest/globals';
import { SeenNumbers } from './seen-numbers.js';
import type { VipRecord } from './vip-record.js';

const entry = (over: Partial<VipRecord> = {}): VipRecord => ({
  number: '+358501231234',
  tier: 'gold',
  ...over,
});

function repeats(...records: VipRecord[]): boolean[] {
  const seen = new SeenNumbers();
  return records.map((record) => seen.isRepeat(record));
}

describe('a number that came before', () => {
  it('is a repeat with another tier, not with the same one', () => {
    expect(repeats(entry(), entry({ tier: ' GOLD' }), entry({ tier: 'silver' }))).toEqual([
      false,
      false,
      true,
    ]);
  });

  it('is none for other targets', () => {
    const [a, b] = [
      ['A', 'B'],
      ['B', 'A', 'B'],
    ];
    expect(
      repeats(entry(), entry({ tier: 'silver', targets: a }), entry({ tier: 'blue', targets: b })),
    ).toEqual([false, false, true]);
  });

  it('is none for another time', () => {
    const first = entry({ validUntilMs: 1_000 });
    expect(
      repeats(
        first,
        entry({ tier: 'silver', validFromMs: 1_000 }),
        entry({ tier: 'blue', validFromMs: 999, validUntilMs: 1_000 }),
        entry({ tier: 'blue', validFromMs: 999, validUntilMs: 1_001 }),
        entry({ tier: 'blue' }),
      ),
    ).toEqual([false, false, true, false, false]);
  });

  it('is compared with fifty others at most', () => {
    const many = Array.from({ length: 200 }, (_, index) => entry({ tier: `t${index}` }));
    expect(repeats(...many).filter(Boolean)).toHaveLength(199);
  });
});

import { describe, expect, it } from '@jest/globals';
import { readVipRecord } from './vip-record.js';
import type { VipRecordError } from './field-reader.js';

describe('a record that no VIP needs', () => {
  const problemsOf = (raw: Record<string, unknown>) => {
    try {
      readVipRecord({ number: '4711', tier: 'gold', ...raw });
    } catch (error) {
      return (error as VipRecordError).problems;
    }
    return [];
  };

  it('has its first ten unknown fields told one by one, and the others counted', () => {
    const raw = Object.fromEntries(
      Array.from({ length: 100_000 }, (_, at) => [`k${'x'.repeat(at % 3)}-${at}`, 1]),
    );
    const problems = problemsOf(raw);
    expect(problems).toHaveLength(11);
    expect(problems.at(-1)).toEqual({
      field: '',
      message: 'has 99990 more unknown fields',
    });
  });

  it('may hold objects in objects, and one twice, but not without end', () => {
    const nested = (levels: number): object => (levels === 0 ? {} : { x: nested(levels - 1) });
    const itself: Record<string, unknown> = { a: 1 };
    itself['x'] = [itself];
    const twice = nested(20);
    const tooDeep = (field: string) => [
      { field, message: 'is nested deeper than 50 levels; write it flatter' },
    ];
    expect(problemsOf({ attributes: nested(49) })).toEqual([]);
    expect(problemsOf({ attributes: { a: twice, b: { c: twice } } })).toEqual([]);
    expect(problemsOf({ attributes: nested(50) })).toEqual(tooDeep('attributes'));
    expect(problemsOf({ attributes: { a: nested(30), b: nested(60) } })).toEqual(tooDeep('attributes'));
    expect(problemsOf({ instructions: itself })).toEqual(tooDeep('instructions'));
    expect(problemsOf({ attributes: `{"x": ${'['.repeat(8_000)}${']'.repeat(8_000)}}` })).toEqual(
      tooDeep('attributes'),
    );
  });
});

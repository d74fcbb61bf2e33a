import { describe, expect, it } from '@jest/globals';
import { columnsProblem, tierProblem, tiersProblem } from './contact-options.js';

describe('the options of a file of contacts', () => {
  it.each([
    ['auto', {}],
    [{ number: 'Mobile', tier: 'Group' }, {}],
    [{ number: ['Mobile', 'Phone * - Value'], name: ['First Name', 'Last Name'] }, { tier: 'gold' }],
    [{ number: 2, name: [3, 1], tier: 4 }, {}],
    [{ number: 'Phone', tier: 'Group', validUntil: 'End', company: 'Firm' }, { tiers: { VIP: 'gold' } }],
  ])('take columns: %j', (columns, options) => {
    expect(columnsProblem(columns, options)).toBeUndefined();
  });

  it.each([
    ['Auto', {}, 'must be auto, or say which columns hold what'],
    [['Mobile'], {}, 'must be auto, or say which columns hold what'],
    [{ name: 'Name' }, {}, 'has no number. Name the columns with telephone numbers'],
    [{ number: 'Mobile' }, {}, 'does not say which tier they have'],
    [{ number: 'Mobile' }, { tiers: { VIP: 'gold' } }, 'must name the column that tiers goes by'],
    [{ number: 'Mobile', teir: 'Group' }, {}, 'nearly "tier". Write it so'],
    [
      { number: 0, tier: 2 },
      {},
      'must name each column by its name in the first line, or by its position, from 1.',
    ],
    [{ number: 1.5, tier: 2 }, {}, 'must name each column'],
    [{ number: [], tier: 'Group' }, {}, 'must name each column'],
    [{ number: ' ', tier: 'Group' }, {}, 'must name each column'],
    [{ number: [null], tier: 'Group' }, {}, 'must name each column'],
    [{ number: { a: 1 }, tier: 'Group' }, {}, 'must name each column'],
    [{ number: 2, tier: 'Group' }, {}, 'names some columns by name and some by position'],
    [{ number: Array(101).fill('Mobile'), tier: 'Group' }, {}, 'names more than 100 columns'],
  ])('refuse columns: %j', (columns, options, problem) => {
    expect(columnsProblem(columns, options)).toContain(problem);
  });

  it('take a tier that routes can name', () => {
    expect([tierProblem('gold'), tiersProblem({ Board: 'platinum', VIP: 'gold' })]).toEqual([
      undefined,
      undefined,
    ]);
    for (const tier of ['', ' ', 'x'.repeat(65), 7, {}, 'NULL', 'n/a']) {
      expect(tierProblem(tier)).toContain('must be text of 1 to 64 characters that routes name');
      expect(tiersProblem({ VIP: tier })).toContain('must say which tier a group of the file means');
    }
  });

  it.each([
    [[], 'must say which tier a group of the file means'],
    [{}, 'must say which tier a group of the file means'],
    ['VIP=gold', 'must say which tier a group of the file means'],
    [{ VIP: 'gold', ' vip ': 'silver' }, 'has a group twice, apart from capitals'],
    [
      Object.fromEntries(Array.from({ length: 1_001 }, (_, at) => [`g${at}`, 'gold'])),
      'has more than 1000 groups',
    ],
  ])('refuse tiers: %j', (tiers, problem) => {
    expect(tiersProblem(tiers)).toContain(problem);
  });
});

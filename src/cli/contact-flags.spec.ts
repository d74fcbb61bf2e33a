import { describe, expect, it } from '@jest/globals';
import { contactOptions } from './contact-flags.js';

describe('the flags of import for contacts', () => {
  it('stand for the options of a provider', () => {
    expect(contactOptions({})).toEqual({});
    expect(contactOptions({ contacts: true, tier: 'gold' })).toEqual({ columns: 'auto', tier: 'gold' });
    expect(
      contactOptions({
        column: ['number=Business Phone', 'number = Phone * - Value', 'name=First Name', 'tier=Categories'],
        tiers: ['Board=platinum,VIP=gold', 'Friends = silver'],
      }),
    ).toEqual({
      columns: { number: ['Business Phone', 'Phone * - Value'], name: ['First Name'], tier: ['Categories'] },
      tiers: { Board: 'platinum', VIP: 'gold', Friends: 'silver' },
    });
    expect(contactOptions({ column: ['number=2', 'name=1', 'tier=3'] })).toEqual({
      columns: { number: [2], name: [1], tier: [3] },
    });
  });

  it.each([
    [{ contacts: true, column: ['number=2'] }, '--contacts stands beside --column. Keep one of the two.'],
    [{ column: ['Business Phone'] }, '--column "Business Phone": write the field and the column of the file'],
    [{ column: ['number='] }, '--column "number=": write the field and the column'],
    [{ column: ['name=Name'] }, '--column has no number.'],
    [{ column: ['number=Mobile'] }, '--column does not say which tier they have.'],
    [{ column: ['number=0'], tier: 'gold' }, '--column must name each column'],
    [{ contacts: true, tier: '' }, '--tier must be text of 1 to 64 characters'],
    [{ contacts: true, tiers: ['VIP'] }, '--tiers "VIP": write the groups of the file and their tiers'],
    [{ contacts: true, tiers: [`VIP=${'x'.repeat(65)}`] }, '--tiers must say which tier a group'],
  ])('are refused: %j', (flags, problem) => {
    expect(() => contactOptions(flags)).toThrow(problem);
  });
});

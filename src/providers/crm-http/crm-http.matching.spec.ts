import { beforeEach, describe, expect, it } from '@jest/globals';
import { lookUp } from '../../../test/support/crm-provider.js';
import type { CrmYaml } from '../../../test/support/crm-provider.js';
import type { CrmServer } from '../../../test/support/crm-server.js';
import { AINO, describeWithCrm, UNKNOWN } from '../../../test/support/describe-with-crm.js';

describeWithCrm('crm-http', (trial) => {
  let crm: CrmServer;
  beforeEach(() => {
    ({ crm } = trial);
  });
  const provide = (yaml?: CrmYaml) => trial.provide(yaml);

  describe("takes a contact's own number for the caller's", () => {
    it.each([
      '+358 50 123 1234',
      '0501231234',
      '050-123 1234',
      '00358501231234',
      'tel:+358501231234',
      '358501231234',
      358501231234,
      '+3585012*',
    ])('written %p', async (number) => {
      crm.answer = () => ({ body: { contacts: [{ number, tier: 'gold' }] } });
      expect(await lookUp(provide(), AINO)).toStrictEqual([
        { number: String(number).endsWith('*') ? number : AINO, tier: 'gold' },
      ]);
    });

    it('when it is one of several, the best of them', async () => {
      const number = ['09 123 4567', ['+358501*', '050 1231234'], '+358*', null];
      crm.answer = () => ({ body: { contacts: [{ number, tier: 'gold' }] } });
      expect(await lookUp(provide(), AINO)).toStrictEqual([{ number: AINO, tier: 'gold' }]);
    });
  });

  describe('believes no contact without a number', () => {
    const contact = { tier: 'gold' };

    it.each([[null], [''], [' '], ['0*'], ['+358*'], ['050*'], [[]], [[null, '', [null]]]])(
      'when it is %j',
      async (number) => {
        crm.answer = () => ({ body: { contacts: [{ ...contact, number }] } });
        expect(await lookUp(provide(), AINO)).toBeNull();
      },
    );

    it('when another contact has one, or the expression would have written one', async () => {
      crm.answer = () => ({ body: { contacts: [contact, { ...contact, number: UNKNOWN }] } });
      expect(await lookUp(provide(), AINO)).toBeNull();
      crm.answer = () => ({ body: { contacts: [{ level: 'gold' }] } });
      expect(
        await lookUp(provide({ record: "contacts.{ 'number': phone, 'tier': level }" }), AINO),
      ).toBeNull();
    });

    it('unless trustAnswer says that the API answers without, and checks those that there are', async () => {
      const provider = provide({ trustAnswer: true });
      crm.answer = () => ({ body: { contacts: [contact, { ...contact, number: ' ' }] } });
      expect(await lookUp(provider, AINO)).toStrictEqual([
        { number: AINO, tier: 'gold' },
        { number: AINO, tier: 'gold' },
      ]);
      crm.answer = () => ({ body: { contacts: { ...contact, number: UNKNOWN } } });
      expect(await lookUp(provider, AINO)).toBeNull();
    });
  });

  describe('puts the best of several records first', () => {
    const contacts = ['bronze', 'gold', 'diamond', 'silver', 'platinum', 'gold'].map((tier, id) => ({
      number: AINO,
      tier,
      attributes: { id },
    }));
    const tiers = async (yaml: CrmYaml) =>
      (await lookUp(provide(yaml), AINO))!.map(
        ({ tier, attributes }) => `${tier} ${JSON.stringify(attributes!['id'])}`,
      );

    it('by tierOrder, tiers that it does not name last, and leaves the rest as the CRM has it', async () => {
      crm.answer = () => ({ body: { contacts } });
      expect(await tiers({ tierOrder: ['platinum', 'gold', 'silver'] })).toEqual([
        'platinum 4',
        'gold 1',
        'gold 5',
        'silver 3',
        'bronze 0',
        'diamond 2',
      ]);
      expect(await tiers({})).toEqual(contacts.map(({ tier }, id) => `${tier} ${id}`));
    });

    it('after the exact number, whatever tier a range has', async () => {
      const range = { number: '+358501*', tier: 'gold', attributes: { id: 9 } };
      crm.answer = () => ({ body: { contacts: [range, contacts[0]] } });
      expect(await tiers({ tierOrder: ['gold', 'bronze'] })).toEqual(['bronze 0', 'gold 9']);
    });
  });
});

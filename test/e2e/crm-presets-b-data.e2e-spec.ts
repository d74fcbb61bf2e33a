import { afterEach, describe, expect, it } from '@jest/globals';
import { ESPOCRM_KEY, startEspoCrm } from '../support/crm-vendors/espocrm.js';
import type { EspoCrmOptions } from '../support/crm-vendors/espocrm.js';
import { ODOO_KEY, startOdoo } from '../support/crm-vendors/odoo.js';
import { startSuperOffice, SUPEROFFICE_REFRESH_TOKEN } from '../support/crm-vendors/superoffice.js';
import { startTwenty, TWENTY_KEY, TWENTY_OLD_LIMIT } from '../support/crm-vendors/twenty.js';
import type { Person, VendorCloud } from '../support/crm-vendors/vendor-cloud.js';
import { PresetTrials } from '../support/crm-vendors/preset-trials.js';

/** What the pages under docs/crm say of single vendors. */
describe('presets in the face of', () => {
  const trials = new PresetTrials();
  afterEach(() => trials.stop());
  const service = (provider: Record<string, unknown>) => trials.service(provider);
  const playing = (cloud: VendorCloud) => trials.playing(cloud);

  const KAISA: Person = {
    name: 'Kaisa Kaksi',
    phone: '+358 9 123 1111',
    mobile: '050 123 9999',
    tier: 'SILVER',
  };

  describe('EspoCRM, which lists the primary number only,', () => {
    const espocrm = async (options: Partial<EspoCrmOptions>) =>
      service({
        preset: 'espocrm',
        parameters: { host: `${playing(await startEspoCrm([KAISA], options))}/crm` },
        auth: { value: ESPOCRM_KEY },
      });

    it('find a VIP by it, and refuse one whose further number nobody can check', async () => {
      const call = await espocrm({ listsAllNumbers: false });
      expect(await call('+35891231111')).toEqual(['matched', { Tier: 'silver', Name: 'Kaisa Kaksi' }]);
      expect(await call('+358501239999')).toEqual(['no-match']);
    });

    it('find a VIP by each number once lists have them all', async () => {
      const call = await espocrm({ listsAllNumbers: true });
      expect(await call('+35891231111')).toEqual(['matched', { Tier: 'silver', Name: 'Kaisa Kaksi' }]);
      expect(await call('+358501239999')).toEqual(['matched', { Tier: 'silver', Name: 'Kaisa Kaksi' }]);
    });
  });

  it('EspoCRM of a version that ignores the filter, fail, and do not say "nobody"', async () => {
    const people = [KAISA, { name: 'Olli Oma', phone: '+358501237777' }];
    const host = playing(await startEspoCrm(people, { knowsWhereGroup: false }));
    const call = await service({
      preset: 'espocrm',
      parameters: { host: `${host}/crm` },
      auth: { value: ESPOCRM_KEY },
    });
    expect(await call('+358501230000')).toEqual(['lookup-failed']);
  });

  describe('Twenty, which keeps further numbers apart,', () => {
    it('find a VIP by each number', async () => {
      const host = playing(await startTwenty([KAISA]));
      const call = await service({ preset: 'twenty', parameters: { host }, auth: { token: TWENTY_KEY } });
      expect(await call('+35891231111')).toEqual(['matched', { Tier: 'silver', Name: 'Kaisa Kaksi' }]);
      expect(await call('+358501239999')).toEqual(['matched', { Tier: 'silver', Name: 'Kaisa Kaksi' }]);
    });

    it('pause when an earlier version says 400 for its limit', async () => {
      const cloud = await startTwenty([KAISA]);
      const call = await service({
        preset: 'twenty',
        parameters: { host: playing(cloud) },
        auth: { token: TWENTY_KEY },
      });
      cloud.limit = TWENTY_OLD_LIMIT;
      expect(await call('+358501239901')).toEqual(['lookup-failed']);
      cloud.limit = undefined;
      expect(await call('+358501239999')).toEqual(['lookup-failed']);
      expect(cloud.exchanges).toHaveLength(1);
    });
  });

  it('SuperOffice, in case it compares the text, find what is unbroken, grouped usually, or as a pattern has it', async () => {
    const people = ['+358501231201', '+358 50 1231202', '050 1231203', '050-123 1204', '(050) 123 1205'];
    const { cloud } = await startSuperOffice(
      people.map((phone, index) => ({ name: `Aino ${index}`, phone, tier: 'Gold' })),
      'text',
    );
    const host = playing(cloud);
    const call = await service({
      preset: 'superoffice',
      parameters: { host: `${host}/Cust12345`, login: host, tierField: 'personUdef/SuperOffice:7' },
      auth: {
        clientId: '4ref5376616343b3',
        clientSecret: 'superoffice-secret',
        refreshToken: SUPEROFFICE_REFRESH_TOKEN,
        encryptionKey: 'a key of at least twenty characters',
      },
      spellings: ['significant', 'international', 'local', '###-### ####'],
    });
    for (const index of [0, 1, 2, 3]) {
      expect(await call(`+35850123120${index + 1}`)).toEqual([
        'matched',
        { Tier: 'gold', Name: `Aino ${index}` },
      ]);
    }
    expect(await call('+358501231205')).toEqual(['no-match']);
  });

  it('several contacts on one number, take the highest tier', async () => {
    const phone = '+358 50 123 1201';
    const host = playing(
      await startOdoo([
        { name: 'Anna Alho', phone, tier: 'silver' },
        { name: 'Bo Berg', phone, tier: 'gold' },
        { name: 'Cai Cash', phone },
      ]),
    );
    const call = await service({
      preset: 'odoo',
      parameters: { host },
      auth: { token: ODOO_KEY },
      tierOrder: ['platinum', 'gold', 'silver'],
    });
    expect(await call('+358501231201')).toEqual(['matched', { Tier: 'gold', Name: 'Bo Berg' }]);
  });

  it.each([
    ['odoo', { host: 'https://acme.odoo.com', tierField: 'x","!=",1],["id' }, 'parameters.tierField'],
    ['espocrm', { host: 'https://crm.example/../admin' }, 'parameters.host'],
    ['suitecrm', { host: 'https://crm.example', module: 'Contacts?x=' }, 'parameters.module'],
    [
      'superoffice',
      { host: 'https://evil.example', tierField: 'personUdef/SuperOffice:7' },
      'parameters.host',
    ],
    ['twenty', { tierField: 'vipTier[eq]:1' }, 'parameters.tierField'],
    ['intercom', { host: 'http://api.intercom.io' }, 'parameters.host'],
  ])('a parameter of %s that is not harmless, refuse to start', async (preset, parameters, key) => {
    const start = service({ preset, parameters, auth: { token: 'x' } });
    await expect(start).rejects.toThrow(`providers.crm.${key}: `);
  });
});

import { afterEach, describe, expect, it } from '@jest/globals';
import { DYNAMICS_TENANT, startDynamics } from '../../../test/support/crm-vendors/dynamics.js';
import { ESPOCRM_KEY, startEspoCrm } from '../../../test/support/crm-vendors/espocrm.js';
import type { EspoCrmOptions } from '../../../test/support/crm-vendors/espocrm.js';
import { FRESHDESK_KEY, startFreshdesk } from '../../../test/support/crm-vendors/freshdesk.js';
import { HUBSPOT_TOKEN, startHubSpot } from '../../../test/support/crm-vendors/hubspot.js';
import { ODOO_KEY, startOdoo } from '../../../test/support/crm-vendors/odoo.js';
import { PIPEDRIVE_TOKEN, startPipedrive } from '../../../test/support/crm-vendors/pipedrive.js';
import { PresetTrials } from '../../../test/support/crm-vendors/preset-trials.js';
import { VENDORS_A } from '../../../test/support/crm-vendors/presets-a.js';
import { startSalesforce } from '../../../test/support/crm-vendors/salesforce.js';
import {
  startSuperOffice,
  SUPEROFFICE_REFRESH_TOKEN,
} from '../../../test/support/crm-vendors/superoffice.js';
import { startTwenty, TWENTY_KEY, TWENTY_OLD_LIMIT } from '../../../test/support/crm-vendors/twenty.js';
import type { Person } from '../../../test/support/crm-vendors/vendor-cloud.js';
import { startZoho, ZOHO_SCOPE } from '../../../test/support/crm-vendors/zoho.js';

/** What the pages under docs/crm say of single vendors. */
describe('presets in the face of', () => {
  const trials = new PresetTrials();
  afterEach(() => trials.stop());

  const AINO: Person = { name: 'Aino Aalto', phone: '+358501231201', tier: 'Gold' };
  const OF_AINO = { tier: 'gold', name: 'Aino Aalto' };

  it.each(['zendesk', 'freshdesk', 'zoho'])(
    '%s, which refuses no field, fail with a misspelt one as soon as somebody is found',
    async (preset) => {
      const vendor = VENDORS_A.find((one) => one.preset === preset)!;
      const { cloud } = await vendor.start([AINO]);
      const { parameters, ...good } = vendor.yaml(trials.playing(cloud));
      const misspelt = { ...(parameters as object), tierField: 'vip_teir' };
      const call = trials.provider({ preset, ...good, parameters: misspelt });
      expect(await call('+358501231201')).toEqual('failed');
    },
  );

  it.each(VENDORS_A.filter(({ preset }) => preset !== 'freshdesk'))(
    '$preset, find the one VIP among many contacts with the number of their company',
    async (vendor) => {
      const colleagues = Array.from({ length: 30 }, (_, index) => ({
        name: `Colleague ${index}`,
        phone: '+358501231201',
      }));
      const { cloud } = await vendor.start([...colleagues, { ...AINO, tier: vendor.gold }]);
      const call = trials.provider({
        preset: vendor.preset,
        ...vendor.yaml(trials.playing(cloud)),
      });
      expect(await call('+358501231201')).toEqual(OF_AINO);
    },
  );

  it('HubSpot in another country, find what is written as there', async () => {
    const people = [{ name: 'Ada Ames', phone: '(415) 555-2671', tier: 'gold' }];
    const host = trials.playing(await startHubSpot(people, 'US'));
    const provider = { preset: 'hubspot', parameters: { host }, auth: { token: HUBSPOT_TOKEN } };
    const call = trials.provider(provider, 'US');
    expect(await call('+14155552671')).toEqual({ tier: 'gold', name: 'Ada Ames' });
    const elsewhere = trials.provider(provider, 'FI');
    expect(await elsewhere('+14155552671')).toEqual('nobody');
  });

  const salesforce = async (people: readonly Person[], more = {}) => {
    const { cloud, desk } = await startSalesforce(people);
    const call = trials.provider({
      preset: 'salesforce',
      parameters: { host: trials.playing(cloud) },
      auth: { clientId: '3MVG9.test', clientSecret: 'salesforce-secret' },
      ...more,
    });
    return { call, cloud, desk };
  };

  it('Salesforce, go on asking after a 403 that is no limit', async () => {
    const { call, cloud } = await salesforce([AINO]);
    const body = [{ message: 'You do not have the rights.', errorCode: 'API_DISABLED_FOR_ORG' }];
    cloud.limit = { status: 403, body };
    expect(await call('+358501231201')).toEqual('failed');
    cloud.limit = undefined;
    expect(await call('+358501231201')).toEqual(OF_AINO);
  });

  it('Salesforce, which answers with several contacts on one number, take the highest tier', async () => {
    const { call } = await salesforce(
      [
        { name: 'Bo Berg', phone: '+358 50 123 1201', tier: 'Silver' },
        { name: 'Cai Cash', phone: '050 123 1201' },
        { name: 'Aino Aalto', mobile: '(050) 123-1201', tier: 'Gold' },
      ],
      { tierOrder: ['platinum', 'gold', 'silver'] },
    );
    expect(await call('+358501231201')).toEqual(OF_AINO);
  });

  it('Dynamics, read the label of a choice, and the text of a text column', async () => {
    const bo = { name: 'Bo Berg', mobile: '050 1231202', tier: 'Bronze' };
    const { cloud } = await startDynamics([AINO, bo]);
    const host = trials.playing(cloud);
    const call = trials.provider({
      preset: 'dynamics',
      parameters: { host, login: host, tenant: DYNAMICS_TENANT, tierField: 'new_viptier' },
      auth: { clientId: 'dynamics-app', clientSecret: 'dynamics~secret' },
    });
    expect(await call('+358501231201')).toEqual(OF_AINO);
    expect(await call('+358501231202')).toEqual({ tier: 'bronze', name: 'Bo Berg' });
  });

  it('Pipedrive, find grouped numbers by a pattern, and take no other text for a tier', async () => {
    const cloud = await startPipedrive([
      { name: 'Aino Aalto', phone: '+35891231111', mobile: '050 123 1201', tier: 'VIP-Gold' },
      { name: 'Bo Berg', phone: '+358501231202', tier: 'gold' },
    ]);
    const call = trials.provider({
      preset: 'pipedrive',
      parameters: { host: trials.playing(cloud) },
      auth: { value: PIPEDRIVE_TOKEN },
      spellings: ['significant', '### ### ####'],
    });
    expect(await call('+358501231201')).toEqual(OF_AINO);
    expect(cloud.exchanges).toHaveLength(2);
    expect(await call('+358501231202')).toEqual('nobody');
  });

  it.each([
    ['dynamics', '+### ## ### ####', '+358 50 123 1201'],
    ['freshdesk', '###-### ####', '050-123 1201'],
    ['zoho', '(###) ### ####', '(050) 123 1201'],
  ])('%s, which compares texts, find by the pattern %s', async (preset, pattern, phone) => {
    const vendor = VENDORS_A.find((one) => one.preset === preset)!;
    const { cloud } = await vendor.start([{ ...AINO, phone }]);
    const good = vendor.yaml(trials.playing(cloud));
    const call = trials.provider({ preset, ...good, spellings: ['e164', pattern] });
    expect(await call('+358501231201')).toEqual(OF_AINO);
    expect(cloud.exchanges).toHaveLength(1);
  });

  it('Freshdesk, keep to the length of a query with the longest numbers', async () => {
    const cloud = await startFreshdesk([AINO]);
    const spellings = ['e164', 'international', 'national', 'local', 'digits', 'idd', 'significant'];
    const call = trials.provider(
      {
        preset: 'freshdesk',
        parameters: { host: trials.playing(cloud) },
        auth: { username: FRESHDESK_KEY },
        spellings: [...spellings, '+## ## ### ### ### ##'],
      },
      'DE',
    );
    expect(await call('+493012345678901')).toEqual('nobody');
    const asked = cloud.exchanges[0]!.request.query.get('query')!;
    expect(asked.split(' OR ')).toHaveLength(2 * (spellings.length + 1));
  });

  it('Zoho, take tokens by client credentials too', async () => {
    const { cloud, desk } = await startZoho([AINO], 'client_credentials');
    const host = trials.playing(cloud);
    const call = trials.provider({
      preset: 'zoho',
      parameters: { host },
      auth: {
        type: 'oauth2-client-credentials',
        tokenUrl: `${host}/oauth/v2/token`,
        scheme: 'Zoho-oauthtoken',
        clientId: '1000.CLIENT',
        clientSecret: 'zoho-secret',
        scope: ZOHO_SCOPE,
        parameters: { soid: 'ZohoCRM.20012345678' },
      },
    });
    expect(await call('+358501231201')).toEqual(OF_AINO);
    expect(desk.issued).toBe(1);
  });

  const KAISA: Person = {
    name: 'Kaisa Kaksi',
    phone: '+358 9 123 1111',
    mobile: '050 123 9999',
    tier: 'SILVER',
  };

  describe('EspoCRM, which lists the primary number only,', () => {
    const espocrm = async (options: Partial<EspoCrmOptions>) =>
      trials.provider({
        preset: 'espocrm',
        parameters: { host: `${trials.playing(await startEspoCrm([KAISA], options))}/crm` },
        auth: { value: ESPOCRM_KEY },
      });

    it('find a VIP by it, and refuse one whose further number nobody can check', async () => {
      const call = await espocrm({ listsAllNumbers: false });
      expect(await call('+35891231111')).toEqual({ tier: 'silver', name: 'Kaisa Kaksi' });
      expect(await call('+358501239999')).toEqual('nobody');
    });

    it('find a VIP by each number once lists have them all', async () => {
      const call = await espocrm({ listsAllNumbers: true });
      expect(await call('+35891231111')).toEqual({ tier: 'silver', name: 'Kaisa Kaksi' });
      expect(await call('+358501239999')).toEqual({ tier: 'silver', name: 'Kaisa Kaksi' });
    });
  });

  it('EspoCRM of a version that ignores the filter, fail, and do not say "nobody"', async () => {
    const people = [KAISA, { name: 'Olli Oma', phone: '+358501237777' }];
    const host = trials.playing(await startEspoCrm(people, { knowsWhereGroup: false }));
    const call = trials.provider({
      preset: 'espocrm',
      parameters: { host: `${host}/crm` },
      auth: { value: ESPOCRM_KEY },
    });
    expect(await call('+358501230000')).toEqual('failed');
  });

  describe('Twenty, which keeps further numbers apart,', () => {
    it('find a VIP by each number', async () => {
      const host = trials.playing(await startTwenty([KAISA]));
      const call = trials.provider({ preset: 'twenty', parameters: { host }, auth: { token: TWENTY_KEY } });
      expect(await call('+35891231111')).toEqual({ tier: 'silver', name: 'Kaisa Kaksi' });
      expect(await call('+358501239999')).toEqual({ tier: 'silver', name: 'Kaisa Kaksi' });
    });

    it('pause when an earlier version says 400 for its limit', async () => {
      const cloud = await startTwenty([KAISA]);
      const call = trials.provider({
        preset: 'twenty',
        parameters: { host: trials.playing(cloud) },
        auth: { token: TWENTY_KEY },
      });
      cloud.limit = TWENTY_OLD_LIMIT;
      expect(await call('+358501239901')).toEqual('failed');
      cloud.limit = undefined;
      expect(await call('+358501239999')).toEqual('failed');
      expect(cloud.exchanges).toHaveLength(1);
    });
  });

  it('SuperOffice, in case it compares the text, find what is unbroken, grouped usually, or as a pattern has it', async () => {
    const people = ['+358501231201', '+358 50 1231202', '050 1231203', '050-123 1204', '(050) 123 1205'];
    const { cloud } = await startSuperOffice(
      people.map((phone, index) => ({ name: `Aino ${index}`, phone, tier: 'Gold' })),
      'text',
    );
    const host = trials.playing(cloud);
    const call = trials.provider({
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
      expect(await call(`+35850123120${index + 1}`)).toEqual({ tier: 'gold', name: `Aino ${index}` });
    }
    expect(await call('+358501231205')).toEqual('nobody');
  });

  it('several contacts on one number, take the highest tier', async () => {
    const phone = '+358 50 123 1201';
    const host = trials.playing(
      await startOdoo([
        { name: 'Anna Alho', phone, tier: 'silver' },
        { name: 'Bo Berg', phone, tier: 'gold' },
        { name: 'Cai Cash', phone },
      ]),
    );
    const call = trials.provider({
      preset: 'odoo',
      parameters: { host },
      auth: { token: ODOO_KEY },
      tierOrder: ['platinum', 'gold', 'silver'],
    });
    expect(await call('+358501231201')).toEqual({ tier: 'gold', name: 'Bo Berg' });
  });
});

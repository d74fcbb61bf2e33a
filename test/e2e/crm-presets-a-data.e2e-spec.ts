import { afterEach, describe, expect, it } from '@jest/globals';
import { readFileSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DYNAMICS_TENANT, startDynamics } from '../support/crm-vendors/dynamics.js';
import { FRESHDESK_KEY, startFreshdesk } from '../support/crm-vendors/freshdesk.js';
import { HUBSPOT_TOKEN, startHubSpot } from '../support/crm-vendors/hubspot.js';
import { PIPEDRIVE_TOKEN, startPipedrive } from '../support/crm-vendors/pipedrive.js';
import { VENDORS_A } from '../support/crm-vendors/presets-a.js';
import { PresetTrials } from '../support/crm-vendors/preset-trials.js';
import { startSalesforce } from '../support/crm-vendors/salesforce.js';
import { VendorCloud } from '../support/crm-vendors/vendor-cloud.js';
import type { Person } from '../support/crm-vendors/vendor-cloud.js';
import { startZoho, ZOHO_SCOPE } from '../support/crm-vendors/zoho.js';

/** What the pages under docs/crm say of single vendors. */
describe('presets in the face of', () => {
  const trials = new PresetTrials();
  afterEach(() => trials.stop());

  const AINO: Person = { name: 'Aino Aalto', phone: '+358501231201', tier: 'Gold' };
  const OF_AINO = ['matched', { Tier: 'gold', Name: 'Aino Aalto' }];

  it.each(['zendesk', 'freshdesk', 'zoho'])(
    '%s, which refuses no field, fail with a misspelt one as soon as somebody is found',
    async (preset) => {
      const vendor = VENDORS_A.find((one) => one.preset === preset)!;
      const { cloud } = await vendor.start([AINO]);
      const { parameters, ...good } = vendor.yaml(trials.playing(cloud));
      const misspelt = { ...(parameters as object), tierField: 'vip_teir' };
      const call = await trials.service({ preset, ...good, parameters: misspelt });
      expect(await call('+358501231201')).toEqual(['lookup-failed']);
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
      const call = await trials.service({
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
    const call = await trials.service({ ...provider, country: 'US' });
    expect(await call('+14155552671')).toEqual(['matched', { Tier: 'gold', Name: 'Ada Ames' }]);
    const elsewhere = await trials.service(provider, 'FI');
    expect(await elsewhere('+14155552671')).toEqual(['no-match']);
  });

  const salesforce = async (people: readonly Person[], more = {}) => {
    const { cloud, desk } = await startSalesforce(people);
    const call = await trials.service({
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
    expect(await call('+358501231201')).toEqual(['lookup-failed']);
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
    const call = await trials.service({
      preset: 'dynamics',
      parameters: { host, login: host, tenant: DYNAMICS_TENANT, tierField: 'new_viptier' },
      auth: { clientId: 'dynamics-app', clientSecret: 'dynamics~secret' },
    });
    expect(await call('+358501231201')).toEqual(OF_AINO);
    expect(await call('+358501231202')).toEqual(['matched', { Tier: 'bronze', Name: 'Bo Berg' }]);
  });

  it('Pipedrive, find grouped numbers by a pattern, and take no other text for a tier', async () => {
    const cloud = await startPipedrive([
      { name: 'Aino Aalto', phone: '+35891231111', mobile: '050 123 1201', tier: 'VIP-Gold' },
      { name: 'Bo Berg', phone: '+358501231202', tier: 'gold' },
    ]);
    const call = await trials.service({
      preset: 'pipedrive',
      parameters: { host: trials.playing(cloud) },
      auth: { value: PIPEDRIVE_TOKEN },
      spellings: ['significant', '### ### ####'],
    });
    expect(await call('+358501231201')).toEqual(OF_AINO);
    expect(cloud.exchanges).toHaveLength(2);
    expect(await call('+358501231202')).toEqual(['no-match']);
  });

  it.each([
    ['dynamics', '+### ## ### ####', '+358 50 123 1201'],
    ['freshdesk', '###-### ####', '050-123 1201'],
    ['zoho', '(###) ### ####', '(050) 123 1201'],
  ])('%s, which compares texts, find by the pattern %s', async (preset, pattern, phone) => {
    const vendor = VENDORS_A.find((one) => one.preset === preset)!;
    const { cloud } = await vendor.start([{ ...AINO, phone }]);
    const good = vendor.yaml(trials.playing(cloud));
    const call = await trials.service({ preset, ...good, spellings: ['e164', pattern] });
    expect(await call('+358501231201')).toEqual(OF_AINO);
    expect(cloud.exchanges).toHaveLength(1);
  });

  it('Freshdesk, keep to the length of a query with the longest numbers', async () => {
    const cloud = await startFreshdesk([AINO]);
    const spellings = ['e164', 'international', 'national', 'local', 'digits', 'idd', 'significant'];
    const call = await trials.service(
      {
        preset: 'freshdesk',
        parameters: { host: trials.playing(cloud) },
        auth: { username: FRESHDESK_KEY },
        spellings: [...spellings, '+## ## ### ### ### ##'],
      },
      'DE',
    );
    expect(await call('+493012345678901')).toEqual(['no-match']);
    const asked = cloud.exchanges[0]!.request.query.get('query')!;
    expect(asked.split(' OR ')).toHaveLength(2 * (spellings.length + 1));
  });

  it('Zoho, take tokens by client credentials too', async () => {
    const { cloud, desk } = await startZoho([AINO], 'client_credentials');
    const host = trials.playing(cloud);
    const call = await trials.service({
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

  it('a preset of one’s own, begin with the one in the README', async () => {
    const readme = readFileSync(new URL('../../docs/crm/README.md', import.meta.url), 'utf8');
    const folder = await mkdtemp(join(tmpdir(), 'smartrouting-e2e-'));
    try {
      const preset = join(folder, 'acme-crm.yaml');
      await writeFile(preset, /```yaml\n(# acme-crm\.yaml\n.*?)```/s.exec(readme)![1]!);
      const contacts = [
        { name: 'Bo Berg', phone: '+46501231201', mobile: null, vip_tier: 'Silver' },
        { name: 'Aino Aalto', phone: null, mobile: '050 123 1201', vip_tier: 'Gold' },
      ];
      const cloud = await VendorCloud.start(() => ({ body: { contacts } }));
      const call = await trials.service({
        preset,
        parameters: { host: trials.playing(cloud) },
        auth: { token: 'x' },
      });
      expect(await call('+358501231201')).toEqual(OF_AINO);
      const { path, query } = cloud.exchanges[0]!.request;
      expect([path, query.getAll('phone')]).toEqual(['/api/contacts', ['+358501231201', '0501231201']]);
    } finally {
      await rm(folder, { recursive: true });
    }
  });

  it.each([
    ['hubspot', { tierField: 'vip","x":"' }, 'tierField'],
    ['salesforce', { host: 'https://acme.my.salesforce.com', tierField: 'Id LIMIT 2000' }, 'tierField'],
    ['salesforce', { host: 'https://a.example/x?', tierField: 'Id' }, 'host'],
    ['dynamics', { host: 'https://a.example', tenant: '../x', tierField: 'new_viptier' }, 'tenant'],
    ['dynamics', { host: 'https://a.example', tenant: 'x', tierField: "a' or 'a" }, 'tierField'],
    ['zendesk', { host: 'http://acme.zendesk.com' }, 'host'],
    ['pipedrive', { tierPrefix: '"; $' }, 'tierPrefix'],
    ['freshdesk', { host: 'https://acme.freshdesk.com', tierField: 'x.y' }, 'tierField'],
    ['zoho', { accounts: 'https://accounts.zoho.eu/x' }, 'accounts'],
  ])('a parameter of %s that is not harmless, refuse to start', async (preset, parameters, key) => {
    const start = trials.service({ preset, parameters, auth: { token: 'x' } });
    await expect(start).rejects.toThrow(`providers.crm.parameters.${key}: `);
  });
});

import { DYNAMICS_LIMIT, DYNAMICS_TENANT, startDynamics } from './dynamics.js';
import { FRESHDESK_KEY, FRESHDESK_LIMIT, startFreshdesk } from './freshdesk.js';
import { HUBSPOT_LIMIT, HUBSPOT_TOKEN, startHubSpot } from './hubspot.js';
import { PIPEDRIVE_LIMIT, PIPEDRIVE_TOKEN, startPipedrive } from './pipedrive.js';
import { SALESFORCE_LIMIT, startSalesforce } from './salesforce.js';
import type { VendorCase } from './preset-suite.js';
import { startZendesk, ZENDESK_LIMIT, ZENDESK_TOKEN, ZENDESK_USER } from './zendesk.js';
import { startZoho, ZOHO_LIMIT, ZOHO_REFRESH_TOKEN } from './zoho.js';

const UNGROUPED = ['+358XXXXXXXXX', '358XXXXXXXXX', '0XXXXXXXXX', '00358XXXXXXXXX', 'XXXXXXXXX'];
const GROUPED = ['+358 XX XXX XXXX', '0XX-XXX XXXX', '(0XX) XXX.XXXX'];
/** As libphonenumber groups them, the others as people do. */
const USUAL = [...UNGROUPED, '+358 XX XXXXXXX', '0XX XXXXXXX'];

export const VENDORS_A: readonly VendorCase[] = [
  {
    preset: 'hubspot',
    found: [...UNGROUPED, ...GROUPED],
    lost: [],
    findsStrangers: true,
    gold: 'gold',
    hasMobile: true,
    limit: HUBSPOT_LIMIT,
    misspelt: 'vip_teir',
    start: async (people) => ({ cloud: await startHubSpot(people) }),
    yaml: (host, token = HUBSPOT_TOKEN) => ({ parameters: { host }, auth: { token } }),
  },
  {
    preset: 'salesforce',
    found: [...UNGROUPED, ...GROUPED, '00358 XX XXX XXXX'],
    lost: ['+358 (0)XX XXX XXXX'],
    findsStrangers: true,
    gold: 'Gold',
    hasMobile: true,
    limit: SALESFORCE_LIMIT,
    misspelt: 'VIP_Teir__c',
    start: startSalesforce,
    yaml: (host, clientSecret = 'salesforce-secret') => ({
      parameters: { host },
      auth: { clientId: '3MVG9.test', clientSecret },
    }),
  },
  {
    preset: 'dynamics',
    found: USUAL,
    lost: ['0XX-XXX XXXX', '+358 XX XXX XXXX'],
    findsStrangers: true,
    gold: 'Gold',
    hasMobile: true,
    limit: DYNAMICS_LIMIT,
    misspelt: 'new_vipteir',
    start: startDynamics,
    yaml: (host, clientSecret = 'dynamics~secret') => ({
      parameters: { host, login: host, tenant: DYNAMICS_TENANT, tierField: 'new_viptier' },
      auth: { clientId: 'dynamics-app', clientSecret },
    }),
  },
  {
    preset: 'zendesk',
    found: [...UNGROUPED, ...GROUPED],
    lost: [],
    findsStrangers: true,
    gold: 'gold',
    hasMobile: false,
    limit: ZENDESK_LIMIT,
    start: async (people) => ({ cloud: await startZendesk(people) }),
    yaml: (host, password = ZENDESK_TOKEN) => ({
      parameters: { host },
      auth: { username: ZENDESK_USER, password },
    }),
  },
  {
    preset: 'pipedrive',
    found: UNGROUPED,
    lost: ['+358 XX XXX XXXX'],
    findsStrangers: true,
    gold: 'vip-gold',
    hasMobile: true,
    limit: PIPEDRIVE_LIMIT,
    start: async (people) => ({ cloud: await startPipedrive(people) }),
    yaml: (host, value = PIPEDRIVE_TOKEN) => ({ parameters: { host }, auth: { value } }),
  },
  {
    preset: 'freshdesk',
    found: USUAL,
    lost: ['0XX-XXX XXXX'],
    findsStrangers: true,
    gold: 'Gold',
    hasMobile: true,
    limit: FRESHDESK_LIMIT,
    start: async (people) => ({ cloud: await startFreshdesk(people) }),
    yaml: (host, username = FRESHDESK_KEY) => ({ parameters: { host }, auth: { username } }),
  },
  {
    preset: 'zoho',
    found: USUAL,
    lost: ['0XX-XXX XXXX', '(0XX) XXX XXXX'],
    findsStrangers: true,
    gold: 'Gold',
    hasMobile: true,
    limit: ZOHO_LIMIT,
    start: startZoho,
    yaml: (host, clientSecret = 'zoho-secret') => ({
      parameters: { host, accounts: host },
      auth: {
        clientId: '1000.CLIENT',
        clientSecret,
        refreshToken: ZOHO_REFRESH_TOKEN,
        encryptionKey: 'a key of at least twenty characters',
      },
    }),
  },
];

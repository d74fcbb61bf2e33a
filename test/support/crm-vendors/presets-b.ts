import { ESPOCRM_KEY, ESPOCRM_LIMIT, startEspoCrm } from './espocrm.js';
import { INTERCOM_LIMIT, INTERCOM_TOKEN, startIntercom } from './intercom.js';
import { ODOO_KEY, ODOO_LIMIT, startOdoo } from './odoo.js';
import type { VendorCase } from './preset-suite.js';
import { startSuiteCrm, SUITECRM_LIMIT } from './suitecrm.js';
import { startSuperOffice, SUPEROFFICE_LIMIT, SUPEROFFICE_REFRESH_TOKEN } from './superoffice.js';
import { startTwenty, TWENTY_KEY, TWENTY_LIMIT } from './twenty.js';

const UNGROUPED = ['+358XXXXXXXXX', '358XXXXXXXXX', '0XXXXXXXXX', '00358XXXXXXXXX', 'XXXXXXXXX'];
const GROUPED = ['+358 XX XXX XXXX', '0XX-XXX XXXX', '(0XX) XXX.XXXX'];

export const VENDORS_B: readonly VendorCase[] = [
  {
    preset: 'intercom',
    found: [...UNGROUPED, '+358 XX XXXXXXX', '0XX XXXXXXX', '+358-XXXXXXXXX'],
    lost: ['0XX-XXX XXXX'],
    findsStrangers: true,
    gold: 'gold',
    hasMobile: false,
    limit: INTERCOM_LIMIT,
    start: async (people) => ({ cloud: await startIntercom(people) }),
    yaml: (host, token = INTERCOM_TOKEN) => ({ parameters: { host }, auth: { token } }),
  },
  {
    preset: 'superoffice',
    found: [...UNGROUPED, ...GROUPED],
    lost: [],
    findsStrangers: true,
    gold: 'Gold',
    hasMobile: true,
    limit: SUPEROFFICE_LIMIT,
    misspelt: 'personUdef/SuperOffice:8',
    start: startSuperOffice,
    yaml: (host, clientSecret = 'superoffice-secret') => ({
      parameters: { host: `${host}/Cust12345`, login: host, tierField: 'personUdef/SuperOffice:7' },
      auth: {
        clientId: '4ref5376616343b3',
        clientSecret,
        refreshToken: SUPEROFFICE_REFRESH_TOKEN,
        encryptionKey: 'a key of at least twenty characters',
      },
    }),
  },
  {
    preset: 'odoo',
    found: [...UNGROUPED, ...GROUPED, '358.XX.XXX.XXXX'],
    lost: [],
    findsStrangers: false,
    gold: 'gold',
    hasMobile: false,
    limit: ODOO_LIMIT,
    misspelt: 'x_vip_teir',
    start: async (people) => ({ cloud: await startOdoo(people) }),
    yaml: (host, token = ODOO_KEY) => ({ parameters: { host }, auth: { token } }),
  },
  {
    preset: 'espocrm',
    found: [...UNGROUPED, ...GROUPED],
    lost: ['+358XXXXXXXXX ext. 5'],
    findsStrangers: true,
    gold: 'Gold',
    hasMobile: true,
    limit: ESPOCRM_LIMIT,
    misspelt: 'cVipTeir',
    start: async (people) => ({ cloud: await startEspoCrm(people) }),
    yaml: (host, value = ESPOCRM_KEY) => ({ parameters: { host: `${host}/crm` }, auth: { value } }),
  },
  {
    preset: 'suitecrm',
    found: [...UNGROUPED, ...GROUPED],
    lost: ['0XX XXX XXXX (work)'],
    findsStrangers: true,
    gold: 'gold',
    hasMobile: true,
    limit: SUITECRM_LIMIT,
    misspelt: 'vip_teir_c',
    start: startSuiteCrm,
    yaml: (host, clientSecret = 'suitecrm-secret') => ({
      parameters: { host: `${host}/legacy` },
      auth: { clientId: '3d55a713-12be-62ea-c814-5aaf02a3a3a4', clientSecret },
    }),
  },
  {
    preset: 'twenty',
    found: [...UNGROUPED.filter((spelling) => spelling !== '358XXXXXXXXX'), ...GROUPED],
    lost: [],
    findsStrangers: true,
    gold: 'GOLD',
    hasMobile: true,
    limit: TWENTY_LIMIT,
    misspelt: 'vipTeir',
    start: async (people) => ({ cloud: await startTwenty(people) }),
    yaml: (host, token = TWENTY_KEY) => ({ parameters: { host }, auth: { token } }),
  },
];

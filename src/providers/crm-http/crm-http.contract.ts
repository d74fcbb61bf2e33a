import { describe, it } from '@jest/globals';
import { crmProvider } from '../../../test/support/crm-provider.js';
import { startCrmServer } from '../../../test/support/crm-server.js';
import type { CrmMode, CrmServer } from '../../../test/support/crm-server.js';
import { IS_LONG } from '../../../test/support/length.js';
import { describeVipLookupProvider } from '../../plugin-api/testing/index.js';
import type { ProviderHarness } from '../../plugin-api/testing/index.js';

const AINO = { number: '+358501231234', tier: 'gold', name: 'Aino Aalto' };

/** The same backend asked in three ways, so that hostile text is sent in a query, in a JSON text and in a header. */
const WAYS: Readonly<Record<string, (url: string) => object>> = {
  'by query': (url) => ({ url: `${url}/contacts?phone={{ number }}` }),
  'by JSON text': (url) => ({ url: `${url}/search`, method: 'POST', body: '{"phone": "{{ number }}"}' }),
  'by JSON map': (url) => ({ url: `${url}/search`, method: 'POST', body: { phone: '{{ number }}' } }),
  'by header': (url) => ({ url: `${url}/search`, headers: { 'X-Phone': '{{ number }}' } }),
  'by path': (url) => ({ url: `${url}/contacts/{{ number }}` }),
};

/** The settings that differ depending on where the number is sent. */
const OF_TEXT = /known VIP|does not list|similar|hostile/;

for (const [way, options] of Object.entries(WAYS)) {
  const providerOf = (crm: CrmServer) =>
    crmProvider({
      ...options(crm.url),
      spellings: ['e164', 'text'],
      record: 'contacts.{ "number": number, "tier": tier, "name": name }',
    });

  const startIn = async (mode: CrmMode) => {
    const crm = await startCrmServer({ mode });
    return { provider: providerOf(crm), stop: () => crm.stop() };
  };
  const harness: ProviderHarness = {
    async start() {
      const crm = await startCrmServer({ contacts: { [AINO.number]: AINO } });
      return {
        provider: providerOf(crm),
        known: { number: AINO.number, record: AINO },
        unknown: '+358509999999',
        stop: () => crm.stop(),
      };
    },
    async startDown() {
      const crm = await startCrmServer();
      await crm.stop();
      return { provider: providerOf(crm), stop: () => crm.stop() };
    },
    startBroken: () => startIn('html'),
    startHeld: () => startIn('hang'),
  };
  describeVipLookupProvider(`crm-http ${way}`, harness, {
    describe,
    it: (sentence, body) => {
      if (IS_LONG || way === 'by query' || OF_TEXT.test(sentence)) it(sentence, body);
    },
  });
}

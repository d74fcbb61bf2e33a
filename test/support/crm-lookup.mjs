/**
 * Looks one number up in a process of its own, for what Node reads only when it starts: `crm-lookup.mjs <url> <number>`.
 * Prints the tier of the record that was found, or the message of the failure.
 */
import 'reflect-metadata';
import { Caller } from '../../dist/plugin-api/index.js';
import { providerContext } from '../../dist/plugin-api/testing/index.js';
import { CrmHttpProvider } from '../../dist/providers/crm-http/crm-http.provider.js';

const [url, number] = process.argv.slice(2);
const patience = new globalThis.AbortController();
const provider = new CrmHttpProvider(providerContext({ url, record: 'contacts' }));
const outcome = await provider.lookup(Caller.read(number, 'FI'), patience.signal).then(
  (records) => records?.[0]?.tier ?? 'nobody',
  (error) => error.message,
);
await provider.close();
process.stdout.write(outcome);

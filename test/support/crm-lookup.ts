/**
 * Looks one number up in a process of its own, for what Node reads only when it starts: `crm-lookup.ts <url> <number>`.
 * Prints the tier of the record that was found, or the message of the failure.
 */
import 'reflect-metadata';
import { crmProvider, lookUp } from './crm-provider.js';

const [url, number] = process.argv.slice(2);
const provider = crmProvider({ url, record: 'contacts' });
const outcome = await lookUp(provider, number!).then(
  (records) => records?.[0]?.tier ?? 'nobody',
  (error: Error) => error.message,
);
await provider.close();
process.stdout.write(outcome);

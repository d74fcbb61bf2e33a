import { plainToInstance } from 'class-transformer';
import { providerContext } from '../../src/plugin-api/testing/index.js';
import type { ProviderState, VipRecord } from '../../src/plugin-api/index.js';
import { Caller } from '../../src/plugin-api/index.js';
import { CrmHttpOptions } from '../../src/providers/crm-http/crm-http.options.js';
import { CrmHttpProvider } from '../../src/providers/crm-http/crm-http.provider.js';
import type { CrmTempo } from '../../src/providers/crm-http/crm-http.tempo.js';
import { crmOptionProblems, QUICK } from './crm-provider.js';

/** One instance of the service's provider `crm`, and what it logged. */
export function syncedProvider(
  options: Record<string, unknown>,
  state: ProviderState,
  tempo: Partial<CrmTempo> = {},
) {
  const problems = crmOptionProblems(options);
  if (problems.length > 0) throw new Error(problems.join('\n'));
  const context = providerContext(plainToInstance(CrmHttpOptions, options), { name: 'crm', state });
  return { provider: new CrmHttpProvider(context, { ...QUICK, ...tempo }), logged: context.logged };
}

/** What is known without asking anybody. */
export function recalled(provider: CrmHttpProvider, number: string): readonly VipRecord[] | null | undefined {
  return provider.recall(Caller.read(number, 'FI')) as readonly VipRecord[] | null | undefined;
}

export const NEVER = new AbortController().signal;

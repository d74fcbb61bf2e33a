import { plainToInstance } from 'class-transformer';
import { setTimeout as sleep } from 'node:timers/promises';
import { providerContext } from '../../src/plugin-api/testing/index.js';
import type { ProviderState, VipRecord } from '../../src/plugin-api/index.js';
import { Caller } from '../../src/plugin-api/index.js';
import { CrmHttpOptions } from '../../src/providers/crm-http/crm-http.options.js';
import { CrmHttpProvider } from '../../src/providers/crm-http/crm-http.provider.js';
import { crmOptionProblems } from './crm-provider.js';

/** One instance of the service's provider `crm`, and what it logged. */
export function syncedProvider(options: Record<string, unknown>, state: ProviderState) {
  const problems = crmOptionProblems(options);
  if (problems.length > 0) throw new Error(problems.join('\n'));
  const context = providerContext(plainToInstance(CrmHttpOptions, options), { name: 'crm', state });
  return { provider: new CrmHttpProvider(context), logged: context.logged };
}

/** What is known without asking anybody. */
export function recalled(provider: CrmHttpProvider, number: string): readonly VipRecord[] | null | undefined {
  return provider.recall(Caller.read(number, 'FI')) as readonly VipRecord[] | null | undefined;
}

export const NEVER = new AbortController().signal;

/** Resolves when it is so; rejects when it does not come to that. */
export async function until(isSo: () => boolean | Promise<boolean>, patienceMs = 15_000): Promise<void> {
  const giveUpMs = performance.now() + patienceMs;
  while (!(await isSo())) {
    if (performance.now() > giveUpMs) throw new Error('it did not come to that');
    await sleep(20);
  }
}

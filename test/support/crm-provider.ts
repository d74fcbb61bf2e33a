import { plainToInstance } from 'class-transformer';
import { validateSync } from 'class-validator';
import type { ValidationError } from 'class-validator';
import { resolve } from 'node:path';
import { Caller } from '../../src/plugin-api/index.js';
import type { VipRecord } from '../../src/plugin-api/index.js';
import { providerContext } from '../../src/plugin-api/testing/index.js';
import { CrmHttpOptions } from '../../src/providers/crm-http/crm-http.options.js';
import { completeOptions } from '../../src/providers/crm-http/crm-http.preset.js';
import { CrmHttpProvider } from '../../src/providers/crm-http/crm-http.provider.js';
import { TEMPO } from '../../src/providers/crm-http/crm-http.tempo.js';
import type { CrmTempo } from '../../src/providers/crm-http/crm-http.tempo.js';
import { patient, PATIENCE_MS } from './eventually.js';

/** A provider that soon tries again, waits for answers as long as a test does, and takes little trouble to make a key. */
export const QUICK: CrmTempo = {
  ...TEMPO,
  connectMs: 20,
  connectLimitMs: PATIENCE_MS,
  tokenMs: 20,
  tokenLimitMs: PATIENCE_MS,
  renewalMs: 20,
  keepMs: 20,
  lookMs: 10,
  lookLimitMs: PATIENCE_MS,
  closeMs: PATIENCE_MS,
  keyCost: 2 ** 10,
  pageMs: [10, 20],
  pageLimitMs: PATIENCE_MS,
  busyMs: 10,
  pollMs: 20,
  twinsMs: PATIENCE_MS,
};

/** Options as they stand in the configuration file. */
export type CrmYaml = Record<string, unknown>;

/** Keys that every kind of provider has are not read by the provider itself. */
const OF_EVERY_KIND = ['timeout', 'cache', 'maxConcurrent'];

/** The same with the options of their preset, where they name one. */
export function completed(yaml: CrmYaml): CrmYaml {
  if (yaml['preset'] === undefined) return yaml;
  const { options, problems } = completeOptions(yaml, { resolvePath: (path) => resolve(path) });
  if (problems.length > 0) throw new Error(JSON.stringify(problems));
  return Object.fromEntries(Object.entries(options!).filter(([key]) => !OF_EVERY_KIND.includes(key)));
}

/** Every problem of a set of options, as `key: message`. */
export function crmOptionProblems(yaml: CrmYaml): string[] {
  const options = plainToInstance(CrmHttpOptions, yaml);
  return flatten(validateSync(options, { whitelist: true, forbidNonWhitelisted: true }), '');
}

function flatten(errors: readonly ValidationError[], path: string): string[] {
  return errors.flatMap((error) => [
    ...Object.values(error.constraints ?? {}).map((message) => `${path}${error.property}: ${message}`),
    ...flatten(error.children ?? [], `${path}${error.property}.`),
  ]);
}

/** A provider made as the service makes it: options completed and checked first. */
export function crmProvider(
  written: CrmYaml,
  country: string | undefined = 'FI',
  tempo = TEMPO,
): CrmHttpProvider {
  const yaml = completed(written);
  const problems = crmOptionProblems(yaml);
  if (problems.length > 0) throw new Error(problems.join('\n'));
  return new CrmHttpProvider(providerContext(plainToInstance(CrmHttpOptions, yaml), { country }), tempo);
}

/** Looks a number up, as a call would. */
export async function lookUp(
  provider: CrmHttpProvider,
  number: string,
  { signal = patient(), country = 'FI' }: { signal?: AbortSignal; country?: string } = {},
): Promise<VipRecord[] | null> {
  return (await provider.lookup(Caller.read(number, country), signal)) as VipRecord[] | null;
}

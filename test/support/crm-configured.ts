import { expect } from '@jest/globals';
import { checkConfig } from '../../src/app/app.config.js';
import { parseConfig } from '../../src/config/read-config-file.js';
import type { ProviderConfig } from '../../src/lookup/providers.config.js';
import { vipLookupKindOf } from '../../src/plugin-api/vip-lookup.decorator.js';
import { CrmHttpProvider } from '../../src/providers/crm-http/crm-http.provider.js';

const kinds = new Map([['crm-http', vipLookupKindOf(CrmHttpProvider)!]]);
/**
 * The provider `crm` as it is configured.
 * @param yaml its keys, one per line from line 6 on
 */
export function check(yaml: readonly string[], variables: Record<string, string> = {}): ProviderConfig {
  const text = [
    'credentials: [{ id: core, apiKey: k }]',
    'targets: { T: { providers: [crm], routes: [{ instructions: { Priority: 1 } }] } }',
    'providers:',
    '  crm:',
    '    kind: crm-http',
    ...yaml.map((line) => `    ${line}`),
  ].join('\n');
  const source = parseConfig(text, 'test.yaml', variables);
  return checkConfig(source, kinds, { databaseUrl: 'sqlite::memory:' }).providers.get('crm')!;
}

/** What is wrong with it, one sentence each. */
export function problemsOf(yaml: readonly string[], variables: Record<string, string> = {}): string[] {
  try {
    check(yaml, variables);
    return [];
  } catch (error) {
    expect((error as Error).name).toBe('ConfigError');
    return (error as Error).message.split('\n- ').slice(1);
  }
}

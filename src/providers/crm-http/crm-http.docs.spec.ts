import { describe, expect, it } from '@jest/globals';
import { readFileSync } from 'node:fs';
import { parse } from 'yaml';
import { crmOptionProblems } from '../../../test/support/crm-provider.js';
import { readPreset } from './crm-http.preset-schema.js';

const COMMON = ['kind', 'country', 'timeout', 'maxConcurrent', 'maxQueued', 'cache'];

/** The YAML blocks of a page; some show one key in several ways. */
function blocksOf(page: string): unknown[] {
  const texts = [...readFileSync(page, 'utf8').matchAll(/```yaml\n(.*?)```/gs)].map(([, text]) => text!);
  return texts.map(
    (text) => parse(text.replace(/\$\{\w+\}/g, 'filled-in'), { uniqueKeys: false }) as unknown,
  );
}

/** The providers of kind crm-http that a block configures without a preset. */
function providersIn(block: unknown): [string, Record<string, unknown>][] {
  const map = (block ?? {}) as Record<string, Record<string, unknown>>;
  const providers = (map['providers'] ?? map) as Record<string, Record<string, unknown>>;
  return Object.entries(providers).filter(
    ([, provider]) => provider?.['kind'] === 'crm-http' && provider['preset'] === undefined,
  );
}

describe('the documentation shows what works:', () => {
  const examples = [
    'docs/providers/crm-http.md',
    'docs/providers/crm-sync.md',
    'docs/providers/crm-graphql.md',
    'docs/configuration.md',
    'README.md',
  ].flatMap((page) =>
    blocksOf(page)
      .flatMap(providersIn)
      .map(([name, provider]) => [page, name, provider] as const),
  );

  it('has examples of providers', () => {
    expect(examples.map(([page, name]) => `${page} ${name}`)).toEqual(
      expect.arrayContaining(['docs/providers/crm-http.md erp', 'docs/providers/crm-http.md loyalty']),
    );
  });

  it.each(examples)('%s, %s', (_page, _name, provider) => {
    const own = Object.entries(provider).filter(([key]) => !COMMON.includes(key));
    expect(crmOptionProblems(Object.fromEntries(own))).toEqual([]);
  });

  it('a preset of one’s own', () => {
    const text = /```yaml\n(# acme-crm\.yaml\n.*?)```/s.exec(readFileSync('docs/crm/README.md', 'utf8'))?.[1];
    expect(readPreset(text!)).toMatchObject({ preset: { title: 'Acme CRM' } });
  });
});

import { Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { Injectable } from '@nestjs/common';
import type { OnApplicationShutdown, OnModuleInit } from '@nestjs/common';
import { expect, it } from '@jest/globals';
import { inspect } from 'node:util';
import { parseConfig } from '../config/read-config-file.js';
import { VipLookup } from '../plugin-api/index.js';
import type { ProviderContext, ProviderStatus, VipLookupProvider } from '../plugin-api/index.js';
import type { ProviderClass } from '../plugin-api/vip-lookup-provider.js';
import { AppModule } from './app.module.js';
import { checkConfig } from './app.config.js';
import { ProvidersModule } from './providers.module.js';
import { ProviderRegistry } from '../lookup/provider-registry.js';
import { MetricsService } from '../observability/metrics.service.js';

const CONFIG = `
credentials: [{ id: core, apiKey: a-key-0123456789abcdef }]
providers: { nosy: { kind: nosy } }
targets: { default: { providers: [nosy], routes: [{ instructions: { ExtraPriority: 1 } }] } }
logging: { level: silent }
`;

class NoOptions {}
let handed: ProviderContext<NoOptions> | undefined;

@VipLookup({ kind: 'nosy', options: NoOptions })
class NosyProvider implements VipLookupProvider {
  constructor(context: ProviderContext<NoOptions>) {
    handed = context;
  }

  lookup(): null {
    return null;
  }

  check(): Promise<ProviderStatus> {
    return Promise.resolve({ status: 'up' });
  }
}
@Module({ providers: [NosyProvider], exports: [NosyProvider] })
class NosyModule {}

const happened: string[] = [];

@Injectable()
class Pool implements OnModuleInit, OnApplicationShutdown {
  onModuleInit(): void {
    happened.push('the pool begins');
  }
  onApplicationShutdown(): void {
    happened.push('the pool ends');
  }
}
@VipLookup({ kind: 'pooled', options: NoOptions })
class PooledProvider extends NosyProvider {
  constructor(context: ProviderContext<NoOptions>) {
    super(context);
    happened.push('the provider is made');
  }
  close(): Promise<void> {
    happened.push('the provider closes');
    return Promise.resolve();
  }
}
@Module({ providers: [Pool, PooledProvider], exports: [PooledProvider] })
class PooledModule {}

it("what a plug-in's module provides begins before its provider is made, and ends after it is closed", async () => {
  const kinds = new Map([['pooled', { kind: 'pooled', options: NoOptions }]]);
  const text = CONFIG.replaceAll('nosy', 'pooled');
  const config = checkConfig(parseConfig(text, 'test.yaml', {}), kinds, { databaseUrl: 'sqlite::memory:' });
  const plugins = { modules: [PooledModule], kinds: new Map([['pooled', PooledProvider]]) };
  const app = await NestFactory.createApplicationContext(AppModule.forRoot(config, plugins), {
    logger: false,
  });
  await app.close();
  expect(happened).toEqual([
    'the pool begins',
    'the provider is made',
    'the provider closes',
    'the pool ends',
  ]);
});

it('a plug-in is handed what its provider is configured with, and nothing of the database of the service', async () => {
  const kinds = new Map([['nosy', { kind: 'nosy', options: NoOptions }]]);
  const databaseUrl = 'mysql://service:sesame@db.example/vip';
  const config = checkConfig(parseConfig(CONFIG, 'test.yaml', {}), kinds, { databaseUrl });
  const plugins = { modules: [NosyModule], kinds: new Map([['nosy', NosyProvider]]) };
  const app = await NestFactory.createApplicationContext(ProvidersModule.forRoot(config, plugins), {
    logger: false,
  });
  try {
    expect(Object.keys(handed!).sort()).toEqual([
      'country',
      'entriesChanged',
      'logger',
      'name',
      'options',
      'resolvePath',
      'state',
      'timeoutMs',
      'timezone',
    ]);
    expect(inspect(handed, { depth: 20, showHidden: true })).not.toContain('sesame');
  } finally {
    await app.close();
  }
});

it('the metrics have how many entries a provider holds, and do without what one that throws has to say', async () => {
  @VipLookup({ kind: 'counting', options: NoOptions })
  class CountingProvider extends NosyProvider {
    constructor(private readonly own: ProviderContext<NoOptions>) {
      super(own);
    }
    entries(): number | undefined {
      if (this.own.name === 'broken') throw new Error('not counted');
      return this.own.name === 'unsure' ? undefined : 7;
    }
  }
  @Module({ providers: [CountingProvider], exports: [CountingProvider] })
  class CountingModule {}
  @VipLookup({ kind: 'telling', options: NoOptions })
  class TellingProvider extends NosyProvider {
    override check(): Promise<ProviderStatus> {
      return Promise.resolve({ status: 'up', entries: 3 });
    }
  }
  @Module({ providers: [TellingProvider], exports: [TellingProvider] })
  class TellingModule {}

  const names = ['counting', 'telling'];
  const kinds = new Map(names.map((kind) => [kind, { kind, options: NoOptions }]));
  const text = CONFIG.replace(
    '{ nosy: { kind: nosy } }',
    '{ broken: { kind: counting }, unsure: { kind: counting }, sure: { kind: counting }, telling: { kind: telling } }',
  ).replace('[nosy]', '[broken, unsure, sure, telling]');
  const config = checkConfig(parseConfig(text, 'test.yaml', {}), kinds, { databaseUrl: 'sqlite::memory:' });
  const plugins = {
    modules: [CountingModule, TellingModule],
    kinds: new Map<string, ProviderClass>([
      ['counting', CountingProvider],
      ['telling', TellingProvider],
    ]),
  };
  const app = await NestFactory.createApplicationContext(ProvidersModule.forRoot(config, plugins), {
    logger: false,
  });
  try {
    const exposed = async (): Promise<string[]> =>
      (await app.get(MetricsService).registry.metrics())
        .split('\n')
        .filter((line) => line.startsWith('smartrouting_provider_entries{'));
    expect(await exposed()).toEqual(['smartrouting_provider_entries{provider="sure"} 7']);
    await app.get(ProviderRegistry).get('telling').health();
    expect(await exposed()).toEqual([
      'smartrouting_provider_entries{provider="sure"} 7',
      'smartrouting_provider_entries{provider="telling"} 3',
    ]);
  } finally {
    await app.close();
  }
});

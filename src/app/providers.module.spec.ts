import { Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { Injectable } from '@nestjs/common';
import type { OnApplicationShutdown, OnModuleInit } from '@nestjs/common';
import { expect, it } from '@jest/globals';
import { inspect } from 'node:util';
import { parseConfig } from '../config/read-config-file.js';
import { VipLookup } from '../plugin-api/index.js';
import type { ProviderContext, ProviderStatus, VipLookupProvider } from '../plugin-api/index.js';
import { AppModule } from './app.module.js';
import { checkConfig } from './app.config.js';
import { ProvidersModule } from './providers.module.js';

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
      'logger',
      'name',
      'options',
      'resolvePath',
      'state',
      'timezone',
    ]);
    expect(inspect(handed, { depth: 20, showHidden: true })).not.toContain('sesame');
  } finally {
    await app.close();
  }
});

import { afterEach, beforeEach, expect, it, jest } from '@jest/globals';
import type { ModuleRef } from '@nestjs/core';
import { eventually } from '../../test/support/eventually.js';
import { fakeOnly } from '../../test/support/fake-time.js';
import { LiveConfig } from '../config/live-config.js';
import { createLogger } from '../observability/logger.js';
import { MetricsService } from '../observability/metrics.service.js';
import type { ProviderContext, VipLookupProvider } from '../plugin-api/vip-lookup-provider.js';
import { MemoryState } from '../plugin-api/testing/index.js';
import { ProviderRegistry } from './provider-registry.js';
import type { ProvidersConfig } from './providers.config.js';

/** As many as may wait to be closed. */
const MANY = 20;
/** How long a provider that was replaced stays open. */
const RETIRE_MS = 16_000;

/** Versions that are open, in the order in which they were made. */
const open: string[] = [];
const lines: string[] = [];

/** A configuration with one provider, another one in each version. */
function version(number: number): ProvidersConfig {
  const list = {
    name: 'list',
    kind: 'list',
    country: undefined,
    timeoutMs: 1_000,
    maxConcurrent: 50,
    maxQueued: 100,
    cache: undefined,
    options: { number },
    written: { number },
    hashed: {},
  };
  return {
    file: '/etc/vip.yaml',
    directory: '/etc',
    country: 'FI',
    timezone: 'UTC',
    providers: new Map([['list', list]]),
    logging: { level: 'info', numbers: 'masked' },
  };
}

let asked: ProviderContext<{ number: number }>;

function makeRegistry(): ProviderRegistry {
  const moduleRef = {
    registerRequestByContextId: (context: typeof asked) => void (asked = context),
    resolve: async (): Promise<VipLookupProvider> => {
      const name = String(asked.options.number);
      open.push(name);
      const close = async (): Promise<void> => void open.splice(open.indexOf(name), 1);
      return { lookup: () => null, check: async () => ({ status: 'up' }), close };
    },
  } as unknown as ModuleRef;
  const logger = createLogger(
    { level: 'info', numbers: 'masked' },
    { write: (line) => void lines.push((JSON.parse(line) as { msg: string }).msg) },
  );
  const states = { of: () => new MemoryState(), close: async () => undefined };
  const kinds = new Map([['list', class {} as never]]);
  const live = new LiveConfig(version(0));
  return new ProviderRegistry(live, kinds, logger, moduleRef, new MetricsService(), states);
}

let registry: ProviderRegistry;
beforeEach(async () => {
  registry = makeRegistry();
  await registry.onModuleInit();
  fakeOnly('setTimeout', 'clearTimeout');
});
afterEach(async () => {
  jest.useRealTimers();
  await registry.onApplicationShutdown();
  expect(open).toEqual([]);
});

async function change(number: number): Promise<void> {
  (await registry.prepare(version(number), new Set())).swap();
}

it('after many changes in a row, the next one waits until the oldest providers, which no call can need, have closed', async () => {
  for (let number = 1; number <= MANY + 1; number++) {
    await change(number);
    jest.advanceTimersByTime(1);
  }
  expect(open).toHaveLength(MANY + 2);
  const waiting = 'changed configuration waits until providers of earlier ones have closed';
  expect(lines).not.toContain(waiting);

  let isInUse = false;
  const next = change(MANY + 2).then(() => (isInUse = true));
  await eventually(() => expect(lines).toContain(waiting));
  jest.advanceTimersByTime(RETIRE_MS - MANY - 2);
  await new Promise(setImmediate);
  expect([isInUse, open.length]).toEqual([false, MANY + 2]);
  jest.advanceTimersByTime(1);
  await next;
  expect(open).not.toContain('0');
  expect(open).toContain('1');
});

it('a change that waits is given up when the service stops', async () => {
  for (let number = 1; number <= MANY + 1; number++) await change(number);
  const ended = jest.fn();
  void change(MANY + 2).finally(ended);
  await registry.onApplicationShutdown();
  await new Promise(setImmediate);
  expect(ended).not.toHaveBeenCalled();
});

it.each([
  ['country', 'SE'],
  ['timezone', 'Europe/Stockholm'],
] as const)(
  'a provider is handed the %s of the configuration, and made anew when that changes',
  async (key, value) => {
    expect(asked).toMatchObject({ country: 'FI', timezone: 'UTC' });
    const prepared = await registry.prepare({ ...version(0), [key]: value }, new Set());
    prepared.swap();
    expect(prepared.changes.changed).toEqual(['list']);
    expect(asked[key]).toBe(value);
  },
);

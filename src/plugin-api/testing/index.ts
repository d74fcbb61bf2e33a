/**
 * The contract test of every VIP-lookup provider, built-in or not. Works with any runner that has `describe` and `it`
 * (Jest, Vitest, Mocha, `node:test`); it asserts with `node:assert`.
 *
 * ```ts
 * describeVipLookupProvider('acme', {
 *   async start() { … return { provider, known: { number: '+358501231234', record: { tier: 'gold' } }, unknown: '+358509999999', stop }; },
 *   async startDown() { … },
 *   async startHeld() { … },
 * });
 * ```
 */
import assert from 'node:assert/strict';
import { setTimeout as sleep } from 'node:timers/promises';
import { Caller } from '../../lookup/port/caller.js';
import type { ProviderContext, VipLookupProvider } from '../../lookup/port/vip-lookup-provider.js';
import type { VipRecord } from '../../lookup/port/vip-record.js';

/** A provider made by the harness, not yet opened, and the backend behind it. */
export interface ProviderUnderTest {
  readonly provider: VipLookupProvider;
  /** Stops the backend that the harness started and removes its data. The provider is closed already. */
  stop(): Promise<void>;
}

/** How the contract test gets hold of a provider with its backend in a certain state. */
export interface ProviderHarness {
  /** ISO 3166-1 alpha-2 country of the provider's data; `FI` unless given. */
  readonly country?: string;
  /** Backend up, holding one VIP. `record` is what the lookup must at least say of it; `unknown` is somebody else's E.164 number. */
  start(): Promise<
    ProviderUnderTest & { known: { number: string; record: Partial<VipRecord> }; unknown: string }
  >;
  /** Backend down from the start: connection refused, file missing. */
  startDown(): Promise<ProviderUnderTest>;
  /**
   * Backend that takes a question and does not answer until `stop`. Leave out only where nothing can be waited for (data
   * held in memory), and say why in `cannotBeHeld`.
   */
  startHeld?(): Promise<ProviderUnderTest>;
  readonly cannotBeHeld?: string;
}

/** What is used of the test runner. */
export interface TestRunner {
  describe(name: string, body: () => void): void;
  it(name: string, body: () => Promise<void>): void;
}

/** Texts that have broken lookups: SQL, LIKE wildcards, line ends, NUL, length, JSON and template syntax. */
export const HOSTILE_TEXTS: readonly string[] = [
  `' OR '1'='1`,
  `"; DROP TABLE vip_caller; --`,
  '%',
  '_',
  '*',
  '+*',
  '\\',
  'a\r\nX-Injected: 1',
  'nul\0nul',
  '{{ 7 | times: 7 }}',
  '","tier":"gold","x":"',
  '../../etc/passwd',
  '?tier=gold&x=#',
  '\ud800',
  '\u202e+358501231234',
  'x'.repeat(10_000),
];

/** A `ProviderContext` for tests. Relative paths stay as they are; log entries are kept in `logged`. */
export function providerContext<Options extends object>(
  options: Options,
  overrides: Partial<ProviderContext<Options>> = {},
): ProviderContext<Options> & { readonly logged: { level: string; fields: object; message: string }[] } {
  const logged: { level: string; fields: object; message: string }[] = [];
  const log = (level: string) => (fields: object, message: string) =>
    void logged.push({ level, fields, message });
  return {
    name: 'under-test',
    options,
    country: 'FI',
    databaseUrl: 'sqlite::memory:',
    logger: { info: log('info'), warn: log('warn'), error: log('error') },
    resolvePath: (path) => path,
    ...overrides,
    logged,
  };
}

/** Declares the contract test. Every provider passes all of it; there is nothing to switch off. */
export function describeVipLookupProvider(
  name: string,
  harness: ProviderHarness,
  runner: TestRunner = globalThis as unknown as TestRunner,
): void {
  if (typeof runner.describe !== 'function' || typeof runner.it !== 'function') {
    throw new TypeError(
      "give { describe, it } of your test runner as the third argument, for example from 'node:test'",
    );
  }
  const country = harness.country ?? 'FI';
  const ask = async (provider: VipLookupProvider, text: string, signal = AbortSignal.timeout(10_000)) =>
    provider.lookup(Caller.read(text, country), signal);

  runner.describe(`${name} keeps the contract of a VIP-lookup provider`, () => {
    const test = <T extends ProviderUnderTest>(
      sentence: string,
      start: () => Promise<T>,
      body: (subject: T) => Promise<void>,
    ) =>
      runner.it(sentence, async () => {
        const subject = await start();
        try {
          await body(subject);
        } finally {
          await subject.provider.close?.();
          await subject.stop();
        }
      });

    test(
      'finds a known VIP',
      () => harness.start(),
      async ({ provider, known }) => {
        await provider.open?.();
        const answer = await ask(provider, known.number);
        assert.ok(answer !== null, 'a record, not null');
        const record = Array.isArray(answer) ? (answer as VipRecord[])[0]! : (answer as VipRecord);
        assert.deepEqual({ ...record, ...known.record }, record);
        assert.equal(typeof record.tier, 'string');
        assert.equal(typeof record.number, 'string');
      },
    );

    test(
      'finds the same VIP by many calls at once',
      () => harness.start(),
      async ({ provider, known, unknown }) => {
        await provider.open?.();
        const answers = await Promise.all(
          Array.from({ length: 40 }, (_, i) => ask(provider, i % 2 ? known.number : unknown)),
        );
        assert.deepEqual(
          answers.map((answer) => answer !== null),
          answers.map((_, i) => i % 2 === 1),
        );
      },
    );

    test(
      'answers null for a caller that the backend does not list',
      () => harness.start(),
      async ({ provider, unknown }) => {
        await provider.open?.();
        assert.equal(await ask(provider, unknown), null);
      },
    );

    test(
      'takes hostile text as text',
      () => harness.start(),
      async ({ provider, known }) => {
        await provider.open?.();
        for (const text of HOSTILE_TEXTS) {
          assert.equal(await ask(provider, text), null, `null for ${JSON.stringify(text.slice(0, 40))}`);
        }
        assert.notEqual(await ask(provider, known.number), null, 'the known VIP is still found afterwards');
      },
    );

    test(
      'throws, and never answers null, when the backend is down',
      () => harness.startDown(),
      async ({ provider }) => {
        await Promise.resolve(provider.open?.()).catch(() => undefined);
        await assert.rejects(async () => ask(provider, '+358501231234'), isError);
      },
    );

    test(
      'tells up from down',
      () => harness.start(),
      async ({ provider }) => {
        await provider.open?.();
        assert.equal((await provider.check(AbortSignal.timeout(10_000))).status, 'up');
        const down = await harness.startDown();
        try {
          await Promise.resolve(down.provider.open?.()).catch(() => undefined);
          await assert.rejects(async () => down.provider.check(AbortSignal.timeout(10_000)), isError);
        } finally {
          await down.provider.close?.();
          await down.stop();
        }
      },
    );

    if (harness.startHeld) {
      test(
        'stops at the signal while the backend holds its answer',
        () => harness.startHeld!(),
        async ({ provider }) => {
          const opening = Promise.resolve(provider.open?.()).catch(() => undefined);
          await Promise.race([opening, sleep(200)]);
          const abort = new AbortController();
          const outcome = ask(provider, '+358501231234', abort.signal).then(
            () => 'answered',
            (error: unknown) => (isError(error) ? 'rejected' : 'threw no error'),
          );
          assert.equal(await Promise.race([outcome, sleep(100).then(() => 'pending')]), 'pending');
          abort.abort();
          assert.equal(
            await Promise.race([outcome, sleep(5_000, 'still pending after the signal', { ref: false })]),
            'rejected',
          );
        },
      );
    } else {
      assert.ok(
        harness.cannotBeHeld,
        'give startHeld, or say in cannotBeHeld why there is nothing to wait for',
      );
    }

    test(
      'does not wait for anything when the signal was aborted before',
      () => harness.start(),
      async ({ provider, unknown }) => {
        await provider.open?.();
        const asked = ask(provider, unknown, AbortSignal.abort()).catch((error: unknown) => error);
        const outcome = await Promise.race([asked, sleep(5_000, 'still pending', { ref: false })]);
        assert.ok(outcome === null || isError(outcome), 'rejects, or answers from memory');
      },
    );

    runner.it('releases everything on close', async () => {
      const before = activeResources();
      const subject = await harness.start();
      await subject.provider.open?.();
      await ask(subject.provider, subject.known.number);
      await subject.provider.close?.();
      await subject.stop();
      let left = leftOver(before);
      for (let tries = 0; left.length > 0 && tries < 40; tries++) {
        await sleep(50);
        left = leftOver(before);
      }
      assert.deepEqual(left, [], 'nothing that keeps the process alive is left');
    });
  });
}

/** `instanceof Error` fails across realms (Jest), so the shape is asked for. */
function isError(error: unknown): boolean {
  return typeof error === 'object' && error !== null && 'message' in error && 'name' in error;
}

function activeResources(): Map<string, number> {
  const count = new Map<string, number>();
  for (const kind of process.getActiveResourcesInfo()) count.set(kind, (count.get(kind) ?? 0) + 1);
  return count;
}

function leftOver(before: Map<string, number>): string[] {
  return [...activeResources()]
    .filter(([kind, count]) => count > (before.get(kind) ?? 0))
    .map(([kind]) => kind);
}

import assert from 'node:assert/strict';
import { setImmediate } from 'node:timers/promises';
import { within } from '../../common/time-limit.js';
import { Caller } from '../caller.js';
import type { ProviderStatus, VipAnswer, VipLookupProvider } from '../vip-lookup-provider.js';
import type { ProviderHarness, ProviderUnderTest, ProviderWithVip } from './harness.js';
import { Resources } from './resources.js';
import { isError } from './shapes.js';

const PATIENCE_MS = 4_000;
/** For lookups and checks that should be answered. */
const AMPLE_MS = 10_000;
const LATE = Symbol('late');

/** A promise that every provider keeps, and how it is tested. */
export type Sentences = Readonly<Record<string, (trial: Trial) => Promise<void>>>;

/** The tools for testing one sentence of the contract; closes and stops everything that it started. */
export class Trial {
  readonly patienceMs: number;
  readonly country: string;
  readonly #open = new Set<ProviderUnderTest>();
  readonly #running = new Set<ProviderUnderTest>();
  readonly #timers: NodeJS.Timeout[] = [];
  readonly resources = new Resources();

  constructor(readonly harness: ProviderHarness) {
    this.patienceMs = harness.patienceMs ?? PATIENCE_MS;
    this.country = harness.country ?? 'FI';
  }

  /** Has the harness create a provider, which is not opened. */
  async make<T extends ProviderUnderTest>(start: () => Promise<T>): Promise<T> {
    const subject = await start();
    this.#open.add(subject);
    this.#running.add(subject);
    return subject;
  }

  /** An open provider whose backend is up. */
  async up(): Promise<ProviderWithVip> {
    const subject = await this.make(() => this.harness.start());
    await subject.provider.open?.();
    return subject;
  }

  /** A provider whose opening may have failed, for example because its backend is down. */
  async opened(start: () => Promise<ProviderUnderTest>): Promise<VipLookupProvider> {
    const { provider } = await this.make(start);
    await this.open(provider).catch(() => undefined); // a failed open does not stop the service's start, either
    return provider;
  }

  async open(provider: VipLookupProvider): Promise<void> {
    await provider.open?.();
  }

  async ask(provider: VipLookupProvider, text: string, signal = this.ample()): Promise<VipAnswer> {
    return provider.lookup(Caller.read(text, this.country), signal);
  }

  check(provider: VipLookupProvider, signal = this.ample()): Promise<ProviderStatus> {
    return this.promised('check', () => provider.check(signal));
  }

  /** What a method promises; one that throws instead of rejecting breaks the contract. */
  promised<T>(what: string, work: () => Promise<T>): Promise<T> {
    let promise;
    try {
      promise = work();
    } catch {
      assert.fail(`${what} returns a promise, and rejects; it does not throw at once`);
    }
    assert.equal(typeof promise?.then, 'function', `${what} returns a promise`);
    return promise;
  }

  /** The result of `work`; rejects if that takes too long. */
  async within<T>(what: string, work: T | Promise<T>): Promise<T> {
    const outcome = await within(this.patienceMs, work, LATE);
    if (outcome === LATE) throw new Error(`${what} has not ended after ${this.patienceMs} ms`);
    return outcome;
  }

  /** Asserts that `work` rejects with an error, and soon. */
  async fails(what: string, work: Promise<unknown>): Promise<Error> {
    const outcome = work.then(
      () => assert.fail(`${what} rejects with an error`),
      (error: unknown) => error,
    );
    const error = await this.within(what, outcome);
    assert.ok(isError(error), `${what} rejects with an error, and with nothing else`);
    return error;
  }

  /** Asserts that there is no more than `before`, soon. */
  async leavesNoMoreThan(before: ReadonlyMap<string, number>, message: string): Promise<void> {
    assert.deepEqual(await this.resources.left(before, this.patienceMs), [], message);
  }

  async close(subject: ProviderUnderTest): Promise<void> {
    if (this.#open.delete(subject)) await this.within('close()', subject.provider.close?.());
  }

  async stop(subject: ProviderUnderTest): Promise<void> {
    if (this.#running.delete(subject)) await subject.stop();
  }

  /** Closes and stops everything, even if something fails; rejects with the first failure. */
  async end(): Promise<void> {
    const failures: unknown[] = [];
    for (const timer of this.#timers) clearTimeout(timer);
    this.resources.end();
    for (const subject of new Set([...this.#open, ...this.#running])) {
      await this.close(subject).catch((error: unknown) => failures.push(error));
      await this.stop(subject).catch((error: unknown) => failures.push(error));
    }
    if (failures.length > 0) throw failures[0];
  }

  /** Enough time for what should be answered. */
  ample(): AbortSignal {
    const limit = new AbortController();
    this.#timers.push(setTimeout(() => limit.abort(), AMPLE_MS).unref());
    return limit.signal;
  }
}

/**
 * Tests one sentence of the contract.
 * @throws the error of the body or of closing; AssertionError if there was an uncaught error
 */
export async function prove(harness: ProviderHarness, body: (trial: Trial) => Promise<void>): Promise<void> {
  const trial = new Trial(harness);
  const failures: unknown[] = [];
  const loose: unknown[] = [];
  const onLoose = (error: unknown) => void loose.push(error);
  // If the runner hides these events (Jest), it fails the test itself.
  process.on('unhandledRejection', onLoose).on('uncaughtException', onLoose);
  try {
    await body(trial).catch((error: unknown) => failures.push(error));
    await trial.end().catch((error: unknown) => failures.push(error));
    // Rejections are reported after all pending promise jobs.
    for (let turn = 0; turn < 3; turn++) await setImmediate();
  } finally {
    process.off('unhandledRejection', onLoose).off('uncaughtException', onLoose);
  }
  if (failures.length > 0) throw failures[0];
  assert.deepEqual(
    loose,
    [],
    'no rejected promise is left alone, nothing is thrown where nobody can catch it',
  );
}

import { describe, expect, it, jest } from '@jest/globals';
import { getEventListeners } from 'node:events';
import {
  guarded,
  HoldingProvider,
  outcomeOf,
  ScriptedProvider,
} from '../../test/support/scripted-provider.js';
import { pass, stopClocks } from '../../test/support/stopped-clock.js';
import type { ProviderConfig } from './providers.config.js';
import { MetricsService } from '../observability/metrics.service.js';
import type { GuardedProvider } from './guarded-provider.js';
import { Caller } from '../plugin-api/caller.js';

const caller = Caller.read('+358501231234', 'FI');

stopClocks();

const guard = (provider: ScriptedProvider, more: Partial<ProviderConfig> = {}): GuardedProvider =>
  guarded(provider, new MetricsService(), more);
const ask = async (provider: GuardedProvider, asked = caller) => outcomeOf(provider.ask(asked));

describe('the signal of a lookup', () => {
  it('gives every lookup a signal of its own, which no other one aborts or listens to', async () => {
    const heard: string[] = [];
    const provider = new ScriptedProvider(({ key }, signal) => {
      signal.addEventListener('abort', () => heard.push(key));
      return key.endsWith('9') ? new Promise(() => undefined) : null;
    });
    const guardedOne = guard(provider, { timeoutMs: 20 });
    for (const last of ['1', '9', '2', '3', '8']) {
      guardedOne.ask(Caller.read(`+35850123123${last}`, 'FI'));
      await pass(1);
    }
    await pass(20);
    await ask(guardedOne);
    expect(heard).toEqual(['+358501231239']);
    expect(new Set(provider.signals).size).toBe(provider.signals.length);
    expect(provider.signals.map((signal) => getEventListeners(signal, 'abort').length)).toEqual(
      Array(provider.signals.length).fill(1),
    );
  });

  it('gives a signal that all that goes by signals understands', async () => {
    const provider = new HoldingProvider();
    const asked = ask(guard(provider, { timeoutMs: 20 }));
    const [signal] = provider.signals as [AbortSignal];
    // eslint-disable-next-line no-restricted-properties -- a plug-in may do so, and nothing here is a time limit
    const either = AbortSignal.any([signal, new AbortController().signal]);
    expect(signal).toBeInstanceOf(AbortSignal);
    expect(() => signal.throwIfAborted()).not.toThrow();
    const fetched = fetch('data:,', { signal: either });
    await pass(20);
    await asked;
    await fetched.catch(() => undefined);
    expect(either.aborted).toBe(true);
    expect(() => signal.throwIfAborted()).toThrow('no answer within 20 ms');
    expect(signal.reason).toMatchObject({ name: 'LookupTimeoutError' });
    await expect(fetch('data:,', { signal })).rejects.toBe(signal.reason);
  });

  it('aborts a lookup whose time is over before it begins the next', async () => {
    const provider = new HoldingProvider();
    const hold = provider.answer;
    const stillWorking: number[] = [];
    provider.answer = (asked, signal) => {
      stillWorking.push(provider.signals.filter(({ aborted }) => !aborted).length);
      return hold(asked, signal);
    };
    const guardedOne = guard(provider, { timeoutMs: 20, maxConcurrent: 1 });
    void ask(guardedOne);
    await pass(10);
    void ask(guardedOne, Caller.read('+358509999999', 'FI'));
    await pass(10);
    expect(stillWorking).toEqual([1, 1]);
    await pass(20);
  });

  it('counts the time in which a lookup held the thread as a part of its timeout', async () => {
    const provider = new ScriptedProvider(() => {
      jest.advanceTimersByTime(15);
      return new Promise(() => undefined);
    });
    let outcome: unknown;
    void ask(guard(provider, { timeoutMs: 20 })).then((ended) => (outcome = ended));
    await pass(4);
    expect(outcome).toBeUndefined();
    await pass(1);
    expect(outcome).toMatchObject({ kind: 'timeout' });
  });
});

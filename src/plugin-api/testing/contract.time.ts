import assert from 'node:assert/strict';
import { setTimeout as sleep } from 'node:timers/promises';
import { within } from '../../common/time-limit.js';
import { ANYBODY } from './contract.faults.js';
import type { ProviderHarness, ProviderUnderTest } from './harness.js';
import { isError } from './shapes.js';
import type { Sentences, Trial } from './trial.js';

/** Time that a provider with a silent backend gets for opening. */
const OPENING_MS = 200;
/** A lookup that is still pending after this is waiting for the backend. */
const WAITING_MS = 100;

/** What a lookup does with its signal. */
export function time(harness: ProviderHarness): Sentences {
  const startHeld = harness.startHeld && (() => harness.startHeld!());
  return {
    async 'does not wait for anything when the signal was aborted before'(trial) {
      if (startHeld) {
        const { provider } = await held(trial, startHeld);
        return void (await trial.fails('the lookup', trial.ask(provider, ANYBODY, AbortSignal.abort())));
      }
      const { provider, unknown } = await trial.up();
      const asked = trial.ask(provider, unknown, AbortSignal.abort()).catch((error: unknown) => error);
      const outcome = await trial.within('the lookup', asked);
      assert.ok(outcome === null || isError(outcome), 'rejects, or answers from memory');
    },
    ...(startHeld && whileHeld(startHeld)),
  };
}

type Start = () => Promise<ProviderUnderTest>;

/** A provider that was told to open, which may have to wait for its backend. */
async function held(trial: Trial, start: Start): Promise<ProviderUnderTest> {
  const subject = await trial.make(start);
  await opening(trial, subject);
  return subject;
}

function opening(trial: Trial, { provider }: ProviderUnderTest): Promise<void> {
  return within(
    OPENING_MS,
    trial.open(provider).catch(() => undefined), // may end when it is closed
  );
}

function whileHeld(start: Start): Sentences {
  return {
    async 'stops at the signal while the backend holds its answer'(trial) {
      const { provider } = await held(trial, start);
      await assertStops(trial, 'the lookup', (signal) => trial.ask(provider, ANYBODY, signal));
    },

    async 'ends a check at the signal as well'(trial) {
      const { provider } = await held(trial, start);
      await assertStops(trial, 'the check', (signal) => trial.check(provider, signal));
    },

    async 'leaves nothing behind when it is told to stop, and then closed'(trial) {
      const subject = await trial.make(start);
      const before = trial.resources.count();
      await opening(trial, subject);
      const abort = new AbortController();
      const stopped = trial.ask(subject.provider, ANYBODY, abort.signal).catch(() => undefined);
      await sleep(WAITING_MS);
      abort.abort();
      await trial.within('the lookup', stopped);
      await trial.close(subject);
      await trial.leavesNoMoreThan(before, 'nothing that keeps the process alive is left');
    },

    async 'closes while the backend holds its answer'(trial) {
      const subject = await held(trial, start);
      // Its result does not matter: the service no longer waits for it.
      void trial.ask(subject.provider, ANYBODY).catch(() => undefined);
      await sleep(WAITING_MS);
      await trial.close(subject);
    },
  };
}

async function assertStops(
  trial: Trial,
  what: string,
  work: (signal: AbortSignal) => Promise<unknown>,
): Promise<void> {
  const abort = new AbortController();
  const asked = work(abort.signal);
  const settled = asked.then(
    () => 'answered',
    () => 'failed',
  );
  const early = await within(WAITING_MS, settled, 'waits');
  assert.equal(early, 'waits', `${what} waits for the backend, which holds its answer`);
  abort.abort();
  await trial.fails(`${what}, told to stop,`, asked);
}

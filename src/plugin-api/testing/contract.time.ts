import assert from 'node:assert/strict';
import { setTimeout as sleep } from 'node:timers/promises';
import { within } from '../../common/time-limit.js';
import { ANYBODY } from './contract.faults.js';
import type { ProviderHarness } from './harness.js';
import { Resources } from './resources.js';
import { isError } from './shapes.js';
import type { Sentences, Trial } from './trial.js';

/** Time that a provider with a silent backend gets for opening. */
const OPENING_MS = 200;
/** A lookup that is still pending after this is waiting for the backend. */
const WAITING_MS = 100;

/** What a lookup does with its signal. */
export function time(harness: ProviderHarness): Sentences {
  const startHeld = harness.startHeld && (() => harness.startHeld!());
  const doesNotWait = 'does not wait for anything when the signal was aborted before';
  if (startHeld === undefined) {
    return {
      async [doesNotWait](trial) {
        const { provider, unknown } = await trial.up();
        const asked = trial.ask(provider, unknown, AbortSignal.abort()).catch((error: unknown) => error);
        const outcome = await trial.within('the lookup', asked);
        assert.ok(outcome === null || isError(outcome), 'rejects, or answers from memory');
      },
    };
  }
  const held = async (trial: Trial) => {
    const subject = await trial.make(startHeld);
    const opening = trial.open(subject.provider).catch(() => undefined); // may end when it is closed
    await within(OPENING_MS, opening);
    return subject;
  };

  return {
    async 'stops at the signal while the backend holds its answer'(trial) {
      const { provider } = await held(trial);
      await assertStops(trial, 'the lookup', (signal) => trial.ask(provider, ANYBODY, signal));
    },

    async 'ends a check at the signal as well'(trial) {
      const { provider } = await held(trial);
      await assertStops(trial, 'the check', (signal) => trial.check(provider, signal));
    },

    async [doesNotWait](trial) {
      const { provider } = await held(trial);
      await trial.fails('the lookup', trial.ask(provider, ANYBODY, AbortSignal.abort()));
    },

    async 'leaves nothing behind when it is told to stop, and then closed'(trial) {
      const resources = new Resources();
      try {
        const subject = await trial.make(startHeld);
        const before = resources.count();
        const opening = trial.open(subject.provider).catch(() => undefined);
        await within(OPENING_MS, opening);
        const abort = new AbortController();
        const stopped = trial.ask(subject.provider, ANYBODY, abort.signal).catch(() => undefined);
        await sleep(WAITING_MS);
        abort.abort();
        await trial.within('the lookup', stopped);
        await trial.close(subject);
        const left = await resources.left(before, trial.patienceMs);
        assert.deepEqual(left, [], 'nothing that keeps the process alive is left');
      } finally {
        resources.end();
      }
    },

    async 'closes while the backend holds its answer'(trial) {
      const subject = await held(trial);
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

import assert from 'node:assert/strict';
import { withTimeLimit } from '../../common/time-limit.js';
import type { VipAnswer, VipLookupProvider } from '../vip-lookup-provider.js';
import type { ProviderHarness } from './harness.js';
import { assertStatus, isError, recordsOf, showsNumber } from './shapes.js';
import type { Sentences, Trial } from './trial.js';

/** Any subscriber; the number that is asked for when no answer can come. */
export const ANYBODY = '+358501231234';
const BUSY = 'VipLookupBusyError';
/** Errors whose message is shown. */
const SHOWN: readonly string[] = ['VipLookupError', BUSY];

/** What a lookup answers when it cannot know. */
export function faults(harness: ProviderHarness): Sentences {
  const startBroken = harness.startBroken && (() => harness.startBroken!());
  return {
    async 'throws, and never answers null, when the backend is down'(trial) {
      const provider = await trial.opened(() => harness.startDown());
      assertNotBusy(await trial.fails('the lookup', trial.ask(provider, ANYBODY)));
    },

    ...(startBroken && {
      async 'throws, and never answers null, when the backend gives no answer that makes sense'(
        trial: Trial,
      ) {
        const provider = await trial.opened(startBroken);
        assertNotBusy(await trial.fails('the lookup', trial.ask(provider, ANYBODY)));
      },
    }),

    async 'never denies a known VIP when the backend goes away'(trial) {
      const subject = await trial.up();
      const { provider, known } = subject;
      recordsOf(await trial.ask(provider, known.number));
      await trial.stop(subject);
      await assertNotDenied(trial, provider, known.number);
    },

    async 'never denies a known VIP before it is open'(trial) {
      const { provider, known } = await trial.make(() => harness.start());
      await assertNotDenied(trial, provider, known.number);
    },

    async 'tells up from down'(trial) {
      const { provider } = await trial.up();
      const status = await trial.check(provider);
      assertStatus(status);
      assert.equal(status.status, 'up');
      const down = await trial.opened(() => harness.startDown());
      await trial.fails('the check of a backend that is down', trial.check(down));
    },

    async 'shows no telephone number in what it throws'(trial) {
      const starts = [() => harness.startDown(), ...(startBroken ? [startBroken] : [])];
      for (const start of starts) {
        const provider = await trial.opened(start);
        const error: unknown = await trial.ask(provider, ANYBODY).catch((thrown: unknown) => thrown);
        // Of any other error only the code or the name is shown.
        if (!isError(error) || !SHOWN.includes(error.name)) continue;
        assert.ok(
          !showsNumber(error.message, ANYBODY),
          `the message of a ${error.name} is public and holds no telephone number`,
        );
      }
    },
  };
}

/** The circuit breaker does not count "busy", so it would never open for a broken backend. */
function assertNotBusy({ name }: Error): void {
  assert.notEqual(
    name,
    BUSY,
    `a backend that is down or broken is not busy: throw another error than ${BUSY}`,
  );
}

/** Data in memory may be returned; otherwise the lookup rejects, at the latest when its time is over. */
async function assertNotDenied(trial: Trial, provider: VipLookupProvider, number: string): Promise<void> {
  const asked = withTimeLimit(trial.patienceMs / 2, [], (signal) =>
    trial.ask(provider, number, signal),
  ).catch((error: unknown) => error);
  const outcome: unknown = await trial.within('the lookup', asked);
  if (!isError(outcome)) recordsOf(outcome as VipAnswer);
}

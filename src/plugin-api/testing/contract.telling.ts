import assert from 'node:assert/strict';
import { setTimeout as sleep } from 'node:timers/promises';
import { Caller } from '../caller.js';
import type { EntryTally } from '../entry-tally.js';
import type { VipLookupProvider } from '../vip-lookup-provider.js';
import { ANYBODY } from './contract.faults.js';
import type { ProviderHarness } from './harness.js';
import { isError, showsNumber } from './shapes.js';
import type { Sentences, Trial } from './trial.js';

const WAITING_MS = 100;

/** What a provider tells of its entries, if it has `entries`, `countEntries` and `explain`. */
export function telling(harness: ProviderHarness): Sentences {
  return {
    async 'tells how many entries it has, and counts them'(trial) {
      const subject = await trial.make(() => harness.start());
      const { provider } = subject;
      assertCount(provider);
      await trial.open(provider);
      assertCount(provider);
      assertTally(await countOf(trial, provider));
      await trial.stop(subject);
      const down = await trial.opened(() => harness.startDown());
      assertCount(down);
      const counted = await outcomeOf(trial, 'countEntries', countOf(trial, down));
      if (!isError(counted)) assertTally(counted);
    },

    async 'explains why a caller is not a VIP, without a telephone number'(trial) {
      const { provider, known, unknown } = await trial.up();
      for (const number of [unknown, known.number, '4711']) {
        const said = await explanationOf(trial, provider, number);
        if (said === undefined) return;
        assert.ok(typeof said === 'string' && said.trim() !== '', 'explain answers a text');
        assert.ok(!/[\r\n]|\.\s*$/.test(said), 'the text is one sentence without its full stop');
        for (const one of [known.number, unknown]) {
          const { key } = Caller.read(one, trial.country);
          assert.ok(
            !showsNumber(said, key),
            'what explain says may be shown to anybody, and holds no telephone number',
          );
        }
      }
    },

    async 'stops counting and explaining at the signal'(trial) {
      const { provider, unknown } = await trial.up();
      await outcomeOf(trial, 'countEntries', countOf(trial, provider, AbortSignal.abort()));
      await outcomeOf(trial, 'explain', explanationOf(trial, provider, unknown, AbortSignal.abort()));
      if (harness.startHeld === undefined) return;
      const { provider: held } = await trial.make(() => harness.startHeld!());
      const opening = trial.open(held).catch(() => undefined); // may end when it is closed
      await sleep(WAITING_MS);
      const abort = new AbortController();
      const works = [
        countOf(trial, held, abort.signal),
        explanationOf(trial, held, ANYBODY, abort.signal),
      ].map((work) => work.catch((error: unknown) => error));
      await sleep(WAITING_MS);
      abort.abort();
      await trial.within('countEntries and explain, told to stop,', Promise.all(works));
      void opening;
    },
  };
}

function assertCount(provider: VipLookupProvider): void {
  const count = provider.entries?.();
  const isCount = count === undefined || (Number.isInteger(count) && count >= 0);
  assert.ok(isCount, 'entries answers a count at once, or undefined while it is not known');
}

async function countOf(
  trial: Trial,
  provider: VipLookupProvider,
  signal = trial.ample(),
): Promise<EntryTally | undefined> {
  if (provider.countEntries === undefined) return undefined;
  return trial.promised('countEntries', () => provider.countEntries!(signal));
}

async function explanationOf(
  trial: Trial,
  provider: VipLookupProvider,
  number: string,
  signal = trial.ample(),
): Promise<string | undefined> {
  if (provider.explain === undefined) return undefined;
  return trial.promised('explain', () => provider.explain!(Caller.read(number, trial.country), signal));
}

/** What came of it, soon: its result, or the error. */
async function outcomeOf<T>(trial: Trial, what: string, work: Promise<T>): Promise<T | Error> {
  const outcome = work.catch((error: unknown) => {
    assert.ok(isError(error), `${what} rejects with an error, and with nothing else`);
    if (error.name === 'AssertionError') throw error;
    return error;
  });
  return trial.within(what, outcome);
}

function assertTally(tally: EntryTally | undefined): void {
  if (tally === undefined) return;
  const { entries, place, kinds } = tally;
  assert.ok(Number.isInteger(entries) && typeof place === 'string', 'countEntries answers an EntryTally');
  for (const { tier, count } of kinds) {
    assert.ok(typeof tier === 'string' && count > 0, 'each kind of entry has a tier and a count');
  }
}

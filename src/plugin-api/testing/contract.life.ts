import type { ProviderHarness } from './harness.js';
import { recordsOf } from './shapes.js';
import type { Sentences } from './trial.js';

/** How an instance opens, runs beside others, and closes. */
export function life(harness: ProviderHarness): Sentences {
  return {
    async 'is one of several: instances do not disturb each other'(trial) {
      const first = await trial.up();
      const second = await trial.up();
      recordsOf(await trial.ask(first.provider, first.known.number));
      const down = await trial.opened(() => harness.startDown());
      await trial.fails('the lookup of the one whose backend is down', trial.ask(down, first.known.number));
      recordsOf(await trial.ask(second.provider, second.known.number));
      await trial.close(second);
      await trial.stop(second);
      recordsOf(await trial.ask(first.provider, first.known.number));
    },

    async 'can be closed without having been opened'(trial) {
      const subject = await trial.make(() => harness.start());
      await trial.close(subject);
    },

    async 'releases everything on close'(trial) {
      const beforeAll = trial.resources.count();
      const subject = await trial.make(() => harness.start());
      const before = trial.resources.count();
      await trial.open(subject.provider);
      recordsOf(await trial.ask(subject.provider, subject.known.number));
      await trial.ask(subject.provider, subject.unknown);
      await trial.check(subject.provider);
      await trial.close(subject);
      await trial.leavesNoMoreThan(before, 'nothing that keeps the process alive is left of the provider');
      await trial.stop(subject);
      await trial.leavesNoMoreThan(beforeAll, 'nor of the backend of the test');
    },
  };
}

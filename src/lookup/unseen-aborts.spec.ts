import { describe, expect, it } from '@jest/globals';
import type { VipLookupProvider } from '../plugin-api/vip-lookup-provider.js';
import { UnseenAborts } from './unseen-aborts.js';

/** Whether the controller of a lookup that answered at once is there for the next one. */
function isUsedAgain(lookup: VipLookupProvider['lookup']): boolean {
  const aborts = new UnseenAborts();
  const abort = aborts.take();
  aborts.giveBack(abort, { lookup, check: async () => ({ status: 'up' }) });
  const next = aborts.take();
  expect(aborts.take()).not.toBe(next);
  return next === abort;
}

describe('an abort controller', () => {
  it('is used again, by one lookup, when the provider takes no signal', () => {
    expect(isUsedAgain((_caller) => null)).toBe(true);
  });

  it.each<[string, VipLookupProvider['lookup']]>([
    ['takes it', (_caller, _signal) => null],
    ['takes whatever there is', (..._all) => null],
  ])('is not used again when the provider %s', (_, lookup) => {
    expect(isUsedAgain(lookup)).toBe(false);
  });
});

import { describe, expect, it } from '@jest/globals';
import { SharedDetails } from './shared-details.js';

describe('what records of a list say of their numbers', () => {
  const tiers = (details: SharedDetails, from: number, to: number) => {
    for (let at = from; at < to; at++) details.referenceOf({ number: '4711', tier: `tier ${at}` });
  };

  it('is kept once where they say the same', () => {
    const details = new SharedDetails();
    const first = details.referenceOf({ number: '1', tier: 'gold', targets: ['A'] });
    expect(details.referenceOf({ number: '2', tier: 'gold', targets: ['A'] })).toBe(first);
    const named = details.referenceOf({ number: '3', tier: 'gold', targets: ['A'], name: 'Aino' });
    expect(named).not.toBe(first);
    expect(details.all[named]!.targets).toBe(details.all[first]!.targets);
  });

  it('is recognised again after thousands of others, and not after more than can be remembered', () => {
    const details = new SharedDetails();
    const first = details.referenceOf({ number: '1', tier: 'gold' });
    tiers(details, 0, 10_000);
    expect(details.referenceOf({ number: '2', tier: 'gold' })).toBe(first);
    tiers(details, 10_000, 27_000);
    const again = details.referenceOf({ number: '3', tier: 'gold' });
    expect(again).not.toBe(first);
    expect(details.all[again]).toEqual({ tier: 'gold' });
  });

  it('is forgotten sooner when it is long', () => {
    const details = new SharedDetails();
    const first = details.referenceOf({ number: '1', tier: 'gold' });
    const name = 'x'.repeat(200_000);
    for (let at = 0; at < 50; at++) details.referenceOf({ number: '2', tier: 'gold', name: `${at} ${name}` });
    expect(details.referenceOf({ number: '3', tier: 'gold' })).not.toBe(first);
  });
});

import { describe, expect, it } from '@jest/globals';
import { nearName, suggestion } from './near-name.js';

const KNOWN = ['InitialTarget', 'FailTarget', 'Priority', 'ExtraPriority', 'name', 'tier'];

describe('a near name', () => {
  it.each([
    ['initial_target', 'InitialTarget'],
    ['Initialtargets', 'InitialTarget'],
    ['IntialTarget', 'InitialTarget'],
    ['priorty', 'Priority'],
    ['extra priority', 'ExtraPriority'],
    ['names', 'name'],
    ['teir', 'tier'],
    ['PreferredAgents', undefined],
    ['RequiredAgent', undefined],
    ['Target', undefined],
    ['x', undefined],
    ['', undefined],
    [`${'InitialTarget'.repeat(10_000)}`, undefined],
  ])('to %.20s is %s', (written, meant) => {
    expect(nearName(written, KNOWN)).toBe(meant);
  });

  it('is suggested together with the known ones, of many the first thirty', () => {
    expect(suggestion('nmae', ['tier', 'name'])).toBe(' Did you mean "name"? Known: tier, name.');
    expect(suggestion('x', [])).toBe(' Known: none.');
    const many = Array.from({ length: 40 }, (_, at) => `k${at}`);
    expect(suggestion('other', many)).toMatch(/^ Known: k0, .* k29 and 10 more\.$/);
  });
});

import { describe, expect, it } from '@jest/globals';
import type { JsonObject } from '../common/json.js';
import { Route } from './route.js';

const route = (tiers: string[] | undefined, when: Record<string, string[]>): Route =>
  new Route({ tiers, when: new Map(Object.entries(when)), instructions: { ExtraPriority: 1 } }, 0);

describe('a route', () => {
  it('fits the tiers it names, or any', () => {
    expect(route(['gold', 'silver'], {}).fits('silver', {})).toBe(true);
    expect(route(['gold', 'silver'], {}).fits('bronze', {})).toBe(false);
    expect(route(undefined, {}).fits('bronze', {})).toBe(true);
  });

  it.each<[JsonObject, boolean]>([
    [{ Culture: 'fi-FI', Level: 1 }, true],
    [{ Culture: 'sv-FI', Level: '1' }, true],
    [{ Culture: 'fi-FI', Level: true }, false],
    [{ Culture: 'fi-fi', Level: 1 }, false],
    [{ Culture: 'en-GB', Level: 1 }, false],
    [{ Culture: 'fi-FI' }, false],
    [{ Culture: 'fi-FI', Level: null }, false],
    [{ Culture: ['fi-FI'], Level: 1 }, false],
    [{}, false],
  ])('fits a call with extradata %j: %s', (extradata, fits) => {
    expect(route(undefined, { Culture: ['fi-FI', 'sv-FI'], Level: ['1'] }).fits('gold', extradata)).toBe(
      fits,
    );
  });

  it('compares truth values as text, and does not see inherited properties', () => {
    expect(route(undefined, { IsInternalCaller: ['false'] }).fits('gold', { IsInternalCaller: false })).toBe(
      true,
    );
    expect(route(undefined, { toString: ['x'] }).fits('gold', {})).toBe(false);
  });
});

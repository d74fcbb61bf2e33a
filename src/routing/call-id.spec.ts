import { describe, expect, it } from '@jest/globals';
import { CallIds } from './call-id.js';

describe('the id of a call', () => {
  it("is Core's, bounded, and never a telephone number", () => {
    const idOf = (CallId: string): string => new CallIds().of({ anum: 7, extradata: { CallId } });
    expect(idOf('3f1c0a4e-6f0c-4a58')).toBe('3f1c0a4e-6f0c-4a58');
    expect(idOf('+358501231234')).toBe('+35850*****34');
    expect(idOf('call +358501231234 x')).toBe('call +35850*****34 x');
    const guid = '12345678-1234-1234-1234-123456789012';
    expect(idOf(guid)).toBe(guid);
    expect(idOf('x'.repeat(500))).toBe('x'.repeat(64));
  });

  it('is one of our own where Core gives none, which no other call and no other instance has', () => {
    const ids = new Set<string>();
    const odd = [{}, { CallId: '' }, { CallId: { a: 1 } }, { CallId: 7 }, { CallId: null }, 'text'];
    const bodies = [...odd.map((extradata) => ({ extradata })), undefined, 'text', []];
    const [one, other] = [new CallIds(), new CallIds()];
    for (const body of bodies) {
      for (const instance of [one, other]) {
        const id = instance.of(body);
        expect(id).toMatch(/^req-[0-9a-f]{8}-\d+$/);
        ids.add(id);
      }
    }
    expect(ids.size).toBe(2 * bodies.length);
  });
});

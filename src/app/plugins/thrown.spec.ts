import { describe, expect, it } from '@jest/globals';
import { readThrown } from './thrown.js';

const withCode = Object.assign(new Error('gone\nand more'), { code: 'EGONE' });
const refusing = (thrown: unknown) =>
  new Proxy(new Error('hidden'), {
    get: () => {
      throw thrown;
    },
  });
const revoked = Proxy.revocable({}, {});
revoked.revoke();

describe('what a plug-in threw', () => {
  it.each<[unknown, string | undefined, string]>([
    [new TypeError('no backend'), 'TypeError', 'no backend'],
    [withCode, 'EGONE', 'gone'],
    [{ code: 7, name: '', message: 'x' }, undefined, 'x'],
    [null, undefined, 'it throws null, which is not an error'],
    [undefined, undefined, 'it throws undefined, which is not an error'],
    ['spilt "tea"', undefined, 'it throws "spilt \\"tea\\"", which is not an error'],
    [7n, undefined, 'it throws 7, which is not an error'],
    [{ message: 7 }, undefined, 'it throws an object without a message'],
    [() => 1, undefined, 'it throws a function without a message'],
    [refusing(null), undefined, 'it throws something that cannot be inspected'],
    [refusing(new Error('x')), undefined, 'it throws something that cannot be inspected'],
    [revoked.proxy, undefined, 'it throws something that cannot be inspected'],
  ])('is told: %#', (thrown, kind, said) => {
    expect(readThrown(thrown)).toEqual({ kind, said });
  });
});

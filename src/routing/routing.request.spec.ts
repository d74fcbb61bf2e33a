import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { Problem } from '../http/problem.js';
import { IS_LONG } from '../../test/support/length.js';
import { readCall } from './routing.request.js';

const MISSING = 'is missing; send a string, or null when the number is withheld';
const NOT_TEXT = 'must be a string or null';

function errorsOf(body: unknown): unknown {
  try {
    readCall(body);
    return 'accepted';
  } catch (error) {
    if (!(error instanceof Problem)) throw error;
    expect(error.getStatus()).toBe(400);
    return error.more.errors;
  }
}

describe('the request body', () => {
  it.each<[string, unknown]>([
    ['only the numbers', { anum: '+358501231234', bnum: '+358942415000' }],
    ['null for everything that may be absent', { anum: null, bnum: null, targetid: null, extradata: null }],
    ['an empty caller', { anum: '', bnum: '' }],
    [
      'any JSON value in extradata',
      { anum: 'a', bnum: 'b', extradata: { a: [1, { b: null }], '': false, constructor: 1 } },
    ],
    ['unknown properties', { anum: 'a', bnum: 'b', somethingNew: { x: 1 } }],
  ])('may be %s', (_, body) => {
    expect(errorsOf(body)).toBe('accepted');
  });

  it.each<[string, unknown, unknown]>([
    ['no object: a list', [], [{ path: '', message: 'must be a JSON object' }]],
    ['no object: null', null, [{ path: '', message: 'must be a JSON object' }]],
    ['no object: text', 'x', [{ path: '', message: 'must be a JSON object' }]],
    [
      'empty',
      {},
      [
        { path: 'anum', message: MISSING },
        { path: 'bnum', message: MISSING },
      ],
    ],
    ['without bnum', { anum: '' }, [{ path: 'bnum', message: MISSING }]],
    [
      'wrong in every property',
      { anum: 1, bnum: {}, targetid: [], extradata: 'x' },
      [
        { path: 'anum', message: NOT_TEXT },
        { path: 'bnum', message: NOT_TEXT },
        { path: 'targetid', message: NOT_TEXT },
        { path: 'extradata', message: 'must be an object or null' },
      ],
    ],
    [
      'a list as extradata',
      { anum: '', bnum: '', extradata: [] },
      [{ path: 'extradata', message: 'must be an object or null' }],
    ],
  ])('is refused when %s, with every problem listed', (_, body, errors) => {
    expect(errorsOf(body)).toEqual(errors);
  });

  it('is taken over as it is, with null, and an empty targetid, for absent', () => {
    const extradata = { CallId: 'c' };
    expect(readCall({ anum: '', bnum: '+358942415000', targetid: 'Q', extradata })).toEqual({
      anum: '',
      bnum: '+358942415000',
      targetid: 'Q',
      extradata,
    });
    const absent = { anum: undefined, bnum: undefined, targetid: undefined, extradata: {} };
    expect(readCall({ anum: null, bnum: null, targetid: null, extradata: null })).toEqual(absent);
    expect(readCall({ anum: null, bnum: null, targetid: '' })).toEqual(absent);
  });

  it('is refused for exactly those properties that are of a wrong type', () => {
    const value = fc.oneof(
      fc.jsonValue(),
      fc.constant(undefined),
      fc.string(),
      fc.constant(null),
      fc.object(),
    );
    const body = fc.record({ anum: value, bnum: value, targetid: value, extradata: value });
    const allowed = {
      anum: ['null', 'string'],
      bnum: ['null', 'string'],
      targetid: ['null', 'string', 'undefined'],
      extradata: ['null', 'object', 'undefined'],
    };
    const typeOf = (one: unknown): string =>
      one === null ? 'null' : Array.isArray(one) ? 'list' : typeof one;
    fc.assert(
      fc.property(body, (properties) => {
        const names = Object.keys(allowed) as (keyof typeof allowed)[];
        const wrong = names.filter((name) => !allowed[name].includes(typeOf(properties[name])));
        const errors = errorsOf(properties);
        const paths = errors === 'accepted' ? [] : (errors as { path: string }[]).map(({ path }) => path);
        expect(paths).toEqual(wrong);
      }),
      { numRuns: IS_LONG ? 1_000 : 200 },
    );
  });

  it('is accepted or refused with a list of problems, whatever it is', () => {
    fc.assert(
      fc.property(fc.jsonValue(), (body) => {
        const errors = errorsOf(body);
        expect(errors === 'accepted' || (Array.isArray(errors) && errors.length > 0)).toBe(true);
      }),
    );
  });
});

import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { repeatedKey } from './json-keys.js';
import { readRecords } from './record-file.js';

const TWICE = 'is written twice in one object; keep one of the two';
const read = (content: string, contacts?: { tier: string }) =>
  readRecords(Buffer.from(content), 'list.json', { country: 'FI', contacts });

describe('a key that an object of a JSON list has twice', () => {
  it.each([
    ['a number', '{"number":"050 123 5367","tier":"gold","number":"050 123 5368"}', 'line 2, number: '],
    ['a tier', '{"number":"050 123 5367","tier":"gold",\r\n "tier" : null}', 'line 3, tier: '],
    [
      'in other letters',
      '{"num\\u0062er":"050 123 5367",\n\n"tier":"gold","number":"1"}',
      'line 4, number: ',
    ],
    [
      'of an object in it',
      '{"number":1,"tier":"g","attributes":{"a":{"x":1,\n"y":"\\":{","x":2}}}',
      'line 3, x: ',
    ],
    [
      'of an object in a list',
      '{"number":1,"tier":"g","attributes":{"a":[{"x":1},{"x":1,"x":2}]}}',
      'line 2, x: ',
    ],
    [
      'that may be a telephone number',
      '{"number":1,"tier":"g","attributes":{"0501235367":1,"0501235367":2}}',
      'line 2: a key ',
    ],
    ['without any letter', '{"number":1,"tier":"g","attributes":{"":1,"":2}}', 'line 2: a key '],
  ])('leaves the entry out and is named: %s', async (_, entry, where) => {
    const list = await read(`[\n${entry},\n{"number":"4711","tier":"gold"}]`);
    expect(list.records.map(({ record }) => record.number)).toEqual(['4711']);
    expect(list.problems).toEqual([]);
    expect(list.leftOut).toEqual([where + TWICE]);
  });

  it('is none in objects beside or within each other, or in texts', async () => {
    const attributes = { number: { number: '"number":1,"number":2', tier: [{ tier: 1 }, { tier: ':{"' }] } };
    const list = await read(JSON.stringify([{ number: '4711', tier: 'gold', attributes }]));
    expect(list.records.map(({ record }) => record.attributes)).toEqual([attributes]);
    expect(list.leftOut).toEqual([]);
  });

  it.each([
    ['a list', (contacts: string) => `[${contacts}]`],
    ['an answer', (contacts: string) => `{"value":[${contacts}],"x":{"x":1}}`],
  ])('is told of a contact in %s', async (_, write) => {
    const contacts = '{"mobile":"050 123 5369"},\n{"mobile":"050 123 5367","mobile":"050 123 5368"}';
    const list = await read(write(contacts), { tier: 'gold' });
    expect(list.records.map(({ record }) => record.number)).toEqual(['+358501235369']);
    expect(list.leftOut).toEqual([`line 2, mobile: ${TWICE}`]);
  });

  it('is told of an answer with two lists under one key', async () => {
    const one = (number: string) => `[{"mobile":"${number}"}]`;
    const text = `{"data":{"records":${one('050 123 5367')},\n"a":["records"],\n"records":${one('050 123 5368')}}}`;
    expect((await read(text, { tier: 'gold' })).problems).toEqual([
      'line 3, records: is written twice; put all entries into one list',
    ]);
  });

  it('is found in whatever JSON it is', () => {
    fc.assert(
      fc.property(fc.array(fc.string(), { minLength: 1 }), fc.json(), fc.nat(), (names, value, at) => {
        const keys = [...new Set(names)];
        const write = (all: string[]) => `{${all.map((key) => `${JSON.stringify(key)}: ${value}`).join()}}`;
        expect(repeatedKey(write(keys))).toBeUndefined();
        expect(repeatedKey(write([...keys, keys[at % keys.length]!]))).toMatchObject({ line: 1 });
      }),
    );
  });
});

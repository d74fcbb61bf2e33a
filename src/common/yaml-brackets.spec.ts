import { describe, expect, it } from '@jest/globals';
import { parseYaml } from './yaml.js';

const told = (text: string) => parseYaml(text).syntax.map(({ line, message }) => `${line}: ${message}`);
const open = (line: number, sign: string, end: string) =>
  `${line}: The bracket ${sign} in this line is not closed. Write ${end} at its end.`;

describe('a bracket that is not closed', () => {
  it.each([
    ['country: [FI\nx: {\n', [open(1, '[', ']')]],
    ['a: 1\nb: {c: 1\nd: 2\ne: 3\n', [open(2, '{', '}')]],
    ['a: {b: [1, 2}\nc: 3\n', [open(1, '[', ']')]],
    ['a: [1, {b: 2]\nc: 3\n', [open(1, '{', '}')]],
    ['a: [\n  1,\n  {x: 1},\n  2\nb: 3\nc: [1]\n', [open(1, '[', ']')]],
    ['a:\n  - [1]\n  - {b: 2\n  - 3\n', [open(3, '{', '}')]],
    ['a: [1, 2', [open(1, '[', ']')]],
  ])('is told once, with its line: %j', (text, expected) => {
    expect(told(text)).toEqual(expected);
  });

  it('is no news where all are closed, or where it is a quote that is open', () => {
    expect(told('a: [1, {b: [2]}]\nc: {}\n')).toEqual([]);
    expect(told('a: "}"\nb: \'[\'\n# [ {\nc: x[1\n')).toEqual([]);
    for (const text of ['a: ["x, y]\nb: 1\n', 'a: "x\nb: [1\n']) {
      expect(told(text).length).toBeGreaterThan(0);
      expect(told(text).join()).not.toMatch('is not closed. Write');
    }
  });

  it('does not hide a mistake before it', () => {
    const found = told('a: @x\nb: [1\nc: 2\n');
    expect(found).toHaveLength(2);
    expect(found[1]).toBe(open(2, '[', ']'));
  });
});

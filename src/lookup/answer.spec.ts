import { describe, expect, it } from '@jest/globals';
import { readAnswer } from './answer.js';

const GOLD = { number: '+358501231234', tier: 'gold' };

function circle(): object {
  const instructions: Record<string, unknown> = { ExtraPriority: 5 };
  instructions['again'] = instructions;
  return instructions;
}

describe('what a provider answers', () => {
  it.each([
    ['null', null, []],
    ['a record', GOLD, [GOLD]],
    ['several', [GOLD, { ...GOLD, targets: ['A'] }], [GOLD, { ...GOLD, targets: ['A'] }]],
    [
      'a whole record',
      { ...GOLD, name: 'Aino', validFromMs: 1, attributes: { a: [1] }, instructions: { Priority: null } },
      [{ ...GOLD, name: 'Aino', validFromMs: 1, attributes: { a: [1] }, instructions: { Priority: null } }],
    ],
  ])('%s is taken', (_, answer, records) => {
    expect(readAnswer(answer as never)).toEqual(records);
    expect(readAnswer(answer as never)).toEqual(records);
  });

  it.each([
    ['nothing', undefined],
    ['a text', 'gold'],
    ['a record without a tier', { number: '+358501231234' }],
    ['a list with a hole', [GOLD, undefined]],
    ['a tier that is a number', { tier: 7 }],
    ['a number that is a number', { ...GOLD, number: 358501231234 }],
    ['targets that are a text', { ...GOLD, targets: 'A' }],
    ['a date that is a text', { ...GOLD, validUntilMs: '2026-01-01' }],
    ['a name that is an object', { ...GOLD, name: {} }],
    ['attributes that are a text', { ...GOLD, attributes: 'company' }],
    ['instructions that are a list', { ...GOLD, instructions: [] }],
    ['instructions with what is not JSON', { ...GOLD, instructions: { Priority: 7n } }],
    ['instructions with an instance of a class', { ...GOLD, instructions: { At: new Date() } }],
    ['instructions in a circle', { ...GOLD, instructions: circle() }],
  ])('%s is refused', (_, answer) => {
    expect(() => readAnswer(answer as never)).toThrow();
  });
});

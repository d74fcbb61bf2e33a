import { describe, expect, it } from '@jest/globals';
import { expressionProblem } from './crm-http.expressions.js';

const EXAMPLE = 'Write for example contacts.{ "tier": level, "name": name }.';

describe('a text that is not a JSONata expression', () => {
  it.each([
    ['a[', 'Expected "]" before end of expression (character 2)'],
    ['a := 1', 'The left side of := must be a variable name (start with $) (character 1)'],
    ['%', "The object representing the 'parent' cannot be derived from this expression"],
    ['%.x', "The object representing the 'parent' cannot be derived from this expression"],
  ])('%s is told with its place where that is known', (text, problem) => {
    expect(expressionProblem(text)).toBe(`is not a JSONata expression: ${problem}. ${EXAMPLE}`);
  });

  it('is told without one where a pattern cannot be read', () => {
    // What is wrong with it each version of Node says in its own words.
    expect(expressionProblem('/(b/')).toMatch(/^is not a JSONata expression: [^]+\. Write for example/);
    for (const text of ['/(?i)a/', '/(b)(/', '/[/', '/*/']) {
      expect(expressionProblem(text) ?? '').not.toMatch(/undefined|null|NaN/);
    }
  });
});

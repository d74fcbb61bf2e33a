import { describe, expect, it } from '@jest/globals';
import { interpolate } from './interpolation.js';
import type { InterpolationSources } from './interpolation.js';

const VARIABLES: Record<string, string> = { NAME: 'value', EMPTY: '', NESTED: '${NAME}' };
const FILES: Record<string, string> = { '/run/secrets/key': 'from file', 'a b:-c': 'odd name' };
const sources: InterpolationSources = {
  variables: VARIABLES,
  file: (path) => (path in FILES ? { text: FILES[path]! } : { problem: 'does not exist' }),
};

describe('a text', () => {
  it.each([
    ['plain', 'plain', false],
    ['${NAME}', 'value', true],
    ['a ${NAME} b ${NAME}', 'a value b value', false],
    ['${NAME}${NAME}', 'valuevalue', false],
    ['${EMPTY}', '', true],
    ['${EMPTY:-default}', 'default', true],
    ['${UNSET:-default}', 'default', true],
    ['${UNSET:-}', '', true],
    ['${UNSET:-a:-b}', 'a:-b', true],
    ['${NAME:-default}', 'value', true],
    ['${file:/run/secrets/key}', 'from file', true],
    ['${file:a b:-c}', 'odd name', true],
    ['${NESTED}', '${NAME}', true],
    ['$${NAME}', '${NAME}', false],
    ['$${', '${', false],
    ['$NAME {NAME} $ {{ name }} $$', '$NAME {NAME} $ {{ name }} $$', false],
    ['line\n${NAME}\nline', 'line\nvalue\nline', false],
  ])('%j becomes %j', (text, filled, whole) => {
    expect(interpolate(text, sources)).toEqual({ text: filled, whole });
  });

  const RULE =
    'has a ${ that is not understood. Write ${NAME}, ${NAME:-default} or ${file:/run/secrets/name}; a literal ${ is written $${.';
  it.each([
    [
      '${UNSET}',
      'needs the environment variable UNSET, which is not set. Set it, or write ${UNSET:-default}.',
    ],
    ['${file:/none}', 'takes its text from the file /none, which does not exist.'],
    ['${file:}', RULE],
    ['${NAME', RULE],
    ['${}', RULE],
    ['${my name}', RULE],
    ['${NAME-default}', RULE],
    ['${1A}', RULE],
    ['${NAME} ${', RULE],
  ])('%j is refused and stays as it is', (text, problem) => {
    expect(interpolate(text, sources)).toMatchObject({ text, problem });
  });
});

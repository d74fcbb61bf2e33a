import { describe, it } from '@jest/globals';
import fc from 'fast-check';
import { IsInt, IsOptional, IsString } from 'class-validator';
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { stringify } from 'yaml';
import { IS_LONG } from '../../test/support/length.js';
import { checkConfig } from '../app/app.config.js';
import { ConfigError } from './config-error.js';
import { parseConfig } from './read-config-file.js';

class ListOptions {
  @IsString()
  file: string;

  @IsOptional()
  @IsInt()
  count?: number;
}
const kinds = new Map([['list', { options: ListOptions }]]);

/** A configuration or a ConfigError, and nothing else in the world has changed. */
function check(text: string): void {
  const before = Object.getOwnPropertyNames(Object.prototype).length;
  try {
    const source = parseConfig(text, 'test.yaml', { NAME: 'text' });
    assert.ok(Object.isFrozen(checkConfig(source, kinds, { databaseUrl: 'sqlite::memory:' })));
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    assert.ok(error.problems.length > 0);
  }
  assert.equal(Object.getOwnPropertyNames(Object.prototype).length, before);
}

const KEYS = [
  'country',
  'server',
  'credentials',
  'providers',
  'targets',
  'logging',
  'plugins',
  'host',
  'port',
  'path',
  'tls',
  'cert',
  'key',
  'allowedNetworks',
  'trustedProxies',
  'id',
  'apiKey',
  'username',
  'password',
  'kind',
  'file',
  'count',
  'timeout',
  'cache',
  'ttl',
  'deadline',
  'stagger',
  'routes',
  'tier',
  'when',
  'instructions',
  'InitialTarget',
  'Priority',
  'a',
  'default',
  '__proto__',
  'constructor',
  'prototype',
  'toString',
  'then',
  'hasOwnProperty',
  'length',
  '<<',
  '',
];
const VALUES = [
  'list',
  'a',
  'FI',
  '1s',
  '/x',
  '${NAME}',
  '${NONE}',
  '${',
  '127.0.0.1',
  'sha256:',
  '{{',
  '*a',
  '!x',
  '',
];

const scalar = fc.oneof(
  fc.constantFrom<unknown>(...VALUES),
  fc.string(),
  fc.double(),
  fc.boolean(),
  fc.constant(null),
);
const { tree } = fc.letrec<{ tree: unknown }>((tie) => ({
  tree: fc.oneof(
    { maxDepth: 6 },
    scalar,
    fc.array(tie('tree'), { maxLength: 3 }),
    fc
      .array(fc.tuple(fc.constantFrom(...KEYS), tie('tree')), { maxLength: 6 })
      .map((entries) => new Map(entries)),
  ),
}));
const file = fc
  .array(fc.tuple(fc.constantFrom(...KEYS.slice(0, 7)), tree), { minLength: 3, maxLength: 8 })
  .map((entries) => stringify(new Map(entries)));

const RUNS = IS_LONG ? 300 : 60;

describe('any text', () => {
  it('is a configuration or a ConfigError', () => {
    fc.assert(fc.property(fc.string({ unit: 'binary' }), check), { numRuns: RUNS });
  });

  it('that is made of YAML signs is, too', () => {
    const signs = fc.constantFrom(
      ...'{}[]:,-?*&!|>\'"%@`#~<=$ \n\t0a',
      ': ',
      '- ',
      '\n  ',
      '<<: ',
      '${',
      '&a ',
      '*a',
    );
    fc.assert(
      fc.property(
        fc.array(signs, { maxLength: 80 }).map((parts) => parts.join('')),
        check,
      ),
      {
        numRuns: 2 * RUNS,
      },
    );
  });

  it('that has the right keys in the wrong places is, too', () => {
    fc.assert(fc.property(file, check), { numRuns: RUNS });
  });

  it('that was a usable file until something was cut out or put in is, too', () => {
    const complete = readFileSync('test/fixtures/config/complete.yaml', 'utf8');
    const at = fc.nat(complete.length);
    const edit = fc.tuple(at, fc.nat(30), fc.oneof(fc.string(), fc.constantFrom(...VALUES, '\n', ': ', '[')));
    fc.assert(
      fc.property(edit, ([start, length, put]) =>
        check(complete.slice(0, start) + put + complete.slice(start + length)),
      ),
      { numRuns: RUNS },
    );
  });
});

import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { execFileSync } from 'node:child_process';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { toPlain } from './config-node.js';
import { parseConfig, readConfigFile } from './read-config-file.js';

const PIPE = 'is a named pipe (FIFO), and only ordinary files are read; put its content into one';

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'smartrouting-config-'));
  await mkdir(join(folder, 'secrets'));
  await writeFile(join(folder, 'secrets/key'), 'key-from-file\r\n');
  await writeFile(join(folder, 'secrets/two-lines'), 'one\n\n');
  await writeFile(join(folder, 'secrets/binary'), Buffer.from([0xff, 0xfe, 0x00]));
  execFileSync('mkfifo', [join(folder, 'secrets/pipe')]);
  await writeFile(join(folder, 'secrets/large'), 'x'.repeat(64 * 1024 + 1));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

const parse = (text: string, variables = {}) => parseConfig(text, join(folder, 'test.yaml'), variables);
const valuesOf = (text: string, variables = {}) => toPlain(parse(text, variables).root);
const refusalOf = (text: string): unknown => {
  try {
    parse(text);
    return 'accepted';
  } catch (error) {
    expect((error as Error).name).toBe('ConfigError');
    return (error as { problems: unknown }).problems;
  }
};

describe('the file', () => {
  const CURE = 'Check the name, and that the user who runs the service may read it.';

  it.each([
    ['none.yaml', 'does not exist'],
    ['secrets', 'is a folder; name a file'],
    ['secrets/pipe', PIPE],
    ['secrets/binary', 'is not UTF-8 text'],
    ['large.yaml', 'is larger than 1 MiB'],
  ])('%s is refused because it %s', async (name, reason) => {
    await writeFile(join(folder, 'large.yaml'), `#${'x'.repeat(1024 * 1024)}`);
    const configFile = join(folder, name);
    await expect(readConfigFile({ configFile, variables: {} })).rejects.toMatchObject({
      name: 'ConfigError',
      message: `Configuration is not usable (1 problem), ${configFile}:\n- The file ${reason}. ${CURE}`,
    });
  });

  it('is named relative to the working directory where it lies below it', async () => {
    await expect(readConfigFile({ configFile: './config/../none.yaml', variables: {} })).rejects.toThrow(
      'Configuration is not usable (1 problem), none.yaml:\n- The file does not exist.',
    );
  });

  it('gives the names of plug-ins before anything else is checked', async () => {
    await writeFile(join(folder, 'plugins.yaml'), 'nonsense: 1\nplugins: [./a.mjs, 2, "${P}"]\n');
    const source = await readConfigFile({
      configFile: join(folder, 'plugins.yaml'),
      variables: { P: 'b' },
    });
    expect(source.plugins).toEqual([
      { name: './a.mjs', key: 'plugins[0]' },
      { name: 'b', key: 'plugins[2]' },
    ]);
    expect(source.directory).toBe(folder);
    expect(source.error([{ key: 'plugins[0]', message: 'cannot be loaded.' }])).toMatchObject({
      name: 'ConfigError',
      problems: [{ line: 2, key: 'plugins[0]', message: 'cannot be loaded.' }],
    });
  });

  it.each([
    ['', {}],
    ['# nothing\n', {}],
    ['\ufeffa: 1\r\nb: x\r\n', { a: 1, b: 'x' }],
    [
      'a: NO\nb: 1:30\nc: 0o17\nd: ~\ne: 2026-01-01\n',
      { a: 'NO', b: '1:30', c: 15, d: null, e: '2026-01-01' },
    ],
    ['%YAML 1.1\n---\na: NO\n', { a: 'NO' }],
    ['4711: a\ntrue: b\n', { 4711: 'a', true: 'b' }],
  ])('%j reads as %j', (text, values) => {
    expect(valuesOf(text)).toEqual(values);
  });
});

describe('a syntax error', () => {
  it.each<[string, number, string]>([
    ['a: 1\nb: "x', 2, 'A quote, bracket, colon, comma or hyphen is missing here or just before.'],
    ['a:\n\tb: 1', 2, 'A tab is not allowed as indentation. Use blanks.'],
    ['a: b: c', 1, 'There is a second ": " in the line. Put the text in quotes.'],
    ['a: @x', 1, 'A text cannot start with this sign. Put it in quotes.'],
    [
      'a: "\\d+"',
      1,
      'A backslash in double quotes starts an escape. Use single quotes, or write two backslashes.',
    ],
    [
      'a: { b: ${X} }\nc: {}}',
      1,
      'Something here does not belong: check quotes, brackets, colons and indentation. Inside { } and [ ], write ${…} in quotes.',
    ],
    ['a: 1\n---\nb: 2', 2, 'A second document starts here. Remove the --- or ... before it.'],
    ['- a', 1, 'The file is not a map of keys. Start with credentials:, providers: and targets:.'],
    ['just text', 1, 'The file is not a map of keys. Start with credentials:, providers: and targets:.'],
  ])('%j is reported alone, with its line', (text, line, message) => {
    expect(refusalOf(text)).toEqual([{ line, key: '', message }]);
  });

  it('never shows the text, which may be a secret', () => {
    for (const text of [
      'apiKey: "s3cret',
      'apiKey: "a" s3cret',
      'apiKey: [s3cret',
      'apiKey: !s3cret x',
      'apiKey: *s3cret',
    ]) {
      const problems = refusalOf(text);
      const known = problems === 'accepted' ? parse(text).problems : problems;
      expect(known).toHaveLength(1);
      expect(JSON.stringify(known)).not.toContain('s3cret');
    }
  });

  it('is nesting without end, which is refused before anything recurses into it', () => {
    const message = 'The file is nested more than 100 levels deep. Check its brackets and indentation.';
    for (const text of ['['.repeat(20_000), '{a: '.repeat(20_000), '- '.repeat(20_000)]) {
      expect(refusalOf(text)).toEqual([{ key: '', message }]);
    }
    expect(refusalOf(`a: ${'['.repeat(90)}${']'.repeat(90)}`)).toBe('accepted');
  });
});

describe('what YAML allows and a configuration does not', () => {
  it.each<[string, object[]]>([
    ['a: 1\nb: 2\na: 3\n', [{ line: 3, key: 'a', message: 'is written twice, first in line 1. Keep one.' }]],
    [
      'x: { a: 1, "a": 2 }',
      [{ line: 1, key: 'x.a', message: 'is written twice, first in line 1. Keep one.' }],
    ],
    [
      'x:\n  __proto__: { polluted: 1 }\n  constructor: 1\n',
      [
        { line: 2, key: 'x.__proto__', message: '"__proto__" cannot be used as a key. Write another name.' },
        {
          line: 3,
          key: 'x.constructor',
          message: '"constructor" cannot be used as a key. Write another name.',
        },
      ],
    ],
    ['? [a]\n: 1\n', [{ line: 1, key: '[""]', message: 'A key must be a text. Write it in quotes.' }]],
    [
      'a: *b',
      [
        {
          line: 1,
          key: 'a',
          message:
            'A value that starts with * is taken for a YAML alias, and this one has no anchor before it. Put a text in quotes.',
        },
      ],
    ],
    [
      'a: &a { b: *a }',
      [
        {
          line: 1,
          key: 'a.b',
          message: 'The alias is inside its own anchor and would be endless. Write the value out.',
        },
      ],
    ],
    [
      'a: !!binary aGk=',
      [
        {
          line: 1,
          key: '',
          message:
            'A value that starts with ! is taken for a YAML tag, and this one is not supported. Put a text in quotes.',
        },
      ],
    ],
    ['a: { <<: 1 }', [{ line: 1, key: 'a["<<"]', message: 'can merge maps only, for example <<: *name.' }]],
  ])('%j', (text, problems) => {
    expect(parse(text).problems).toEqual(problems);
    expect(({} as { polluted?: unknown }).polluted).toBeUndefined();
  });

  it('anchors and merge keys work, and own keys win', () => {
    expect(
      valuesOf(
        'a: &a { x: 1, y: 1 }\nb: &b { y: 2, z: 2 }\nc: { z: 3, <<: [*a, *b] }\nd: { <<: *a, x: 4 }\ne: *a',
      ),
    ).toMatchObject({ c: { x: 1, y: 1, z: 3 }, d: { x: 4, y: 1 }, e: { x: 1, y: 1 } });
  });

  it('an alias bomb is refused, and quickly', () => {
    const bomb = ['a0: &a0 [x]'];
    for (let i = 1; i < 30; i++) bomb.push(`a${i}: &a${i} [*a${i - 1}, *a${i - 1}, *a${i - 1}]`);
    const { problems } = parse(bomb.join('\n'));
    expect(problems).toHaveLength(1);
    expect(problems[0]!.message).toBe(
      'The aliases (*name) of this file repeat too much. Write the values out.',
    );
  });
});

describe('interpolation', () => {
  it('fills scalars of every style in, but no keys and no comments', () => {
    const text = `plain: \${A}
double: "\${A}"
single: '\${A}'
block: |
  \${A}
list: ["\${A}"]
"\${A}": key # \${UNSET}`;
    expect(valuesOf(text, { A: 'x: [y]' })).toEqual({
      plain: 'x: [y]',
      double: 'x: [y]',
      single: 'x: [y]',
      block: 'x: [y]\n',
      list: ['x: [y]'],
      '${A}': 'key',
    });
  });

  it('takes a file relative to the configuration, without its last line end', () => {
    expect(valuesOf(`a: \${file:secrets/key}\nb: \${file:${folder}/secrets/two-lines}`)).toEqual({
      a: 'key-from-file',
      b: 'one\n',
    });
  });

  it('reports each text that cannot be filled in, with its place', () => {
    const text = `a: \${UNSET}
b: { c: ["\${file:secrets/none}", "\${file:secrets/large}", "\${file:secrets/binary}", "\${file:secrets}", "\${file:secrets/pipe}", "\${file:/dev/zero}"] }
d: \${toString}`;
    const file = (name: string, reason: string) => `takes its text from the file ${name}, which ${reason}.`;
    const variable = (name: string) =>
      `needs the environment variable ${name}, which is not set. Set it, or write \${${name}:-default}.`;
    expect(parse(text).problems).toEqual([
      { line: 1, key: 'a', message: variable('UNSET') },
      { line: 2, key: 'b.c[0]', message: file('secrets/none', 'does not exist') },
      { line: 2, key: 'b.c[1]', message: file('secrets/large', 'is larger than 64 KiB') },
      { line: 2, key: 'b.c[2]', message: file('secrets/binary', 'is not UTF-8 text') },
      { line: 2, key: 'b.c[3]', message: file('secrets', 'is a folder; name a file') },
      { line: 2, key: 'b.c[4]', message: file('secrets/pipe', PIPE) },
      { line: 2, key: 'b.c[5]', message: file('/dev/zero', PIPE.replace('named pipe (FIFO)', 'device')) },
      { line: 3, key: 'd', message: variable('toString') },
    ]);
  });
});

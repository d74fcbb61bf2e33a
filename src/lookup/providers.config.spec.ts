import { describe, expect, it } from '@jest/globals';
import { Type } from 'class-transformer';
import {
  ArrayMaxSize,
  IsArray,
  IsBoolean,
  IsIn,
  IsInt,
  IsNumber,
  IsObject,
  IsOptional,
  IsString,
  IsUrl,
  Length,
  Matches,
  Max,
  ValidateNested,
} from 'class-validator';
import { IsDuration } from '../common/duration.js';
import { checkConfig } from '../app/app.config.js';
import { parseConfig } from '../config/read-config-file.js';

class Login {
  @IsIn(['basic', 'bearer'])
  type: string;

  @IsOptional()
  @IsString()
  @Length(8, 40)
  token?: string;
}

class Column {
  @IsString()
  name: string;

  @IsOptional()
  @IsInt()
  width?: number;
}

class Base {
  @IsOptional()
  @IsUrl({ require_tld: false })
  url?: string;
}

/** As an outsider would write it: stock decorators and messages, an ancestor, nested classes. */
class AcmeOptions extends Base {
  @IsString()
  file: string;

  @IsOptional()
  @IsInt()
  @Max(9)
  retries = 3;

  @IsOptional()
  @IsBoolean()
  strict?: boolean;

  @IsOptional()
  @IsDuration({ min: '1s', default: '5s' })
  poll?: string;

  @IsOptional()
  @IsNumber({}, { each: true })
  ports?: number[];

  @IsOptional()
  @IsObject()
  headers?: Record<string, string>;

  @IsOptional()
  @ValidateNested()
  @Type(() => Login)
  auth?: Login;

  @IsOptional()
  @IsArray()
  @ArrayMaxSize(3)
  @ValidateNested({ each: true })
  @Type(() => Column)
  columns?: Column[];

  @IsOptional()
  @Matches(/^a/, { message: 'The pattern $value is bad' })
  pattern?: string;

  /** A key that every provider has; the product's own rule for it is the one that counts. */
  @IsInt()
  timeout: number;
}

class NoOptions {}

class Bursting {
  @IsString()
  name: string;

  constructor() {
    throw new RangeError('s3cret');
  }
}

const kinds = new Map([
  ['acme', { options: AcmeOptions }],
  ['none', { options: NoOptions }],
  ['bursting', { options: Bursting }],
]);

function check(options: string, variables = {}, kind = 'acme') {
  const text = `providers: { x: { kind: ${kind}, ${options} } }
credentials: [{ id: core, apiKey: k }]
targets: { T: { providers: [x], routes: [{ instructions: { Priority: 1 } }] } }`;
  const { providers } = checkConfig(parseConfig(text, 'test.yaml', variables), kinds, {
    databaseUrl: 'sqlite::memory:',
  });
  return providers.get('x')!;
}

function problemsOf(options: string, variables = {}, kind = 'acme'): string[] {
  try {
    check(options, variables, kind);
    return [];
  } catch (error) {
    expect((error as Error).name).toBe('ConfigError');
    return (error as Error).message.split('\n- line 1, providers.x').slice(1);
  }
}

describe('the options of a kind', () => {
  it('become an instance of its class, with its defaults and nested classes', () => {
    const { options, timeoutMs } = check(
      'file: f, timeout: 2s, url: "http://crm/x", columns: [{ name: a }, { name: b, width: 2 }], auth: { type: basic }',
    );
    expect(options).toBeInstanceOf(AcmeOptions);
    expect(options).toMatchObject({ file: 'f', retries: 3, columns: [{ name: 'a' }, { width: 2 }] });
    expect((options as AcmeOptions).auth).toBeInstanceOf(Login);
    expect((options as AcmeOptions).columns![1]).toBeInstanceOf(Column);
    expect(timeoutMs).toBe(2000);
    expect((options as { timeout?: unknown }).timeout).toBeUndefined();
    expect(check('timeout: 1s', {}, 'none').options).toBeInstanceOf(NoOptions);
  });

  it('take numbers and booleans from variables where the class wants them, and text elsewhere', () => {
    const text = `providers:
  x:
    kind: acme
    file: \${NUMBER}
    retries: \${NUMBER}
    strict: \${TRUE}
    ports:
      - \${NUMBER}
      - 2
    headers:
      X-Count: \${NUMBER}
    columns:
      - name: \${NUMBER}
        width: \${NUMBER}
credentials: [{ id: core, apiKey: k }]
targets: { T: { providers: [x], routes: [{ instructions: { Priority: 1 } }] } }`;
    const source = parseConfig(text, 'test.yaml', { NUMBER: '7', TRUE: 'true' });
    const config = checkConfig(source, kinds, { databaseUrl: 'sqlite::memory:' });
    expect(config.providers.get('x')!.options).toMatchObject({
      file: '7',
      retries: 7,
      strict: true,
      ports: [7, 2],
      headers: { 'X-Count': '7' },
      columns: [{ name: '7', width: 7 }],
    });
  });

  const KNOWN =
    'Known: kind, country, timeout, maxConcurrent, maxQueued, cache, file, retries, strict, poll, ports, headers, auth, columns, pattern, url.';
  it.each<[string, ...string[]]>([
    ['retries: 1', '.file: is missing; it must be a string.'],
    ['file: 5', '.file: "5" must be a string.'],
    ['file: [f]', '.file: is a list; it must be a string.'],
    ['file:', '.file: is empty. Write a value, or remove the key.'],
    ['file: f, fiel: g', `.fiel: is not a known key. Did you mean "file"? ${KNOWN}`],
    ['file: f, toString: g', `.toString: is not a known key. ${KNOWN}`],
    ['file: f, retries: 10', '.retries: "10" must not be greater than 9.'],
    ['file: f, retries: "3"', '.retries: "3" must be an integer number.'],
    ['file: f, strict: yes', '.strict: "yes" must be a boolean value.'],
    ['file: f, url: no where', '.url: "no where" must be a URL address.'],
    [
      'file: f, poll: 10',
      '.poll: "10" is not a duration. Write a number with ms, s, m, h or d, at most 24d, for example 1200ms. Default: 5s.',
    ],
    [
      'file: f, ports: [1, two, 3, "4"]',
      '.ports[1]: "two" must be a number conforming to the specified constraints.',
      '.ports[3]: "4" must be a number conforming to the specified constraints.',
    ],
    ['file: f, headers: none', '.headers: must be an object.'],
    ['file: f, auth: bearer', '.auth: is not a map of keys. Keys: type, token.'],
    ['file: f, auth: [{ type: basic }]', '.auth: is a list, not a map of keys. Keys: type, token.'],
    [
      'file: f, auth: { tpye: basic }',
      '.auth.tpye: is not a known key. Did you mean "type"? Known: type, token.',
      '.auth.type: is missing; it must be one of the following values: basic, bearer.',
    ],
    [
      'file: f, auth: { type: beare, token: bear }',
      '.auth.type: "beare" must be one of the following values: basic, bearer.',
      '.auth.token: must be longer than or equal to 8 characters.',
    ],
    ['file: f, columns: { name: a }', '.columns: is a map, not a list.'],
    [
      'file: f, columns: [a, { name: b, with: 1 }, { width: x }]',
      '.columns[0]: "a" is not a map of keys.',
      '.columns[1].with: is not a known key. Did you mean "width"? Known: name, width.',
      '.columns[2].name: is missing; it must be a string.',
      '.columns[2].width: "x" must be an integer number.',
    ],
    ['file: f, columns: [[{ name: a }]]', '.columns[0]: is a list, not a map of keys.'],
  ])('%s', (options, ...problems) => {
    expect(problemsOf(`timeout: 1s, ${options}`).sort()).toEqual(problems.sort());
  });

  it('are none of a kind that has none', () => {
    expect(problemsOf('file: f', {}, 'none')).toEqual([
      '.file: is not a known key. Known: kind, country, timeout, maxConcurrent, maxQueued, cache.',
    ]);
  });

  it('are not judged when the kind is not known', () => {
    expect(problemsOf('anything: 1, timeout: x', {}, 'acne')).toEqual([
      '.timeout: "x" is not a duration. Write a number with ms, s, m, h or d, at most 24d, for example 1200ms. Default: 1000ms.',
      '.kind: "acne" is not a kind of provider. Did you mean "acme"? Known: acme, none, bursting.',
    ]);
  });

  it('of a class that throws are a problem, not a crash, and its message is not shown', () => {
    expect(problemsOf('name: n', {}, 'bursting')).toEqual([
      ': The options class Bursting failed to read this (RangeError).',
    ]);
  });
});

describe('a message', () => {
  it.each([
    'file: f, auth: { type: bearer, token: s3cret }',
    'file: f, auth: s3cret',
    'file: f, headers: s3cret',
    'file: f, apiKey: s3cret',
    'file: f, url: "s3cret://user:s3cret@host"',
    'file: f, url: "c r m?x=s3cret"',
    'file: f, url: "${SECRET}"',
    'file: f, pattern: "${SECRET}"',
    'file: f, retries: "${SECRET}"',
  ])('about { %s } does not show the secret', (options) => {
    const problems = problemsOf(options, { SECRET: 's3cret !' });
    expect(problems).not.toEqual([]);
    expect(problems.join()).not.toContain('s3cret');
  });

  it('shows what is written, not what was filled in', () => {
    expect(problemsOf('file: f, pattern: "${VALUE}"', { VALUE: 'wrong' })).toEqual([
      '.pattern: The pattern ${VALUE} is bad.',
    ]);
    expect(problemsOf('file: f, pattern: wrong')).toEqual(['.pattern: The pattern wrong is bad.']);
  });
});

import { describe, expect, it } from '@jest/globals';
import { Type } from 'class-transformer';
import { IsInt, IsOptional, IsString, Matches, ValidateNested } from 'class-validator';
import type { CompletedOptions } from '../common/completed-options.js';
import { checkConfig } from '../app/app.config.js';
import type { Kind } from './complete-options.js';
import { parseConfig } from './read-config-file.js';

class Login {
  @IsString()
  user: string;

  @IsString()
  @Matches(/^\w+$/, { message: 'The secret $value is bad' })
  secret: string;

  @IsOptional()
  @IsInt({ each: true })
  ports?: number[];
}

class AcmeOptions {
  @IsOptional()
  @IsString()
  like?: string;

  @IsString()
  file: string;

  @IsOptional()
  @ValidateNested()
  @Type(() => Login)
  login?: Login;
}

/** @param added what `like:` stands for, laid under what is written */
function kindThat(
  complete: (written: Readonly<Record<string, unknown>>, path: string) => Partial<CompletedOptions>,
): Kind {
  return {
    options: AcmeOptions,
    completedBy: 'like',
    complete: (written, { resolvePath }) => ({
      options: written,
      problems: [],
      ...complete(written, resolvePath('x')),
    }),
  };
}

function check(kind: Kind, yaml: string, variables = {}) {
  const text = `credentials: [{ id: core, apiKey: k }]
targets: { T: { providers: [x], routes: [{ instructions: { Priority: 1 } }] } }
providers:
  x:
    kind: acme
${yaml.replace(/^/gm, '    ')}`;
  const source = parseConfig(text, '/etc/smartrouting/test.yaml', variables);
  const config = checkConfig(source, new Map([['acme', kind]]), { databaseUrl: 'sqlite::memory:' });
  return config.providers.get('x')!;
}

function problemsOf(kind: Kind, yaml: string, variables = {}): string[] {
  try {
    check(kind, yaml, variables);
    return [];
  } catch (error) {
    expect((error as Error).name).toBe('ConfigError');
    return (error as Error).message.split('\n- ').slice(1);
  }
}

describe('options that one of them stands for', () => {
  it('are filled in before the options are checked, keys of every provider among them', () => {
    const { options, timeoutMs, cache } = check(
      kindThat((written, path) => ({
        options: { timeout: '2s', cache: { ttl: '1m' }, file: path, ...written },
      })),
      'like: a\ncache: { ttl: 2m }',
    );
    expect(options).toBeInstanceOf(AcmeOptions);
    expect(options).toMatchObject({ like: 'a', file: '/etc/smartrouting/x' });
    expect([timeoutMs, cache?.ttlMs]).toEqual([2000, 120_000]);
  });

  it('are left alone where the key is not written', () => {
    const kind = kindThat(() => {
      throw new Error('called');
    });
    expect(check(kind, 'file: f').options).toMatchObject({ file: 'f' });
  });

  it('stand at the line of the key that brought them, and those written at their own', () => {
    const kind = kindThat((written) => ({
      options: {
        ...written,
        timeout: 'fast',
        file: 5,
        login: { ...(written['login'] as object), secret: 's3cret!', ports: ['a'], more: { a: 1 } },
      },
    }));
    expect(problemsOf(kind, 'like: a\nlogin:\n  user: 7')).toEqual([
      'line 6, providers.x.timeout: is not a duration. Write a number with ms, s, m, h or d, at most 24d, for example 1200ms. Default: 1000ms. It comes from like a.',
      'line 6, providers.x.login.more: is not a known key. Known: user, secret, ports. It comes from like a.',
      'line 6, providers.x.file: must be a string. It comes from like a.',
      'line 6, providers.x.login.secret: The secret … is bad. It comes from like a.',
      'line 6, providers.x.login.ports[0]: must be an integer number. It comes from like a.',
      'line 8, providers.x.login.user: "7" must be a string.',
    ]);
  });

  it('keep what a variable filled in, and do not show it', () => {
    const kind = kindThat((written) => ({ options: { ...written, file: 'f' } }));
    const yaml = 'like: ${WHAT}\nlogin: { user: u, secret: s, ports: ["${PORT}"] }';
    expect(problemsOf(kind, yaml, { WHAT: 'hidden1', PORT: 'hidden2' }).join()).not.toContain('hidden');
    const unquoted = 'like: ${WHAT}\nlogin:\n  user: u\n  secret: s\n  ports:\n    - ${PORT}';
    expect(check(kind, unquoted, { WHAT: 'a', PORT: '7' }).options).toMatchObject({ login: { ports: [7] } });
  });

  it('that are known in part are not blamed on the user: only what is written is judged', () => {
    const kind = kindThat((written) => ({
      options: { ...written, login: { user: 5, ...(written['login'] as object) } },
      problems: [
        { path: ['like'], message: 'is not what it should be. Write b.' },
        { path: ['login', 'deep', 'er'], message: 'is missing. Write it.' },
      ],
    }));
    expect(problemsOf(kind, 'like: a\nlogin: { secret: "s3cret!" }\nfiel: f\nmaxQueued: -1')).toEqual([
      'line 6, providers.x.like: "a" is not what it should be. Write b.',
      'line 6, providers.x.login.deep.er: is missing. Write it.',
      'line 7, providers.x.login.secret: The secret … is bad.',
      'line 8, providers.x.fiel: is not a known key. Did you mean "file"? Known: kind, country, timeout, maxConcurrent, maxQueued, cache, like, file, login.',
      'line 9, providers.x.maxQueued: "-1" is not a whole number from 0 to 100000. Default: 100.',
    ]);
  });

  it('that are not known at all leave the keys of every provider to be checked', () => {
    const problems = [{ path: ['like'], message: 'is not known.' }];
    const kind = kindThat(() => ({ options: undefined, problems }));
    expect(problemsOf(kind, 'like: a\nfiel: f\nmaxQueued: -1')).toEqual([
      'line 6, providers.x.like: "a" is not known.',
      'line 8, providers.x.maxQueued: "-1" is not a whole number from 0 to 100000. Default: 100.',
    ]);
  });
});

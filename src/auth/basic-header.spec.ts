import { describe, expect, it } from '@jest/globals';
import { isBasicHeader, readBasicHeader } from './basic-header.js';

const encode = (text: string | Buffer) => Buffer.from(text as string).toString('base64');

describe('readBasicHeader', () => {
  it.each<[string, string, string]>([
    ['core:secret', 'core', 'secret'],
    ['core:a:b:c', 'core', 'a:b:c'],
    ['core::a', 'core', ':a'],
    ['core:', 'core', ''],
    [':secret', '', 'secret'],
    ['jäsen:pässi🔑', 'jäsen', 'pässi🔑'],
    ['\ufeffcore: spaced ', '\ufeffcore', ' spaced '],
  ])('reads %j', (text, user, password) => {
    expect(readBasicHeader(`Basic ${encode(text)}`)).toEqual({ user, password });
  });

  it('takes the scheme in any case, more than one space, and no padding', () => {
    expect(readBasicHeader('bAsIc   YTpi')).toEqual({ user: 'a', password: 'b' });
    expect(readBasicHeader(`Basic ${encode('ab:c').replaceAll('=', '')}`)).toEqual({
      user: 'ab',
      password: 'c',
    });
  });

  it.each([
    undefined,
    '',
    'Basic',
    'Basic ',
    'BasicYTpi',
    'NotBasic YTpi',
    'Bearer YTpi',
    'Basic YTpi, Basic YTpi',
    'Basic Y Tpi',
    'Basic !!!!',
    `Basic ${encode('nocolon')}`,
    `Basic ${encode(Buffer.from('j\u00e4sen:x', 'latin1'))}`,
  ])('does not read %j', (header) => {
    expect(readBasicHeader(header)).toBeUndefined();
  });
});

describe('isBasicHeader', () => {
  it('tells an attempt at Basic from other schemes', () => {
    expect(['Basic', 'basic !!!', 'Basic YTpi'].map(isBasicHeader)).toEqual([true, true, true]);
    expect([undefined, '', 'Bearer x', 'NotBasic YTpi', 'Basicx'].map(isBasicHeader)).not.toContain(true);
  });
});

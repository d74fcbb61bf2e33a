import { describe, expect, it } from '@jest/globals';
import iconv from 'iconv-lite';
import { countingTurns } from '../../../test/support/turns.js';
import { Pace } from './pace.js';
import { readRecords } from './record-file.js';
import { decodeText, encodingProblem } from './text-encoding.js';
import type { EncodingOptions } from './text-encoding.js';

const LIST = 'number,tier,name\r\n4711,gold,Päivi “Ä” €\r\n';
const decode = async (bytes: Buffer, options: EncodingOptions = {}) => {
  const decoded = await decodeText(bytes, options, new Pace());
  return 'text' in decoded ? { ...decoded, text: decoded.text.toString() } : decoded;
};
const wide = (text: string, isBig: boolean) => {
  const bytes = Buffer.from(text, 'utf16le');
  return isBig ? bytes.swap16() : bytes;
};
const GUESS = { guessesEncoding: true };

describe('the text of a list', () => {
  it.each([
    ['UTF-8', Buffer.from(LIST), 'utf-8'],
    ['UTF-8 with a byte order mark', Buffer.from(`\ufeff${LIST}`), 'utf-8'],
    ['UTF-16LE', wide(`\ufeff${LIST}`, false), 'utf-16le'],
    ['UTF-16BE', wide(`\ufeff${LIST}`, true), 'utf-16be'],
  ])('says by itself that it is %s, whatever else is said', async (_, bytes, encoding) => {
    for (const options of [{}, GUESS, { encoding: 'cp850' }]) {
      expect(await decode(bytes, options)).toEqual({ text: LIST, encoding });
    }
  });

  it.each(['windows-1252', 'CP1252', 'macintosh', 'utf-16be', 'UTF-16LE'])(
    'is read as it is said to be: %s',
    async (encoding) => {
      const text = LIST.replace('€', '');
      const bytes = iconv.encode(text, encoding);
      expect(await decode(bytes, { encoding })).toEqual({ text, encoding });
    },
  );

  it('is not read as it is said to be where it is UTF-16, which the message names', async () => {
    const message =
      'is not UTF-8 text; save the file with the encoding UTF-8 (in Excel: "CSV UTF-8"), or say';
    expect(await decode(wide(LIST, true), { encoding: 'windows-1252' })).toEqual({
      line: 1,
      problem: expect.stringContaining(`${message} what it is, for example encoding: utf-16be (`),
    });
  });

  it.each(['list.csv', 'list.json', 'list.yaml', 'list.xml', 'list.vcf'])(
    'may be Mac Roman, whatever the format: %s',
    async (name) => {
      const entry: Record<string, string> = {
        csv: 'number,tier,name\r0501234501,gold,Päivi Öberg\r',
        json: '[{"number": "0501234501", "tier": "gold", "name": "Päivi Öberg"}]',
        yaml: '- { number: 0501234501, tier: gold, name: Päivi Öberg }\n',
        xml: '<Directory><DirectoryEntry><Name>Päivi Öberg</Name><Telephone>0501234501</Telephone></DirectoryEntry></Directory>',
        vcf: 'BEGIN:VCARD\nVERSION:3.0\nFN:Päivi Öberg\nTEL:0501234501\nEND:VCARD\n',
      };
      const bytes = iconv.encode(entry[name.slice(5)]!, 'macintosh');
      const contacts = /xml|vcf/.test(name) ? { tier: 'gold' } : {};
      const list = await readRecords(bytes, name, { country: 'FI', encoding: 'macintosh', contacts });
      expect(list.problems).toEqual([]);
      expect(list.records.map(({ record }) => [record.number, record.name])).toEqual([
        ['+358501234501', 'Päivi Öberg'],
      ]);
    },
  );

  it('has all letters of Windows-1252, which are not those of ISO 8859-1', async () => {
    const letters = '€‚ƒ„…†‡ˆ‰Š‹ŒŽ‘’“”•–—˜™š›œžŸ ¡äöåÄÖÅßéüøæ';
    expect(await decode(iconv.encode(letters, 'windows-1252'), GUESS)).toEqual({
      text: letters,
      encoding: 'windows-1252',
    });
  });

  it.each([
    ['Windows-1252', iconv.encode(LIST, 'windows-1252'), 'windows-1252'],
    [
      'Windows-1252 with quotes behind a letter',
      iconv.encode('a,b\n1,Jörg „Spaß“\n', 'win1252'),
      'windows-1252',
    ],
    ['UTF-16LE without a mark', wide(LIST, false), 'utf-16le'],
    ['UTF-16BE without a mark', wide(LIST, true), 'utf-16be'],
    ['UTF-16LE without a mark, in plain letters', wide('number,tier\n4711,gold\n', false), 'utf-16le'],
    ['UTF-16LE in Latvian', wide('number,tier,name\n4711,gold,ĀĀĀĀ\n', false), 'utf-16le'],
    ['UTF-16LE in Russian', wide('number,tier,name\n4711,gold,Иван\n', false), 'utf-16le'],
  ])('is only guessed where that is wanted: %s', async (_, bytes, encoding) => {
    expect(await decode(bytes, GUESS)).toMatchObject({ encoding });
    expect(await decode(bytes)).toEqual({
      line: expect.any(Number),
      problem: expect.stringMatching(
        `^is not UTF-8 text; .*, or say what it is, for example encoding: ${encoding} \\(others are .*, macintosh, .*\\)$`,
      ),
    });
  });

  it.each([
    ['two encodings', Buffer.concat([Buffer.from('a\nPäivi\n'), Buffer.from('Jörg\n', 'latin1')])],
    ['two encodings, in Russian', Buffer.concat([Buffer.from('a\nИван\n'), Buffer.from('Jörg\n', 'latin1')])],
    ['UTF-8 by its mark, but is not', Buffer.from('\xef\xbb\xbfa\nb\nJ\xf6rg\n', 'latin1')],
  ])('is not guessed where it is not clear: %s', async (_, bytes) => {
    expect(await decode(bytes, GUESS)).toEqual({
      line: 3,
      problem:
        'is not UTF-8 text; save the file with the encoding UTF-8 (in Excel: "CSV UTF-8"), or say what it is, for example --encoding windows-1252 (others are windows-1250, windows-1251, windows-1257, iso-8859-1, iso-8859-15, utf-16le, utf-16be, cp437, cp850, cp852, macintosh, koi8-r, shift_jis, euc-jp, euc-kr, gb18030, big5)',
    });
  });

  it.each([
    ['a byte without a meaning', 'windows-1252', Buffer.from('a\nb\n\x81\n', 'latin1'), GUESS],
    ['the Å of DOS', 'windows-1252', iconv.encode('a\r\nb\r\nÅbo\r\n', 'cp850'), GUESS],
    ['control characters', 'iso-8859-1', Buffer.from('a\nb\n\x80\n', 'latin1'), { encoding: 'iso-8859-1' }],
    [
      'a cut character',
      'shift_jis',
      iconv.encode('a\nb\n山', 'shift_jis').subarray(0, -1),
      { encoding: 'shift_jis' },
    ],
    ['half a character', 'utf-16le', wide('\ufeffa\nb\nc', false).subarray(0, -1), {}],
    ['a lone surrogate', 'utf-16be', wide('\ufeffa\rb\r\ud83d\r', true), {}],
    ['not UTF-8', 'utf8', Buffer.from('a\nb\n\xe4\n', 'latin1'), { encoding: 'utf8' }],
  ])('is refused where it has %s in %s', async (_, encoding, bytes, options) => {
    expect(await decode(bytes, options)).toEqual({
      line: 3,
      problem: expect.stringMatching(`^is not ${encoding} text; save the file with the encoding UTF-8`),
    });
  });

  it('is not taken for UTF-16 because of some zeros', async () => {
    const text = `number,tier,name\n4711,gold,\0\0a\0\0\0\n${'4712,gold,Aino\n'.repeat(9)}`;
    expect(await decode(Buffer.from(text), GUESS)).toEqual({ text, encoding: 'utf-8' });
    for (const short of ['', 'a', '\0\0'])
      expect(await decode(Buffer.from(short))).toMatchObject({ text: short });
  });

  it('is whole wherever a long file is cut into pieces, and other work has its turns', async () => {
    const row = (at: number) => `${1_000_000 + at};gold;Ä👋 ${'x'.repeat(at % 13)}\r\n`;
    const rows = Array.from({ length: 30_000 }, (_, at) => row(at)).join('');
    for (const isBig of [false, true]) {
      const bytes = wide(`\ufeff${rows}`, isBig);
      const { result, turns } = await countingTurns(() => decode(bytes));
      expect(result).toEqual({ text: rows, encoding: isBig ? 'utf-16be' : 'utf-16le' });
      expect(turns).toBeGreaterThan(0);
    }
    const list = await readRecords(wide(`\ufeffnumber;tier;name\r\n${rows};;;\r\n;gold\r\n`, false), 'l.csv');
    expect(list.records).toHaveLength(30_000);
    expect(list.records.at(-1)!.line).toBe(30_001);
    expect(list.problems).toEqual([expect.stringMatching(/^line 30003, number: is missing/)]);
  });

  it('ends when it is told to', async () => {
    const pace = new Pace(AbortSignal.abort());
    await expect(
      decodeText(iconv.encode('ä'.repeat(9_000_000), 'win1252'), GUESS, pace),
    ).rejects.toMatchObject({
      name: 'AbortError',
    });
  });
});

describe('the name of an encoding', () => {
  it('may be any that is known, and a wrong one is told with those that are likely', () => {
    for (const label of ['windows-1252', 'Latin1', 'l9', 'koi8-r', 'utf8', 'big5-hkscs']) {
      expect(encodingProblem(label)).toBeUndefined();
    }
    expect(encodingProblem('shift-jsi')).toMatch(
      /^is not an encoding .* Did you mean shift_jis\? For example: /,
    );
    for (const label of ['', 'ansi', '__proto__', undefined, 1252, ['utf8']]) {
      expect(encodingProblem(label)).toMatch(/^is not an encoding that can be read\./);
    }
  });
});

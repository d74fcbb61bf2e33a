import { describe, expect, it } from '@jest/globals';
import { execFileSync } from 'node:child_process';
import { mkdtemp, rm, symlink, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { MAX_FILE_BYTES } from './list-bytes.js';
import { readRecordFile, readRecords } from './record-file.js';

const LISTS = resolve('test/fixtures/lists');

const read = (name: string, content: string | Buffer) =>
  readRecords(Buffer.from(content), name, { country: 'FI' });
const problemsOf = async (name: string, content: string | Buffer) => {
  const { problems, problemCount } = await read(name, content);
  expect(problemCount).toBe(problems.length);
  return problems;
};

describe('a list in a file', () => {
  const expected = [
    {
      number: '+358501231234',
      tier: 'gold',
      name: 'Virtanen, Aino',
      targets: ['SALES_QUEUE', 'SUPPORT_QUEUE'],
      validFromMs: Date.UTC(2026, 0, 1),
      validUntilMs: Date.UTC(2031, 0, 1),
      attributes: { company: 'Rauta Oy' },
      instructions: { ExtraPriority: 60 },
    },
    { number: '+442079460958', tier: 'silver', name: 'Alex Smith', attributes: { company: 'Smith Ltd' } },
    { number: '+35891234567', tier: 'gold', name: 'Matti "Masa"\nMeikäläinen' },
    { number: '+3589123*', tier: 'bronze', name: 'Helsinki office' },
    {
      number: '+46876543210',
      tier: 'silver',
      name: 'Åsa Öberg',
      targets: ['SALES_QUEUE'],
      validUntilMs: Date.UTC(2030, 5, 30, 15),
    },
    { number: '4711', tier: 'gold', name: 'Reception' },
    { number: 'sip:board@example.com', tier: 'platinum' },
  ];

  it.each([
    ['vips.csv', [2, 3, 4, 6, 7, 8, 9]],
    ['vips.json', [2, 12, 13, 14, 15, 22, 23]],
    ['vips.yaml', [2, 11, 15, 20, 21, 26, 29]],
  ])('says the same in every format (%s), each record with its line', async (file, lines) => {
    const list = await readRecordFile(join(LISTS, file), { country: 'FI' });
    expect(list.problems).toEqual([]);
    expect(list.records.map(({ record }) => record)).toEqual(expected);
    expect(list.records.map(({ line }) => line)).toEqual(lines);
    expect(list.duplicates).toEqual([]);
    expect(list.warnings).toEqual([]);
  });

  it('is told apart by the ending, in any case', async () => {
    expect((await read('A.YML', '- { number: 4711, tier: gold }')).records).toHaveLength(1);
    await expect(read('list.pdf', '')).rejects.toThrow(
      'the name of a list must end in .csv, .tsv, .txt, .json, .yaml, .yml, .xlsx, .xlsm, .vcf or .xml; save other spreadsheets, such as .xls, .ods or .numbers, as .xlsx',
    );
  });

  it('reports every problem of every entry with its line, its field and the cure', async () => {
    expect(
      await problemsOf(
        'list.csv',
        'number,tier,validUntil,instructions\n' +
          ',gold,,\n' +
          '+358501231234,,31.12.26,\n' +
          '+358501231235,gold,2026-02-30,{ExtraPriority: 5}\n',
      ),
    ).toEqual([
      'line 2, number: is missing; write a number such as +35850…',
      'line 3, tier: is missing; write the tier that routes name, for example gold',
      'line 3, validUntil: is not an ISO 8601 date; write 2026-12-31 or 2026-12-31T18:00:00Z',
      'line 4, validUntil: is not an ISO 8601 date; write 2026-12-31 or 2026-12-31T18:00:00Z',
      'line 4, instructions: is not a JSON object; write for example {"ExtraPriority": 50}',
    ]);
  });

  it.each([
    ['list.csv', 'number,tier\n%s,gold\n+358501231234,gold\n', 2],
    ['list.json', '[{"number":%s,"tier":"gold"},\n{"number":"+358501231234","tier":"gold"}]', 1],
    ['list.yaml', '- { number: %s, tier: gold }\n- { number: "+358501231234", tier: gold }\n', 1],
  ])('leaves out and names what is not clearly a number: %s', async (name, content, line) => {
    for (const [written, why] of [
      ['3.58501E+11', 'was shortened by a spreadsheet'],
      ['358501231234.5', 'is a decimal fraction'],
    ] as const) {
      const list = await read(name, content.replace('%s', written));
      expect(list.records.map(({ record }) => record.number)).toEqual(['+358501231234']);
      expect([list.problems, list.leftOut]).toEqual([
        [],
        [expect.stringMatching(`^line ${line}, number: ${why}`)],
      ]);
    }
  });

  it('has an entry for each of several numbers', async () => {
    const list = await read('list.csv', 'number,tier,name\n"050 123 1234 / 040 123 1234",gold,Aino\n');
    expect(list.records).toEqual(
      ['+358501231234', '+358401231234'].map((number) => ({
        line: 2,
        record: { number, tier: 'gold', name: 'Aino' },
      })),
    );
  });

  it.each(['NULL', '\\N', '#N/A', 'nan', 'none'])('leaves out who has the tier %s', async (tier) => {
    const list = await read('list.csv', `number,tier\n+358501231234,${tier}\n`);
    expect([list.records, list.problems, list.leftOutCount]).toEqual([[], [], 1]);
  });

  it('keeps the first hundred problems and counts the others', async () => {
    const list = await read('list.csv', `number,tier\n${'+358501231234,\n'.repeat(250)}`);
    expect(list.problemCount).toBe(250);
    expect(list.problems.slice(99)).toEqual([
      'line 101, tier: is missing; write the tier that routes name, for example gold',
      'and 150 more',
    ]);
  });

  it('never repeats what an entry says', async () => {
    const secret = '+358501231234';
    const lists: [string, string][] = [
      ['list.csv', `number,tier\n${secret},"gold" x\n`],
      ['list.csv', `number,tier\n${secret}",gold\n`],
      ['list.csv', `${secret},gold\n`],
      ['list.csv', `number,tier\n${secret},gold,${secret}\n`],
      ['list.json', `[{"number": ${secret}, "tier": "gold"}]`],
      ['list.json', `["${secret}"]`],
      ['list.yaml', `- number: "${secret}\n`],
      ['list.yaml', `- ${secret}\n- [${secret}\n`],
      ['list.yaml', `- number: *${secret}\n`],
    ];
    for (const [name, content] of lists) {
      const list = await read(name, content);
      expect(list.problemCount).toBeGreaterThan(0);
      expect(JSON.stringify(list.problems)).not.toContain(secret.slice(4));
    }
  });

  it('tells where the text is not UTF-8, and how to say what it is', async () => {
    const latin1 = Buffer.from('number,tier,name\n4711,gold,Aino\n4712,gold,Päivi\n', 'latin1');
    expect(await problemsOf('list.csv', latin1)).toEqual([
      'line 3: is not UTF-8 text; save the file with the encoding UTF-8 (in Excel: "CSV UTF-8"), or say what it is, for example encoding: windows-1252 (others are windows-1250, windows-1251, windows-1257, iso-8859-1, iso-8859-15, utf-16le, utf-16be, cp437, cp850, cp852, macintosh, koi8-r, shift_jis, euc-jp, euc-kr, gb18030, big5)',
    ]);
  });

  it.each([
    ['list.csv', 'number,tier,name\n4711,gold,Päivi\n'],
    ['list.json', '[{ "number": "4711", "tier": "gold", "name": "Päivi" }]'],
    ['list.yaml', '- { number: 4711, tier: gold, name: Päivi }\n'],
  ])('is read in the encoding that is said, in every format: %s', async (name, content) => {
    const list = await readRecords(Buffer.from(content, 'latin1'), name, { encoding: 'windows-1252' });
    expect(list.problems).toEqual([]);
    expect(list.encoding).toBe('windows-1252');
    expect(list.records.map(({ record }) => record)).toEqual([
      { number: '4711', tier: 'gold', name: 'Päivi' },
    ]);
  });

  it('warns of telephone numbers that could only be taken as text', async () => {
    const content = Buffer.from('number,tier\n050 123123412,gold\n4711,gold\n+358501231234,gold\n');
    const warningsFor = async (country?: string) =>
      (await readRecords(content, 'list.csv', { country })).warnings;
    expect(await warningsFor('US')).toEqual([
      'line 2, number: is not a telephone number of US, so it is compared as text; check it, or write + and the country code',
    ]);
    expect(await warningsFor()).toEqual([
      'line 2, number: is written nationally but no country is configured, so it is compared as text; set country, or write + and the country code',
    ]);
    expect(await warningsFor('FI')).toEqual([]);
  });

  it('cannot be read when it is missing, no ordinary file, or too large', async () => {
    const directory = await mkdtemp(join(tmpdir(), 'record-file-'));
    try {
      const path = join(directory, 'list.csv');
      await expect(readRecordFile(path)).rejects.toThrow(`${path} does not exist`);
      await expect(readRecordFile(join(directory, 'list.csv', 'x.csv'))).rejects.toThrow('does not exist');
      await expect(readRecordFile(directory)).rejects.toThrow(`${directory} is a folder; name a file`);
      execFileSync('mkfifo', [join(directory, 'pipe.csv')]);
      await expect(readRecordFile(join(directory, 'pipe.csv'))).rejects.toThrow(
        'pipe.csv is a named pipe (FIFO), and only ordinary files are read; put its content into one',
      );
      await symlink('/dev/zero', join(directory, 'device.csv'));
      await expect(readRecordFile(join(directory, 'device.csv'))).rejects.toThrow('device.csv is a device');
      await writeFile(path, '');
      await truncate(path, MAX_FILE_BYTES + 1);
      await expect(readRecordFile(path)).rejects.toThrow('list.csv is larger than 256 MiB');
    } finally {
      await rm(directory, { recursive: true });
    }
  });

  it('makes way for other work while it is read, and stops when it is told to', async () => {
    const rows = Array.from({ length: 10_000 }, (_, at) => `+35850${1_000_000 + at},gold`);
    const content = Buffer.from(`number,tier\n${rows.join('\n')}\n`);
    let turns = 0;
    const timer = setInterval(() => turns++, 1);
    try {
      const list = await readRecords(content, 'list.csv', { country: 'FI' });
      expect(list.records).toHaveLength(10_000);
      expect(list.records.at(-1)?.line).toBe(10_001);
      expect(turns).toBeGreaterThan(3);
    } finally {
      clearInterval(timer);
    }
    await expect(readRecords(content, 'list.csv', { signal: AbortSignal.abort() })).rejects.toMatchObject({
      name: 'AbortError',
    });
  });

  it('has whole days of the time zone in every format, and dates as they are written in the country', async () => {
    const options = { timezone: 'Europe/Helsinki', dateOrder: 'mdy' } as const;
    const raw = [
      { number: '4711', tier: 'gold', validFrom: '2026-03-29', validUntil: '29.3.2026' },
      { number: '4712', tier: 'gold', validFrom: '3/29/2026', validUntil: '3/29/2026 6:00 PM' },
    ];
    const csv = ['number,tier,validFrom,validUntil', ...raw.map((one) => Object.values(one).join(','))];
    const written = {
      'list.csv': csv.join('\n'),
      'list.json': JSON.stringify(raw),
      'list.yaml': raw
        .map(({ number, validFrom, validUntil }) =>
          [`- number: ${number}`, 'tier: gold', `validFrom: ${validFrom}`, `validUntil: ${validUntil}`].join(
            '\n  ',
          ),
        )
        .join('\n'),
    };
    const days = [Date.UTC(2026, 2, 28, 22), Date.UTC(2026, 2, 29, 21)];
    for (const [name, text] of Object.entries(written)) {
      const { records, problems } = await readRecords(Buffer.from(text), name, options);
      expect(problems).toEqual([]);
      expect(records.map(({ record }) => [record.validFromMs, record.validUntilMs])).toEqual([
        days,
        [days[0], Date.UTC(2026, 2, 29, 15)],
      ]);
    }
  });
});

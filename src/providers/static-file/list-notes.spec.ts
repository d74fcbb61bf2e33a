import { describe, expect, it } from '@jest/globals';
import { readRecords } from './record-file.js';

const ABOVE = ['+358501231201;gold;Aino;1', '050 123 1202;silver;Matti;2', 'sip:board@example.com;gold;;'];
const read = (rows: readonly string[], country: string | undefined = 'FI') =>
  readRecords(Buffer.from(['number;tier;name;weight', ...rows, ''].join('\r\n')), 'list.csv', { country });

describe('the end of a list', () => {
  it.each([
    'Yhteensä;3;;',
    'Summe;;;3',
    'Total;3 200;;',
    'Total gold;12;;',
    'Yhteensä:;;;',
    'Summe:3200;;;',
    'n = 3;;;',
    'Total 3;;;',
    '3 riviä;;;',
    'Yhteensä 12 345 riviä;;;',
    'Total 100 %;;;',
    ';;Yhteensä;3',
    ';;;4 800,50',
    ';3;;',
    '3;;;',
    '3;;Yhteensä;',
    'Exported 30.11.2026 14:05;;;',
    'Exported by CRM on 2026-11-30T14:05:33Z;;;',
    '30.11.2026;;;',
    '30.11.2026 14:05;;;',
    'Page 1 of 1;;;',
    'Sivu 1/2;;;',
    '(3 rows affected);;;',
    '© 2020–2026 Rauta Oy;;;',
    'Luottamuksellinen;;;',
    '-- end of list --;;;',
    '=====;;;',
    'Exported, for whoever asks; by CRM; on 30.11.2026; at 14:05; on paper; twice',
    'Aino Virtanen;;;',
  ])('may have a note or a total, which is left out and named: %s', async (note) => {
    for (const notes of [[note], ['Total;;;', '', ';;;', note], [note, ';;;', 'Confidential;;;']]) {
      const list = await read([...ABOVE, ...notes]);
      const lines = notes.flatMap((row, at) =>
        /^;*$/.test(row) ? [] : [{ line: ABOVE.length + 2 + at, hasBoth: /^[^;]+;[^;]+/.test(row) }],
      );
      expect(list.problems).toEqual([]);
      expect(list.records).toHaveLength(3);
      expect(list.leftOutCount).toBe(lines.length);
      expect(list.leftOut).toEqual(
        lines.map(
          ({ line, hasBoth }) =>
            `line ${line}: is a note or a total below the list: ${hasBoth ? 'its cells are not a number and a tier' : 'it has no number and no tier'}`,
        ),
      );
    }
  });

  it.each([
    '+358501231203;;Aino;',
    '050 123 1203;;;',
    '4711;;Reception;',
    '4;;;',
    '47-11;;;',
    'Mob. 050 123 1203;;;',
    '050 123 1203 (work);;;',
    'Mob. +358501231203, work 09 123 4567;;;',
    'sip:aino@example.com;;;',
    'aino@example.com;;;',
    'sip:aino;;;',
    'aino2;;;',
    '3,58501E+11;;;',
    '+3589123*;;;',
    'Work 09 310 1000-1999;;;',
  ])('may have an entry that merely lacks its tier: %s', async (entry) => {
    for (const rows of [[entry], [entry, 'Total;3;;']]) {
      const { problems, records, leftOutCount } = await read([...ABOVE, ...rows]);
      expect(problems).toEqual([expect.stringMatching(/^line 5, tier: is missing/)]);
      expect(records).toHaveLength(3);
      expect(leftOutCount).toBe(rows.length - 1);
    }
  });

  it('may have a sentence over more cells than the header names, also where it has empty ones behind them', async () => {
    const note = 'Exported, for whoever asks; by CRM; on 30.11.2026; at 14:05; on paper';
    const rows = ['number;tier;name;weight', ...ABOVE].map((row) => `${row};;;`);
    const list = await readRecords(Buffer.from([...rows, `${note};;`, ''].join('\r\n')), 'list.csv');
    expect([list.problems, list.leftOutCount]).toEqual([[], 1]);
  });

  it('may have an entry with more cells than the header has', async () => {
    for (const entry of ['4711;gold;Aino;1;x', '+358501231203;gold;Aino;1;x', 'aino2;gold;;;x']) {
      expect((await read([...ABOVE, entry])).problems).toEqual([
        expect.stringMatching(/^line 5: has a cell under no column name/),
      ]);
    }
  });

  it.each([
    [';gold;Aino;', 'number: is missing'],
    [';+358501231203;gold;', 'number: is missing'],
    [';0501231203;;', 'number: is missing'],
  ])('may have an entry that lacks its number: %s', async (entry, problem) => {
    expect((await read([...ABOVE, entry])).problems).toEqual([expect.stringContaining(`line 5, ${problem}`)]);
  });

  it.each(['aino;gold;;', 'Reception;platinum;;', 'Total;20 VIPs;;', '20;20;;', '+358501231203;20;;'])(
    'may have an entry like version 0.1.0 took it: %s',
    async (entry) => {
      const list = await read([...ABOVE, entry]);
      expect([list.records.length, list.problemCount, list.leftOutCount]).toEqual([4, 0, 0]);
    },
  );

  it('has entries with tiers that are counts, and callers that are words, where those above are such', async () => {
    const numeric = await read(['+358501231201;1;;', '4711;2;;', 'aino;3;;']);
    expect([numeric.records.length, numeric.leftOutCount]).toEqual([3, 0]);
    const words = await read(['matti;gold;;', 'aino;;;']);
    expect(words.problems).toEqual([expect.stringMatching(/^line 3, tier: is missing/)]);
  });

  it('has no word that is longer than an address can be', async () => {
    expect((await read([...ABOVE, `${'x'.repeat(320)};;;`])).leftOutCount).toBe(1);
    expect((await read([...ABOVE, `${'x'.repeat(321)};;;`])).problems).toEqual([
      'line 5, number: is longer than 320 characters',
      expect.stringMatching(/^line 5, tier: is missing/),
    ]);
  });

  it('is the end only where nothing but such follows', async () => {
    const list = await read(['Helsinki;;;', ...ABOVE, 'Turku;;;', ';;;5', '4711;gold;;', 'Total;4;;']);
    expect(list.problems).toEqual([
      expect.stringMatching(/^line 2, tier: is missing/),
      expect.stringMatching(/^line 6, tier: is missing/),
      expect.stringMatching(/^line 7, number: is missing/),
      expect.stringMatching(/^line 7, tier: is missing/),
    ]);
    expect(list.leftOut).toEqual([expect.stringMatching(/^line 9: is a note/)]);
  });

  it('is not longer than fifty rows', async () => {
    const notes = (count: number) => [...ABOVE, ...Array.from({ length: count }, () => 'note;;;')];
    expect(await read(notes(50))).toMatchObject({ problemCount: 0, leftOutCount: 50 });
    expect((await read(notes(51))).problemCount).toBe(51);
    expect((await read(notes(120))).problemCount).toBeGreaterThan(50);
  });

  it('may be nothing but a note', async () => {
    expect(await read(['Yhteensä;0;;'])).toMatchObject({ problemCount: 0, leftOutCount: 1, records: [] });
  });

  it('keeps a note from being read where no country says what numbers are', async () => {
    const list = await read([ABOVE[0]!, 'Exported 30.11.2026;;;'], undefined);
    expect([list.problemCount, list.leftOutCount]).toEqual([0, 1]);
  });

  it('is not reached where a row before it cannot be read', async () => {
    const list = await read([...ABOVE, 'Total;3;;', '4711;"gold" x;;', '']);
    expect(list.problems).toEqual([expect.stringMatching(/^line 6: has text after the closing/)]);
  });
});

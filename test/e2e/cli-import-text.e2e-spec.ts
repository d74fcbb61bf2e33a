import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import iconv from 'iconv-lite';
import { cli } from '../support/command-line.js';

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'smartrouting-text-'));
});
afterAll(() => rm(folder, { recursive: true }));

const PEOPLE = ['Åsa Mäkelä', 'Jörg Groß', 'Søren Öhman'];
const list = (...rows: string[]) =>
  ['number;tier;name', ...PEOPLE.map((name, at) => `+35850123100${at};gold;${name}`), ...rows, ''].join(
    '\r\n',
  );

/** Imports a list into a database of its own. */
async function imported(name: string, content: Buffer | string, ...more: string[]) {
  await writeFile(join(folder, name), content);
  const database = `sqlite:${join(folder, name)}.sqlite`;
  const args = ['import', join(folder, name), '--country', 'FI', '--database', database, ...more];
  const { code, stdout, stderr } = await cli(args);
  const out = join(folder, `${name}.out.csv`);
  if (code !== 0) return { code, stdout, stderr, names: [] };
  await cli(['export', '--database', database, '-o', out]);
  const rows = (await readFile(out, 'utf8')).trim().split('\r\n').slice(1);
  return { code, stdout, stderr, names: rows.map((row) => row.split(',')[2]).toSorted() };
}

describe('import', () => {
  const names = PEOPLE.toSorted();

  it.each([
    ['ansi.csv', 'windows-1252', iconv.encode(list(), 'windows-1252')],
    ['unicode.txt', 'utf-16le', iconv.encode(list().replaceAll(';', '\t'), 'utf-16le', { addBOM: true })],
    ['no-mark.csv', 'utf-16be', iconv.encode(list(), 'utf-16be')],
  ])(
    'reads what spreadsheets save without being told, and says so: %s, %s',
    async (name, encoding, content) => {
      const { code, stdout, names: read } = await imported(name, content);
      expect([code, read]).toEqual([0, names]);
      expect(stdout).toContain(
        `${join(folder, name)} is not UTF-8; it was read as ${encoding}. If letters are wrong, say what it is with --encoding.\n`,
      );
      expect(stdout).toContain('3 added, 0 replaced, 0 removed.\n');
    },
  );

  it('reads what it is told that a list is, and says nothing of UTF-8', async () => {
    const content = iconv.encode(list(), 'cp850');
    const { stdout, names: read } = await imported('dos.csv', content, '--encoding', 'CP850');
    expect(read).toEqual(names);
    expect(stdout).toContain('it was read as CP850.');
    expect((await imported('utf8.csv', list(), '--encoding', 'cp850')).stdout).not.toContain(
      'it was read as',
    );
  });

  it('refuses an encoding that is not known, and a text that is not what it seems', async () => {
    expect(await imported('unknown.csv', list(), '--encoding', 'window-1252')).toMatchObject({
      code: 1,
      stderr: expect.stringMatching(
        /^--encoding "window-1252" is not an encoding that can be read\. Did you mean windows-1252\? For example: /,
      ),
    });
    const two = Buffer.concat([
      Buffer.from(list()),
      iconv.encode('+358501231009;gold;Äijä\r\n', 'windows-1252'),
    ]);
    expect(await imported('two.csv', two)).toMatchObject({
      code: 1,
      stderr: expect.stringMatching(
        /^Nothing was imported from .*two\.csv \(1 problem\):\n- line 5: is not UTF-8 text; .*, or say what it is, for example --encoding windows-1252 \(others are .*, macintosh, .*\)\n$/,
      ),
    });
  });

  it('passes over title, sep= line and total, and names the total', async () => {
    const content = `sep=;\r\nVIP-asiakkaat 11/2026;;\r\n${list(';;', 'Yhteensä;3;')}`;
    const { code, stdout, names: read } = await imported('total.csv', content);
    expect([code, read]).toEqual([0, names]);
    expect(stdout).toContain(
      'Left out: line 8: is a note or a total below the list: its cells are not a number and a tier\n',
    );
    expect(stdout).toContain('3 added, 0 replaced, 0 removed, 1 left out.\n');
  });
});

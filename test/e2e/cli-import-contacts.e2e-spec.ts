import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { existsSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { cli } from '../support/command-line.js';

const SAMPLES = resolve('test/fixtures/contacts');
const NAME = 'Kaisa Hämäläinen-Koe';

let folder: string;
let count = 0;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'smartrouting-contacts-'));
});
afterAll(() => rm(folder, { recursive: true }));

/** Imports a file into a database of its own, and exports it: number, tier and name of each entry. */
async function imported(file: string, ...flags: string[]) {
  const database = join(folder, `${count++}.sqlite`);
  const args = ['import', file, '--country', 'FI', '--database', `sqlite:${database}`, ...flags];
  const { code, stdout, stderr } = await cli(args);
  if (!existsSync(database)) return { code, stdout, stderr, rows: undefined };
  const exported = await cli(['export', '--database', `sqlite:${database}`]);
  const rows = exported.stdout.trim().split('\r\n').slice(1);
  return { code, stdout, stderr, rows: rows.map((row) => row.split(',').slice(0, 3)) };
}

describe('import of contacts', () => {
  it('takes numbers, names and groups of a known program, and says what it took', async () => {
    const { stdout, rows } = await imported(
      ...[join(SAMPLES, 'zendesk.csv'), '--contacts', '--tiers', 'Gold=platinum,VIP=silver'],
    );
    expect(stdout).toContain('Contacts: numbers from phone; 1 contact without a number.');
    expect(rows).toEqual([
      ['+358501234501', 'platinum', NAME],
      ['+358501234502', 'silver', 'Otso Esimerkki'],
    ]);
  });

  it('says so when none of the contacts becomes an entry', async () => {
    const file = join(folder, 'nobody.csv');
    await writeFile(file, 'Name,Mobile\nAino,\n');
    const { stdout } = await imported(file, '--contacts', '--tier', 'gold');
    expect(stdout).toContain(
      'Left out: line 1: none of the contacts in the file (1) becomes an entry: no numbers; 1 contact without a number',
    );
  });

  it('takes the columns that are named, by name or by position', async () => {
    const named = ['--column', 'number=Mobile*', '--column', 'name=LastName', '--tier', 'gold'];
    expect((await imported(join(SAMPLES, '3cx.csv'), ...named)).rows).toEqual([
      ['+358501234501', 'gold', 'Hämäläinen-Koe'],
      ['+358501234502', 'gold', 'Esimerkki'],
      ['+358501234512', 'gold', 'Esimerkki'],
    ]);
    const placed = ['--column', 'number=2', '--column', 'name=1', '--column', 'tier=3'];
    expect((await imported(join(SAMPLES, 'no-header.csv'), ...placed)).rows).toEqual([
      ['+358501234501', 'gold', NAME],
      ['+358501234502', 'silver', 'Otso Esimerkki'],
    ]);
  });

  it.each(['apple-3.0.vcf', 'grandstream.xml', 'entra-graph.json', 'dynamics.xlsx'])(
    'reads %s with a tier for all',
    async (file) => {
      const { code, rows } = await imported(join(SAMPLES, file), '--tier', 'gold');
      expect(code).toBe(0);
      expect(rows).toContainEqual(['+358501234501', 'gold', NAME]);
    },
  );

  it('only shows what it would do with --dry-run, numbers masked', async () => {
    const { code, stdout, rows } = await imported(
      ...[
        join(SAMPLES, 'hubspot.csv'),
        '--contacts',
        '--tiers',
        'Evangelist=gold',
        '--tier',
        'silver',
        '--dry-run',
      ],
    );
    expect([code, rows]).toEqual([0, undefined]);
    expect(stdout.split('\n')).toEqual([
      'Contacts: numbers from Phone Number, Mobile Phone Number; 1 contact without a number.',
      `line 2  +35891****01   gold    ${NAME}`,
      `line 2  +35850*****01  gold    ${NAME}`,
      'line 3  +35850*****02  silver  Otso Esimerkki',
      `Would import 3 entries from ${join(SAMPLES, 'hubspot.csv')} (2 gold, 1 silver). Nothing was changed.`,
      '',
    ]);
  });

  it('shows the first ten entries of a list with --dry-run, too', async () => {
    const file = join(folder, 'list.csv');
    const rows = Array.from({ length: 12 }, (_, at) => `+3585012300${10 + at},gold`);
    await writeFile(file, `number,tier\n${rows.join('\n')}\n`);
    const { stdout } = await imported(file, '--dry-run');
    expect(stdout).toContain('\nand 2 more\nWould import 12 entries');
  });

  it('says what is wrong with the flags, and with a file that is of contacts', async () => {
    const wrong = await imported(join(SAMPLES, '3cx.csv'), '--column', 'number=Mobil', '--tier', 'gold');
    expect(wrong.stderr).toContain('line 1: there is no column "Mobil", which columns.number names');
    expect((await imported(join(SAMPLES, '3cx.csv'), '--column', 'Mobile')).stderr).toContain(
      '--column "Mobile": write the field and the column of the file',
    );
  });
});

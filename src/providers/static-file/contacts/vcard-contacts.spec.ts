import { describe, expect, it } from '@jest/globals';
import { LineProblems } from '../line-problems.js';
import { readRecords } from '../record-file.js';
import { vcardContacts } from './vcard-contacts.js';

const card = (...lines: string[]) => ['BEGIN:VCARD', ...lines, 'END:VCARD', ''].join('\r\n');
const read = (text: string | Buffer, tiers?: Record<string, string>) =>
  readRecords(Buffer.from(text as string), 'people.vcf', {
    country: 'FI',
    contacts: tiers === undefined ? { tier: 'gold' } : { tiers },
  });
const entriesOf = async (text: string | Buffer) =>
  (await read(text)).records.map(({ line, record: { number, name } }) => [line, number, name]);

describe('a vCard', () => {
  it('of version 2.1 has parameters without names, and quoted-printable text in its own charset', async () => {
    const text = card(
      'VERSION:2.1',
      'N;CHARSET=ISO-8859-1;ENCODING=QUOTED-PRINTABLE:H=E4m=E4l=E4inen;Kaisa',
      'FN;ENCODING=QUOTED-PRINTABLE;CHARSET=UTF-8:Kaisa H=C3=A4m=C3=A4l=',
      '=C3=A4inen',
      'TEL;CELL;VOICE:050 123 4501',
      'TEL;WORK;FAX:09 123 4509',
      'TEL;PREF;WORK;QUOTED-PRINTABLE:=2B358 9 123 4501',
    );
    expect(await entriesOf(text)).toEqual([
      [1, '+358501234501', 'Kaisa Hämäläinen'],
      [1, '+35891234501', 'Kaisa Hämäläinen'],
    ]);
    const latin1 = card(
      'VERSION:2.1',
      'N;CHARSET=ISO-8859-1;QUOTED-PRINTABLE:H=E4m=E4l;Kaisa',
      'TEL:050 123 4501',
    );
    expect(await entriesOf(latin1)).toEqual([[1, '+358501234501', 'Kaisa Hämäl']]);
  });

  it('may be folded anywhere, also in the middle of a letter', async () => {
    const bytes = Buffer.from(card('VERSION:3.0', 'FN:Päivi Öberg', 'TEL:050 123 4501'));
    const at = bytes.indexOf('ä') + 1;
    const folded = Buffer.concat([bytes.subarray(0, at), Buffer.from('\r\n '), bytes.subarray(at)]);
    expect(await entriesOf(folded)).toEqual([[1, '+358501234501', 'Päivi Öberg']]);
    const ansi = Buffer.from('BEGIN:VCARD\nFN:P\xe4\n \xbdivi\nTEL:0501234501\nEND:VCARD\n', 'latin1');
    const list = await readRecords(ansi, 'a.vcf', {
      encoding: 'latin1',
      contacts: { tier: 'gold' },
      country: 'FI',
    });
    expect(list.records[0]!.record.name).toBe('Pä½ivi');
    expect(await entriesOf(card('FN:Aino', 'TEL:050', '\t 123 45', ' 01'))).toEqual([
      [1, '+358501234501', 'Aino'],
    ]);
  });

  it('has a name by its parts, or by the company, where it has no other', async () => {
    const text =
      card('N:Esimerkki;Otso;Olavi;Dr.;', 'TEL:0501234501') +
      card('ORG:Näyte Oy\\, Helsinki;Myynti', 'TEL:0501234502') +
      card('FN:Aino\\, \\;x\\nY', 'TEL:0501234503');
    expect((await entriesOf(text)).map(([, , name]) => name)).toEqual([
      'Otso Olavi Esimerkki',
      'Näyte Oy, Helsinki',
      'Aino, ;x\nY',
    ]);
  });

  it.each([
    'TEL;TYPE="work,fax":09 123 4509',
    'TEL;TYPE=WORK;TYPE=FAX:09 123 4509',
    'TEL;PAGER:09 123 4509',
    'item1.TEL:09 123 4509\r\nitem1.X-ABLabel:_$!<HomeFAX>!$_',
    'item1.TEL:09 123 4509\r\nitem1.X-ABLabel:Assistant',
    'TEL;X-Work Fax:09 123 4509',
  ])('has no number by %j', async (property) => {
    expect(await entriesOf(card('FN:Aino', property))).toEqual([]);
  });

  it('takes a label for another property only in the same group', async () => {
    const text = card('item1.TEL:0501234501', 'item2.X-ABLabel:Fax', 'TEL:0501234502', 'X-ABLabel:Fax');
    expect((await entriesOf(text)).map(([, number]) => number)).toEqual(['+358501234501', '+358501234502']);
  });

  it('may be of a group, or have the card of an assistant inside, who are no contacts', async () => {
    const group = card('VERSION:4.0', 'KIND:group', 'FN:Board', 'MEMBER:urn:uuid:1', 'TEL:0501234509');
    const agent = card(
      'FN:Aino',
      'AGENT:',
      'BEGIN:VCARD',
      'FN:Matti',
      'TEL:0501234508',
      'END:VCARD',
      'TEL:0501234501',
    );
    const list = await read(group + agent);
    expect(list.records.map(({ record }) => record)).toEqual([
      { number: '+358501234501', tier: 'gold', name: 'Aino' },
    ]);
    expect(list.contacts).toBe('numbers from TEL');
  });

  it('has the first tier of its categories, also of one with a comma in its name', async () => {
    const tiers = { 'Board, old': 'bronze', board: 'platinum', VIP: 'gold' };
    const text =
      card('TEL:0501234501', 'CATEGORIES:vip,Board') +
      card('TEL:0501234502', 'CATEGORIES:Friends\\, near,VIP') +
      card('TEL:0501234503', 'CATEGORIES:Board\\, old') +
      card('TEL:0501234504', 'CATEGORIES:Family');
    const { records, contacts, leftOut } = await read(text, tiers);
    expect(records.map(({ record }) => record.tier)).toEqual(['platinum', 'gold', 'bronze']);
    expect(contacts).toBe('numbers from TEL; 1 contact in no group that tiers names');
    expect(leftOut).toEqual([]);
  });

  it('that names one group needs no tiers; one with several, or none, is left out and says why', async () => {
    const text =
      card('TEL:0501234501', 'CATEGORIES:VIP') +
      card('TEL:0501234502', 'CATEGORIES:VIP,Board') +
      card('TEL:0501234503');
    const list = await readRecords(Buffer.from(text), 'people.vcf', { country: 'FI' });
    expect(list.records.map(({ record }) => record)).toEqual([{ number: '+358501234501', tier: 'VIP' }]);
    expect(list.leftOut).toEqual([
      'line 5, tier: is one of several groups; say which of them counts, for example tiers: { Board: platinum, VIP: gold }',
      'line 9, tier: is missing, and the file names no group; write tier: gold for all contacts, or tiers: { VIP: gold }',
    ]);
  });

  it('may have its columns named', async () => {
    const list = await readRecords(
      Buffer.from(card('FN:Aino', 'ROLE:CEO', 'NOTE:vip', 'TEL:0501234501')),
      'a.vcf',
      {
        country: 'FI',
        contacts: { columns: { number: 'TEL', name: 'FN', tier: 'NOTE', role: 'role' } },
      },
    );
    expect(list.records.map(({ record }) => record)).toEqual([
      { number: '+358501234501', tier: 'vip', name: 'Aino', attributes: { role: 'CEO' } },
    ]);
  });

  it.each([
    [
      'name,phone\r\nAino,0501234501\r\n',
      'line 1: is not part of a vCard, which begins with BEGIN:VCARD; what follows was not read',
    ],
    [card('TEL:1').slice(0, -12), 'line 1: begins a vCard that has no END:VCARD; the file may be cut off'],
    [
      `BEGIN:VCARD\r\nTEL:1\r\n${card('TEL:2')}`,
      'line 1: begins a vCard that has no END:VCARD before the next one',
    ],
  ])('that is none is a problem: %j', async (text, problem) => {
    expect((await read(text)).problems).toEqual([problem]);
  });

  it('may have lines that end in any way', async () => {
    const lines = ['BEGIN:VCARD', 'FN:Aino', '', 'TEL:0501234501', 'END:VCARD'];
    for (const end of ['\n', '\r', '\r\n']) {
      expect(await entriesOf(lines.join(end))).toEqual([[1, '+358501234501', 'Aino']]);
    }
    expect(await entriesOf('BEGIN:VCARD\rFN:Aino\nTEL:0501234501\r\nEND:VCARD\r')).toEqual([
      [1, '+358501234501', 'Aino'],
    ]);
    expect((await read('\n\r\r\n\nx')).problems[0]).toMatch(/^line 5: is not part of a vCard/);
  });

  it('lets other work be done behind each of its lines, and those before it', () => {
    const text = '\n'.repeat(100) + card(...Array<string>(100).fill('TEL:1'));
    const all = [...vcardContacts(Buffer.from(text), new LineProblems())];
    expect(all.filter((each) => each === undefined).length).toBeGreaterThanOrEqual(200);
    expect(all.filter((each) => each !== undefined)).toHaveLength(1);
  });

  it('may have a photograph of megabytes, and anything else', async () => {
    const photo = ['PHOTO;ENCODING=b:', ...Array<string>(20_000).fill('QUJDREVGR0hJSktM'.repeat(5))].join(
      '\r\n ',
    );
    const text = card('', 'not a property', photo, 'NOTE:', `NOTE:${'x'.repeat(100_000)}`, 'TEL:0501234501');
    expect(await entriesOf(text)).toEqual([[1, '+358501234501', undefined]]);
    const contacts = [
      ...vcardContacts(Buffer.from(card(...Array<string>(5_000).fill('TEL:1'))), new LineProblems()),
    ];
    expect(contacts.find((each) => each !== undefined)?.cells).toHaveLength(1_000);
  });
});

import { describe, expect, it } from '@jest/globals';
import { readRecords } from '../record-file.js';

const read = (xml: string, tiers?: Record<string, string>) =>
  readRecords(Buffer.from(xml), 'phonebook.xml', {
    country: 'FI',
    contacts: tiers === undefined ? { tier: 'gold' } : { tiers, tier: 'none of them' },
  });
const entriesOf = async (xml: string, tiers?: Record<string, string>) => {
  const list = await read(xml, tiers);
  expect([list.problems, list.leftOut]).toEqual([[], []]);
  return list.records.map(({ record: { number, name, tier } }) =>
    tiers === undefined ? [number, name] : [number, name, tier],
  );
};
const AINO = ['+358501234501', 'Aino Virtanen'];

describe("a telephone's phonebook", () => {
  it.each([
    [
      'Cisco',
      '<CiscoIPPhoneDirectory><Title>x</Title><DirectoryEntry><Name>Aino Virtanen</Name><Telephone>0501234501</Telephone></DirectoryEntry></CiscoIPPhoneDirectory>',
    ],
    [
      'Yealink, local',
      '<root_group><group display_name="All Contacts"/></root_group>',
      '<contacts><root_contact><contact display_name="Aino Virtanen" office_number="" mobile_number="0501234501" other_number="" line="-1" ring="Auto" group_id_name="VIP"/></root_contact></contacts>',
    ],
    [
      'Yealink, with departments',
      '<YealinkIPPhoneBook><Title>x</Title><Menu Name="VIP"><Unit Name="Aino Virtanen" Phone1="0501234501" Phone2="" Phone3="" default_photo="Resource:"/></Menu></YealinkIPPhoneBook>',
    ],
    [
      'FRITZ!Box',
      '<phonebooks><phonebook name="Telefonbuch"><contact><category>1</category><person><realName>Aino Virtanen</realName></person><telephony nid="2"><number type="mobile" prio="1" id="0">0501234501</number><number type="fax_work" id="1">091234509</number></telephony><services/><uniqueid>12</uniqueid></contact></phonebook></phonebooks>',
    ],
    [
      'Gigaset',
      '<list response="get_list" type="pb"><entry id="1"><ln>Virtanen</ln><fn>Aino</fn><mb>0501234501</mb><fx>091234509</fx></entry></list>',
    ],
    [
      'Polycom',
      '<directory><item_list><item><ln>Virtanen</ln><fn>Aino</fn><ct>0501234501</ct><sd>1</sd><rt>ringerdefault</rt><ad>0</ad></item></item_list></directory>',
    ],
    [
      'Aastra and Mitel',
      '<AastraIPPhoneTextMenu><MenuItem><Prompt>Aino Virtanen</Prompt><URI>Dial:0501234501</URI></MenuItem><MenuItem><Prompt>More</Prompt><URI>http://192.0.2.1/more.xml</URI></MenuItem></AastraIPPhoneTextMenu>',
    ],
    [
      'Snom, with a namespace and CDATA',
      '<p:SnomIPPhoneDirectory xmlns:p="x"><p:DirectoryEntry><p:Name><![CDATA[Aino ]]>Virtanen</p:Name><p:Telephone>0501234501</p:Telephone></p:DirectoryEntry></p:SnomIPPhoneDirectory>',
    ],
    [
      'Grandstream, older',
      '<AddressBook><Contact><LastName>Virtanen</LastName><FirstName>Aino</FirstName><Phone><phonenumber>0501234501</phonenumber><accountindex>0</accountindex></Phone><Phone type="Fax"><phonenumber>091234509</phonenumber></Phone><Groups><groupid>2</groupid></Groups></Contact></AddressBook>',
    ],
  ])('of %s', async (_, ...documents) => {
    expect(await entriesOf(documents.at(-1)!)).toEqual([AINO]);
  });

  it('has the tiers of its groups', async () => {
    const tiers = { VIP: 'gold' };
    const yealink =
      '<x_contacts><contact display_name="A" mobile_number="0501234501" group_id_name="vip"/><contact display_name="B" mobile_number="0501234502" group_id_name="All Contacts"/></x_contacts>';
    const menus =
      '<YealinkIPPhoneBook><Menu Name="VIP"><Unit Name="A" Phone1="0501234501"/></Menu><Menu Name="Other"><Unit Name="B" Phone1="0501234502"/></Menu></YealinkIPPhoneBook>';
    const fritz =
      '<phonebooks><phonebook><contact><category>1</category><person><realName>A</realName></person><telephony><number type="home">0501234501</number></telephony></contact><contact><category>0</category><person><realName>B</realName></person><telephony><number type="home">0501234502</number></telephony></contact></phonebook></phonebooks>';
    const grandstream =
      '<AddressBook><Contact><FirstName>A</FirstName><Phone><phonenumber>0501234501</phonenumber></Phone><Groups><groupid>7</groupid></Groups></Contact><Contact><FirstName>B</FirstName><Phone><phonenumber>0501234502</phonenumber></Phone><Group>8</Group></Contact><pbgroup><id>7</id><name>VIP</name></pbgroup></AddressBook>';
    for (const xml of [yealink, menus, fritz, grandstream]) {
      expect(await entriesOf(xml, tiers)).toEqual([
        ['+358501234501', 'A', 'gold'],
        ['+358501234502', 'B', 'none of them'],
      ]);
    }
  });

  it('is in the encoding that it says', async () => {
    const xml =
      '<?xml version="1.0" encoding="ISO-8859-1"?><Directory><DirectoryEntry><Name>Päivi</Name><Telephone>0501234501</Telephone></DirectoryEntry></Directory>';
    const list = await readRecords(Buffer.from(xml, 'latin1'), 'a.xml', {
      contacts: { tier: 'gold' },
      country: 'FI',
    });
    expect(list.records.map(({ record }) => record.name)).toEqual(['Päivi']);
    const wide = Buffer.from(`\ufeff${xml.replace('ISO-8859-1', 'UTF-16')}`, 'utf16le');
    const other = await readRecords(wide, 'a.xml', { contacts: { tier: 'gold' }, country: 'FI' });
    expect(other.records.map(({ record }) => record.name)).toEqual(['Päivi']);
  });

  const named = (declaration: string, name = 'Päivi') =>
    `${declaration}\n<Directory><DirectoryEntry><Name>${name}</Name><Telephone>0501234501</Telephone></DirectoryEntry></Directory>`;

  it.each([
    '',
    '<?xml version="1.0"?>',
    '<?xml version="1.0" encoding="UTF-8"?>',
    "<?xml version='1.0' encoding = 'utf8' standalone='yes'?>",
    '<?xml version="1.0" encoding="x-unknown"?>',
  ])('is refused where it is not the UTF-8 that it says, and read as the options say: %s', async (says) => {
    const bytes = Buffer.from(named(says), 'latin1');
    const options = { contacts: { tier: 'gold' }, country: 'FI' };
    const list = await readRecords(bytes, 'a.xml', options);
    expect(list.records).toEqual([]);
    expect(list.problems).toEqual([
      expect.stringMatching(/^line 2: is not UTF-8 text; .* encoding: windows-1252 /),
    ]);
    for (const more of [{ encoding: 'windows-1252' }, { guessesEncoding: true }]) {
      const { records } = await readRecords(bytes, 'a.xml', { ...options, ...more });
      expect(records.map(({ record }) => record.name)).toEqual(['Päivi']);
    }
  });

  it('is read as the options say where it is not what it says', async () => {
    const xml = named('<?xml version="1.0" encoding="ISO-8859-1"?>', 'P\xe4ivi \x80');
    const bytes = Buffer.from(xml, 'latin1');
    const options = { contacts: { tier: 'gold' }, country: 'FI' };
    expect((await readRecords(bytes, 'a.xml', options)).problems).toEqual([
      expect.stringMatching(/^line 2: is not UTF-8 text; .* encoding: windows-1252 /),
    ]);
    const { records } = await readRecords(bytes, 'a.xml', { ...options, encoding: 'windows-1252' });
    expect(records.map(({ record }) => record.name)).toEqual(['Päivi €']);
  });

  it.each(['constructor', '__proto__', 'toString', 'hasOwnProperty'])(
    'may have an element or attribute named %s',
    async (name) => {
      const entry = `<Contact ${name}="x"><${name}>x</${name}><Name>Aino Virtanen</Name><Phone>0501234501</Phone></Contact>`;
      expect(await entriesOf(`<AddressBook>${entry}</AddressBook>`)).toEqual([AINO]);
    },
  );

  it.each(['type', 'Type', 'TYPE', 'label', 'Label'])('leaves out a fax by its %s', async (attribute) => {
    const numbers = `<Number ${attribute}="Fax">091234509</Number><Number ${attribute}="Mobile">0501234501</Number>`;
    const xml = `<AddressBook><Contact><Name>Aino Virtanen</Name>${numbers}</Contact></AddressBook>`;
    expect(await entriesOf(xml)).toEqual([AINO]);
  });

  it('may have no entries', async () => {
    expect(
      await entriesOf('<?xml version="1.0"?><YealinkIPPhoneDirectory></YealinkIPPhoneDirectory>'),
    ).toEqual([]);
  });

  it.each([
    [
      '<!DOCTYPE a [<!ENTITY x "0501234501">]><AddressBook><Contact><Phone>&x;</Phone></Contact></AddressBook>',
      'line 1: has a document type (<!DOCTYPE …>), which is not read; take it away; what follows was not read',
    ],
    [
      '<AddressBook>\n<Contact><Name>A</Nam></Contact></AddressBook>',
      'line 2: is not valid XML (a closing tag is not that of the element before it); export the file again; what follows was not read',
    ],
    [
      '<AddressBook>\n<Contact>',
      'line 2: is not valid XML (it ends before its elements do); export the file again, since it is cut off; what follows was not read',
    ],
    [
      '<AddressBook>&nbsp;</AddressBook>',
      'line 1: is not valid XML (an & begins no entity); write &amp; for the sign itself; what follows was not read',
    ],
    [
      `<AddressBook>${'<a>'.repeat(60)}${'</a>'.repeat(60)}</AddressBook>`,
      'line 1: is nested deeper than 50 elements; what follows was not read',
    ],
    [
      '<html><body>Log in</body></html>',
      'line 1: the file has no entries of a phonebook that is known here (DirectoryEntry, Contact, item, entry, Unit …); write the contacts as CSV, or as a vCard',
    ],
  ])('is a problem when it is not to be read: %j', async (xml, problem) => {
    expect((await read(xml)).problems).toEqual([problem]);
  });

  it.each([
    `<tbook><item type="black"><name>A</name><number>0501234501</number></item>
      <item type="vip"><name>Black</name><number>0501234502</number></item></tbook>`,
    `<YealinkIPPhoneBook><Menu Name="Blacklist"><Unit Name="A" Phone1="0501234501"/></Menu>
      <Menu Name="VIP"><Unit Name="Black" Phone1="0501234502"/></Menu></YealinkIPPhoneBook>`,
  ])('has no VIP in its black list: %#', async (xml) => {
    const list = await read(xml);
    expect(list.records.map(({ record }) => record.number)).toEqual(['+358501234502']);
    expect(JSON.stringify(list.contacts)).toContain('blocked');
  });

  it('tells each entry by its line, and keeps those before broken XML', async () => {
    const entry = (number: string) =>
      `<DirectoryEntry><Name>A</Name><Telephone>${number}</Telephone></DirectoryEntry>\n`;
    const list = await read(`<Directory>\n${entry('0501234501')}${entry('3.58501E+11')}<broken`);
    expect(list.records.map(({ line, record }) => [line, record.number])).toEqual([[2, '+358501234501']]);
    expect(list.leftOut).toEqual([expect.stringMatching(/^line 3, number: was shortened by a spreadsheet/)]);
    expect(list.problems).toEqual([expect.stringMatching(/^line 4: is not valid XML/)]);
  });

  it('may be long, and makes way for other work', async () => {
    const entry = (at: number) => `<Unit Name="N${at}" Phone1="+35850${1_000_000 + at}"/>`;
    const xml = `<PhoneBook>${Array.from({ length: 20_000 }, (_, at) => entry(at)).join('\n')}</PhoneBook>`;
    let turns = 0;
    const timer = setInterval(() => turns++, 1);
    try {
      expect((await read(xml)).records).toHaveLength(20_000);
      expect(turns).toBeGreaterThan(3);
    } finally {
      clearInterval(timer);
    }
  });
});

import { describe, expect, it } from '@jest/globals';
import { isMobileColumn, plainName, roleOf, stemOf, whyNotTheirs } from './column-role.js';

const kinds = (columns: string, besideMobile = false) =>
  columns.split(', ').map((column) => [column, roleOf(column, besideMobile).kind]);
const all = (columns: string, kind: string) => columns.split(', ').map((column) => [column, kind]);

describe('what a column holds, by its name', () => {
  it.each([
    [
      'English',
      'Business Phone, Business Phone 2, Mobile Phone, Primary Phone, Car Phone, TTY/TDD Phone, Callback, ISDN',
    ],
    [
      'German',
      'Telefon geschäftlich, Telefon (privat 2), Mobiltelefon, Weiteres Telefon, Tel. dienstlich, Mobil-Tel.-Nr., Handynummer',
    ],
    [
      'Finnish',
      'Puhelin (työ), Työpuhelin 2, Kotipuhelin, Matkapuhelin, Matkapuhelinnumero, Muu puhelin, GSM, Puh. koti, Tekstipuhelin',
    ],
    [
      'Swedish',
      'Telefon (arbete), Arbetstelefon, Hemtelefon, Mobilnummer, Annan telefon, Biltelefon, Texttelefon, Tfn',
    ],
    ['Danish and Norwegian', 'Arbejdstelefon, Telefon arbeid, Mobilnr, Tlf. jobb, Hjemmetelefon'],
    [
      'other languages',
      'Téléphone (bureau), Teléfono móvil, Teléfono del trabajo, Telefoon werk, Portable, Cellulare',
    ],
    [
      'short',
      'Land Line, Ph. No, Contact No., Rufnr., Dienstnummer, Suora numero, Työnumero, Kotinumero, Hemnummer, Arbetsnummer',
    ],
    [
      'programs',
      'phone_1_number, Phone 1 - Value, businessPhones, mobilePhone, telephoneNumber, LineUri, OfficePhoneNumber, Person - Phone - Work, Cell #',
    ],
  ])('knows numbers in %s', (_, columns) => {
    expect(kinds(columns)).toEqual(all(columns, 'number'));
  });

  it.each([
    [
      'faxes',
      'Business Fax, HomeFax, Fax geschäftlich, Telefax, Työfaksi, Faksi (koti), Hemfax, Fax (arbete), facsimileTelephoneNumber, OfficeFAXPhoneNumber',
    ],
    ['pagers', 'Pager, Hakulaite, Personsökare, PAGER NUMBER, Telex'],
    [
      'numbers inside a house',
      'Extension, Ext, Durchwahl, Nebenstelle, Alanumero, Anknytning, IP Phone, Primary Extension',
    ],
    [
      'numbers of others',
      "Assistant's Phone, Asst. Phone, Telefon Assistent, Avustajan puhelin, Assistentens telefon, Spouse Phone, Emergency Contact Phone",
    ],
    [
      'numbers of the whole company',
      'Company Main Phone, Telefon Firma, Yrityksen puhelin, Företagets telefon, Organization - Phone, Växel',
    ],
    [
      'telephones to log in with',
      'authenticationAlternativePhoneNumber, Authentication Phone, MFA phone number',
    ],
  ])('leaves out %s', (_, columns) => {
    expect(kinds(columns)).toEqual(all(columns, 'notTheirs'));
  });

  it.each([
    'Record ID, External ID, Number of calls, Kundennummer, Asiakasnumero, Postinumero, Phonetic, E-mail 1 - Value, Business Street',
    'Last call, Company ID, Home Address, Do Not Call, Fax opt out, Title, Notes, Direct Reports, Number of Employees, Y-tunnus',
  ])('takes nothing else for a number: %s', (columns) => {
    expect(kinds(columns)).toEqual(
      kinds(columns).map(([column]) => [column, expect.stringMatching(/other|unclear/)]),
    );
    expect(kinds(columns, true)).not.toContainEqual([expect.anything(), 'number']);
  });

  it('is not sure of numbers whose name says more than it knows', () => {
    const columns = 'Phone verified, Best phone time, Puhelin (mökki), Horse phone';
    expect(kinds(columns)).toEqual(all(columns, 'unclear'));
  });

  it('takes places for numbers beside a column Mobile only', () => {
    const places = 'Geschäftlich, Büro, Home, Home2, Business, Work, Other, Koti, Hem, office_number';
    expect(kinds(places, true)).toEqual(all(places, 'number'));
    expect(kinds(places)).toEqual(all(places, 'other'));
    expect(
      [
        'Mobile',
        'Cell Phone',
        'Mobil (privat)',
        'Matkapuhelinnumero',
        'Mobile 2',
        'mobile_number',
        'Mobiili',
        'Handy',
      ].every(isMobileColumn),
    ).toBe(true);
    expect(isMobileColumn('Mobile App Installed')).toBe(false);
  });

  it.each([
    [
      'fullName',
      'Name, Full Name, displayName, Anzeigename, Nimi, Koko nimi, Namn, Visningsnamn, Person - Name',
    ],
    ['firstName', 'First Name, first_name, givenName, Vorname, Etunimi, Förnamn, fname, Prénom'],
    ['lastName', 'Last Name, surname, Nachname, Sukunimi, Efternamn, Etternavn, lname'],
    ['middleName', 'Middle Name, Additional Name, Weitere Vornamen, Toinen nimi, Mellannamn'],
    ['company', 'Company, company_name, Organization 1 - Name, Account Name, Firma, Yritys, Företag'],
    [
      'tier',
      'Categories, Kategorien, Luokat, Kategorier, Labels, Group Membership, groupname, tags, Lifecycle Stage, Gruppe, Ryhmä',
    ],
  ])('knows a %s', (kind, columns) => {
    expect(kinds(columns)).toEqual(all(columns, kind));
  });

  it('knows what tells about a number, and about which', () => {
    expect(roleOf('Phone 1 - Type')).toEqual({ kind: 'detail', detail: 'label', stem: 'phone 1' });
    expect(roleOf('phone_2_flags')).toEqual({ kind: 'detail', detail: 'label', stem: 'phone 2' });
    expect(roleOf('Work Phone Ext.')).toEqual({ kind: 'detail', detail: 'extension', stem: 'work phone' });
    expect(roleOf('Telefon 1 - Label')).toEqual({ kind: 'detail', detail: 'label', stem: 'telefon 1' });
    expect(['Phone 1 - Value', 'phone_2_number', 'Work Phone', 'Telefon 1 - Wert'].map(stemOf)).toEqual([
      'phone 1',
      'phone 2',
      'work phone',
      'telefon 1',
    ]);
  });

  it.each([
    ['Work Fax', 'fax'],
    ['WORK,FAX', 'fax'],
    ['fax_work', 'fax'],
    ['HomeFAX', 'fax'],
    ['pager', 'pager'],
    ['Durchwahl', 'extension'],
    ['Assistant', 'assistant'],
    ['Company main', 'whole company'],
    ['Zentrale', 'switchboard'],
    ['Firma', undefined],
    ['Main', undefined],
    ['cell,voice', undefined],
    ['Mökki', undefined],
    ['', undefined],
  ])('knows whether somebody calls from a number with the label %j', (label, why) => {
    expect(whyNotTheirs(label)).toBe(why);
  });

  it('compares names without capitals, accents and punctuation', () => {
    const written = ['BusinessFax', 'business_fax', 'Business-Fax:', ' BUSINESS  FAX ', 'Businéss Fax'];
    expect(new Set(written.map(plainName))).toEqual(new Set(['business fax']));
  });

  it('takes no time for a name that is made to take long', () => {
    expect(roleOf(`${'telefonnr'.repeat(10_000)}!`).kind).toBe('unclear');
    expect(roleOf(`${'telefonnr'.repeat(10)}`).kind).toBe('number');
  });
});

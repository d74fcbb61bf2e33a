/**
 * Words of column names in English, German, Finnish and Swedish, and some of other languages; without capitals and accents.
 * In a name that is one word, they may be put together: `hemtelefon`, `officephonenumber`.
 */
const words = (text: string): readonly string[] => text.split(/\s+/).filter(Boolean);
const names = (text: string): readonly string[] =>
  text
    .split(',')
    .map((name) => name.trim())
    .filter(Boolean);

/** One of them is in the name of a column of telephone numbers. */
export const PHONE = words(`
  phone phones telephone tel tels mobile mobil cell cellphone cellular gsm smartphone landline callback isdn whatsapp msisdn
  telefon telefone telefonnummer rufnummer handy natel festnetz ruckmeldung rueckmeldung mob
  puhelin puhelimet puh matkapuhelin matkapuh kannykka lankapuhelin takaisinsoitto mobiili
  tlf tlfnr tfn motringning ateruppringning telefoner
  telefono telefoon portable movil celular cellulare mobiel komorka
`);

/** They may stand beside one of `PHONE`. */
export const BESIDE_PHONE = words(`
  number numbers no num value home house residential work job business office direct dial line lineuri primary main default
  preferred other another private personal car radio alternate alternative secondary second additional day daytime evening
  contact person people customer client lead user voice national international tty tdd text de del du di
  nummer nummern nr wert geschaftlich geschaeftlich gesch dienstlich dienst beruflich beruf arbeit arbeits buro buero privat
  funk weiteres weitere anderes andere zweites sonstiges haupt auto direkt fur fuer horbehinderte hoerbehinderte kunde kunden kontakt
  numero numerot nro arvo tyo toimisto koti muu suora ensisijainen oma toinen paa teksti yksityinen asiakas asiakkaan
  varde arbete arbets hem bostad annan annat ovrig ovrigt primar primart bil jobb kontor kund huvud dagtid kvall
  arbejde arbejds arbeid arbeids hjem hjemme andet annen
  travail bureau domicile fixe autre principal trabajo casa oficina fijo trabalho lavoro ufficio casa altro fisso werk thuis
`);

/** In an address book with a column `Mobile`, they are columns of numbers by themselves. */
export const PLACES = words(
  'home work business office other main private direct telephone privat geschaftlich geschaeftlich buro buero koti tyo muu hem arbete',
);

/** What nobody calls from, and numbers that are only inside a house. */
export const DEVICES: Readonly<Record<string, readonly string[]>> = {
  fax: words(
    'fax faxes telefax telefaksi faksi faks facsimile telefacsimile faxnummer faxnr telecopie telecopieur',
  ),
  pager: words('pager pagers beeper piepser hakulaite personsokare personsoger personsoker'),
  telex: words('telex modem bbs'),
  extension: words(
    'extension extensions ext extn durchwahl nebenstelle alanumero anknytning internal intern sisainen kurzwahl pikavalinta kortnummer ipphone',
  ),
  switchboard: words('switchboard vaihde vaxel zentrale'),
};

/** Whose number it is if it is not the contact's, or what it is for if it is not for calls. */
export const OTHER_OWNERS: Readonly<Record<string, readonly string[]>> = {
  assistant: words(
    'assistant assistants asst assistent assistentti assistentens avustaja avustajan sekretar sekretariat sihteeri',
  ),
  'whole company': words(
    'company firma firmen yritys yrityksen foretag foretagets organization organisation unternehmen account',
  ),
  login: words('authentication auth mfa login signin verification recovery password otp'),
  'somebody else': words(
    'manager managers supervisor owner agent spouse partner puoliso emergency notfall parent parents esimies chef vorgesetzter',
  ),
  blocked: words('blocked black blacklist blacklisted estetty spärrad sparrad gesperrt'),
  'no longer used': words('old former previous wrong ex vanha entinen gammal alte ehemalig'),
};

/** What a column tells about the number in another one, by the last word of its name: `Phone 1 - Type`. */
export const DETAILS = {
  label: words('type types label labels kind flags flag art typ tyyppi etikett beschriftung tunniste'),
  extension: words('extension ext extn durchwahl alanumero anknytning'),
};

/** In the name of a column with the first digits of a number that stands in another one. */
export const CODES = names(`
  country code, countrycode, country calling code, country dialing code, country dialling code, country dial code, area code, areacode,
  calling code, dialing code, dialling code, dial code, phone code, phone prefix, telephone prefix, mobile prefix, number prefix,
  landesvorwahl, landervorwahl, laendervorwahl, ortsvorwahl, telefonvorwahl, vorwahl, landeskennzahl,
  maatunnus, maakoodi, maanumero, suuntanumero, landskod, landskode, landkod, landkode, landsnummer, riktnummer`);

/** Names of columns, as a whole. */
export const COLUMN_NAMES = {
  number: names(`
    number, numero, nummer, contact number, caller, caller id, callerid, line uri, lineuri, e164, direct line, direct dial,
    land line, ph no, ph number, contact no, contact nr, rufnr, dienstnummer, suora numero, tyonumero, kotinumero, hemnummer,
    arbetsnummer, direct number, direktwahl, direktnummer, ddi, did, whats app, whats app number, whats app phone number`),
  fullName: names(`
    name, full name, fullname, display name, displayname, contact, contact name, person name, customer name, caller name, cn, fn,
    real name, realname, prompt, anzeigename, vollstandiger name, kontakt, kontaktname, kunde, kundenname,
    nimi, koko nimi, nayttonimi, yhteyshenkilo, asiakas, asiakkaan nimi, namn, fullstandigt namn, visningsnamn, kontaktperson, kund,
    kundnamn, navn, visningsnavn, nom complet, nombre completo, nome completo, naam`),
  firstName: names(`
    first name, firstname, first, given name, givenname, fname, forename, vorname, etunimi, etunimet, fornamn, fornavn, prenom, nombre, nome,
    voornaam, person first name, contact first name`),
  middleName: names(`
    middle name, middlename, middle, additional name, weitere vornamen, weiterer vorname, zweiter vorname, toinen nimi,
    toinen etunimi, muut etunimet, mellannamn, mellomnavn, mellemnavn`),
  lastName: names(`
    last name, lastname, last, surname, sn, family name, familyname, lname, nachname, familienname, sukunimi, efternamn, etternavn,
    efternavn, nom, apellido, apellidos, cognome, achternaam, person last name, contact last name`),
  company: names(`
    company, company name, companyname, organization, organisation, organization name, organisation name, organization 1 name,
    account name, associated company, business name, firma, firmenname, unternehmen, yritys, yrityksen nimi, organisaatio, foretag,
    foretagsnamn, org, person organization`),
  tier: names(`
    tier, vip, vip level, category, categories, kategorie, kategorien, kategoria, kategoriat, kategori, kategorier, luokka, luokat,
    taso, stufe, niva, label, labels, etikett, etiketter, tunnisteet, group, groups, group name, groupname, group membership, gruppe,
    gruppen, ryhma, ryhmat, grupp, grupper, tag, tags, tagit, taggar, lifecycle stage, lifecyclestage, person label, person labels,
    contact group, contact groups, contact tags, group id name`),
} as const;

import { extname } from 'node:path';
import { VipLookupError } from '../../plugin-api/index.js';
import { ContactList } from './contacts/contact-list.js';
import type { ToTell } from './contacts/contact-list.js';
import { isAboutContacts } from './contacts/contact-options.js';
import type { ContactOptions } from './contacts/contact-options.js';
import type { Contact } from './contacts/contact.js';
import { jsonContact } from './contacts/json-contacts.js';
import { isJsonAnswer, jsonEntries } from './json-entries.js';
import { lineOfInvalidText, withoutByteOrderMark } from './list-bytes.js';
import { LIST_ENDINGS_TEXT } from './list-endings.js';
import { isListHeader } from './list-header.js';
import type { Pace } from './pace.js';
import type { RawEntry } from './raw-entry.js';
import { tableEntries } from './table-entries.js';
import { TableError, textTable } from './table-rows.js';
import type { Table } from './table-rows.js';
import { readDay } from './xlsx/cell-format.js';
import { anyYamlEntries } from './yaml-process.js';

const ONE_PAGE = 'is one page of several (@odata.nextLink); put all of them into one list';

type Entries = AsyncIterable<RawEntry | undefined> | Iterable<RawEntry | undefined>;

export interface ListEntries {
  readonly entries: Entries;
  /** Where the file is one of contacts, and not a list of records. */
  readonly contacts?: ContactList;
}

interface Options {
  readonly country: string | undefined;
  readonly contacts: ContactOptions;
  readonly signal: AbortSignal | undefined;
}

/**
 * The entries of a list, however it is written; what cannot be read is told.
 * @throws VipLookupError when its name has another ending
 */
export async function listEntries(
  bytes: Buffer,
  path: string,
  { country, contacts: options, signal }: Options,
  to: ToTell,
  pace: Pace,
): Promise<ListEntries> {
  const ending = extname(path).toLowerCase();
  const isPhonebook = ending === '.vcf' || ending === '.vcard' || ending === '.xml';
  const contacts = new ContactList(options, country, to, isPhonebook);
  const isOfContacts = isPhonebook || isAboutContacts(options);
  if (ending === '.xlsx') return xlsxEntries(bytes, isOfContacts ? contacts : undefined, to, pace);
  const badLine = await lineOfInvalidText(bytes, pace);
  if (badLine !== undefined) {
    const message = 'is not UTF-8 text; save the file with the encoding UTF-8 (in Excel: "CSV UTF-8")';
    to.problems.add(badLine, '', message);
    return { entries: [] };
  }
  const content = withoutByteOrderMark(bytes);
  switch (ending) {
    case '.csv':
      return ofTable(
        await textTable(content, isOfContacts ? contacts.isHeader : isListHeader, pace),
        isOfContacts ? contacts : undefined,
        to,
      );
    case '.json': {
      if (content.includes('"@odata.nextLink"')) to.warnings.add(1, '', ONE_PAGE);
      if (!isOfContacts && !isJsonAnswer(content)) return { entries: jsonEntries(content, to.problems) };
      return { contacts, entries: contacts.ofContacts(asContacts(jsonEntries(content, to.problems, true))) };
    }
    case '.yaml':
    case '.yml': {
      const entries = anyYamlEntries(content, to.problems, pace, signal);
      return isOfContacts ? { contacts, entries: contacts.ofContacts(asContacts(entries)) } : { entries };
    }
    case '.vcf':
    case '.vcard': {
      const { vcardContacts } = await import('./contacts/vcard-contacts.js');
      return { contacts, entries: contacts.ofContacts(vcardContacts(content, to.problems)) };
    }
    case '.xml': {
      const { phonebookContacts } = await import('./contacts/phonebook-contacts.js');
      return { contacts, entries: contacts.ofContacts(phonebookContacts(content, to.problems)) };
    }
    default:
      throw new VipLookupError(`the name of a list must end in ${LIST_ENDINGS_TEXT}`);
  }
}

async function xlsxEntries(
  bytes: Buffer,
  contacts: ContactList | undefined,
  to: ToTell,
  pace: Pace,
): Promise<ListEntries> {
  const { xlsxTable } = await import('./xlsx/xlsx-table.js');
  try {
    const table = await xlsxTable(bytes, contacts?.isHeader ?? isListHeader, pace, to.warnings);
    const list = ofTable(table, contacts, to);
    return { ...list, entries: withDays(list.entries, table.isFrom1904) };
  } catch (error) {
    if (!(error instanceof TableError)) throw error;
    to.problems.add(error.line, '', error.message);
    return { entries: [] };
  }
}

function ofTable(table: Table, contacts: ContactList | undefined, to: ToTell): ListEntries {
  return contacts === undefined
    ? { entries: tableEntries(table, to.problems, to.warnings) }
    : { contacts, entries: contacts.ofTable(table) };
}

async function* withDays(entries: Entries, isFrom1904: boolean): AsyncGenerator<RawEntry | undefined> {
  for await (const entry of entries) {
    if (entry === undefined) {
      yield undefined;
      continue;
    }
    const fields = { ...(entry.fields as Record<string, unknown>) };
    for (const field of ['validFrom', 'validUntil']) {
      if (field in fields) fields[field] = readDay(fields[field], isFrom1904);
    }
    yield { ...entry, fields };
  }
}

async function* asContacts(entries: Entries): AsyncGenerator<Contact | undefined> {
  for await (const entry of entries) yield entry && jsonContact(entry);
}

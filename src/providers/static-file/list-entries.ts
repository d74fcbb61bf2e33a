import { extname } from 'node:path';
import { VipLookupError } from '../../plugin-api/index.js';
import { ContactList } from './contacts/contact-list.js';
import { isAboutContacts } from './contacts/contact-options.js';
import type { ContactOptions } from './contacts/contact-options.js';
import type { Contact } from './contacts/contact.js';
import { jsonContact } from './contacts/json-contacts.js';
import { isJsonAnswer, jsonEntries } from './json-entries.js';
import { LIST_ENDINGS, LIST_ENDINGS_TEXT, SPREADSHEET_CURE } from './list-endings.js';
import { isListHeader } from './list-header.js';
import type { Pace } from './pace.js';
import type { RawEntry } from './raw-entry.js';
import { tableEntries } from './table-entries.js';
import type { Remarks } from './line-problems.js';
import { TableError, textTable } from './table-rows.js';
import type { Table } from './table-rows.js';
import { decodeText, encodingProblem } from './text-encoding.js';
import type { DecodedText, EncodingOptions } from './text-encoding.js';
import { readDay } from './xlsx/cell-format.js';
import { misnamedWorkbook } from './xlsx/workbook-kind.js';
import type { YamlRemarks } from './yaml-entries.js';
import { anyYamlEntries } from './yaml-process.js';

const DECLARED = /^(?:\xef\xbb\xbf)?\s*<\?xml[^>]*\bencoding\s*=\s*["']([\w.:-]+)["']/;
/** How answers of APIs say that there is more: Microsoft Graph, Salesforce, Google, HubSpot. */
const NEXT_PAGE = ['@odata.nextLink', 'nextRecordsUrl', 'nextPageToken', 'paging'];

type Entries = AsyncIterable<RawEntry | undefined> | Iterable<RawEntry | undefined>;

export interface ListEntries {
  readonly entries: Entries;
  /** What the text was read as; `undefined` where it is none, or cannot be read. */
  readonly encoding?: string;
  /** Where the file is one of contacts, and not a list of records. */
  readonly contacts?: ContactList | undefined;
}

interface Options extends EncodingOptions {
  readonly country?: string | undefined;
  readonly contacts?: ContactOptions | undefined;
  readonly signal?: AbortSignal | undefined;
}

/**
 * The entries of a list, however it is written; what cannot be read is told.
 * @throws VipLookupError when its name has another ending
 */
export async function listEntries(
  bytes: Buffer,
  path: string,
  options: Options,
  to: Remarks,
  pace: Pace,
): Promise<ListEntries> {
  const ending = extname(path).toLowerCase();
  if (ending === '.xlsx' || ending === '.xlsm') return workbookEntries(bytes, options, to, pace);
  const misnamed = LIST_ENDINGS.test(path) ? misnamedWorkbook(bytes) : undefined;
  if (misnamed !== undefined) {
    to.problems.add(1, '', misnamed);
    return { entries: [] };
  }
  const written = await textOf(bytes, ending, options, pace);
  if ('problem' in written) {
    to.problems.add(written.line, '', written.problem);
    return { entries: [] };
  }
  const { text, encoding } = written;
  return { encoding, ...(await textEntries(text, ending, options, to, pace)) };
}

async function textEntries(
  text: Buffer,
  ending: string,
  options: Options,
  to: Remarks,
  pace: Pace,
): Promise<ListEntries> {
  const { country, contacts: about = {}, signal } = options;
  const isOfContacts = isAboutContacts(about);
  switch (ending) {
    case '.csv':
    case '.tsv':
    case '.txt': {
      const contacts = isOfContacts ? new ContactList(about, country, to) : undefined;
      return ofTable(await textTable(text, contacts?.isHeader ?? isListHeader, pace), contacts, country, to);
    }
    case '.json': {
      const next = nextPageOf(text);
      if (next !== undefined)
        to.warnings.add(1, '', `is one page of several (${next}); put all of them into one list`);
      if (!isOfContacts && !isJsonAnswer(text)) return { entries: jsonEntries(text, to) };
      const contacts = new ContactList(about, country, to);
      return { contacts, entries: contacts.ofContacts((to) => asContacts(jsonEntries(text, to, true))) };
    }
    case '.yaml':
    case '.yml': {
      const entries = (to: YamlRemarks) => anyYamlEntries(text, to, pace, signal);
      if (!isOfContacts) return { entries: entries(to) };
      const contacts = new ContactList(about, country, to);
      return { contacts, entries: contacts.ofContacts((to) => asContacts(entries(to))) };
    }
    case '.vcf':
    case '.vcard': {
      const { vcardContacts } = await import('./contacts/vcard-contacts.js');
      const contacts = new ContactList(about, country, to, true);
      return { contacts, entries: contacts.ofContacts((to) => vcardContacts(text, to.problems)) };
    }
    case '.xml': {
      const { phonebookContacts } = await import('./contacts/phonebook-contacts.js');
      const contacts = new ContactList(about, country, to, true);
      return { contacts, entries: contacts.ofContacts((to) => phonebookContacts(text, to.problems)) };
    }
    default:
      throw new VipLookupError(`the name of a list must end in ${LIST_ENDINGS_TEXT}; ${SPREADSHEET_CURE}`);
  }
}

/** Where vCards are folded, and what XML says about its encoding if that is true, counts before what the options say. */
async function textOf(bytes: Buffer, ending: string, options: Options, pace: Pace): Promise<DecodedText> {
  if (ending === '.vcf' || ending === '.vcard') {
    const { withWholeLetters } = await import('./contacts/vcard-lines.js');
    return decodeText(await withWholeLetters(bytes, pace), options, pace);
  }
  const declared = ending === '.xml' ? DECLARED.exec(bytes.toString('latin1', 0, 200))?.[1] : undefined;
  // Every text is read as UTF-8 first. One that only says that it is UTF-8 is what the options say.
  if (declared === undefined || /^utf-?8$/i.test(declared) || encodingProblem(declared) !== undefined) {
    return decodeText(bytes, options, pace);
  }
  const text = await decodeText(bytes, { ...options, encoding: declared }, pace);
  return 'problem' in text ? decodeText(bytes, options, pace) : text;
}

async function workbookEntries(
  bytes: Buffer,
  { country, contacts: about = {} }: Options,
  to: Remarks,
  pace: Pace,
): Promise<ListEntries> {
  const { xlsxTable } = await import('./xlsx/xlsx-table.js');
  const contacts = isAboutContacts(about) ? new ContactList(about, country, to) : undefined;
  try {
    const table = await xlsxTable(bytes, contacts?.isHeader ?? isListHeader, pace, to.warnings);
    const list = ofTable(table, contacts, country, to);
    return { ...list, entries: withDays(list.entries, table.isFrom1904) };
  } catch (error) {
    if (!(error instanceof TableError)) throw error;
    to.problems.add(error.line, '', error.message);
    return { entries: [] };
  }
}

function ofTable(
  table: Table,
  contacts: ContactList | undefined,
  country: string | undefined,
  to: Remarks,
): ListEntries {
  return { contacts, entries: contacts?.ofTable(table) ?? tableEntries(table, to, country) };
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

/** What an answer calls its next page, if it has one. */
function nextPageOf(text: Buffer): string | undefined {
  return NEXT_PAGE.find((key) => {
    const at = text.indexOf(`"${key}"`);
    const written = text.toString('latin1', at + key.length + 2, at + 200);
    return at !== -1 && /^\s*:\s*(?:"[^"]|\{\s*"next")/.test(written);
  });
}

async function* asContacts(entries: Entries): AsyncGenerator<Contact | undefined> {
  for await (const entry of entries) yield entry && jsonContact(entry);
}

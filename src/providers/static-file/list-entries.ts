import { extname } from 'node:path';
import { VipLookupError } from '../../plugin-api/index.js';
import { ContactList } from './contacts/contact-list.js';
import type { ContactSource } from './contacts/contact-list.js';
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
import type { IsHeader, Table } from './table-rows.js';
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

interface ListEntries {
  readonly entries: Entries;
  /** What the text was read as; `undefined` where it is none, or cannot be read. */
  readonly encoding?: string;
  /** Where the file is one of contacts, and not a list of records. */
  readonly contacts?: ContactList | undefined;
}

export interface ListOptions extends EncodingOptions {
  /** ISO 3166-1 alpha-2: how national numbers are read. */
  readonly country?: string | undefined;
  /** Which columns of a file of contacts hold what, and which tier they have. */
  readonly contacts?: ContactOptions | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** Reads the entries of a list, however it is written; what cannot be read is told. */
export class ListReader {
  readonly #ending: string;
  readonly #about: ContactOptions;
  readonly #isOfContacts: boolean;

  /** @param path says by its ending how the list is written */
  constructor(
    private readonly path: string,
    private readonly options: ListOptions,
    private readonly to: Remarks,
    private readonly pace: Pace,
  ) {
    this.#ending = extname(path).toLowerCase();
    this.#about = options.contacts ?? {};
    this.#isOfContacts = isAboutContacts(this.#about);
  }

  /** @throws VipLookupError when the name has another ending */
  async read(bytes: Buffer): Promise<ListEntries> {
    if (this.#ending === '.xlsx' || this.#ending === '.xlsm') return this.#workbook(bytes);
    const misnamed = LIST_ENDINGS.test(this.path) ? misnamedWorkbook(bytes) : undefined;
    if (misnamed !== undefined) return this.#unreadable(1, misnamed);
    const written = await this.#textOf(bytes);
    if ('problem' in written) return this.#unreadable(written.line, written.problem);
    return { encoding: written.encoding, ...(await this.#ofText(written.text)) };
  }

  async #ofText(text: Buffer): Promise<ListEntries> {
    const { to, pace } = this;
    switch (this.#ending) {
      case '.csv':
      case '.tsv':
      case '.txt':
        return this.#ofTable((isHeader) => textTable(text, isHeader, pace));
      case '.json': {
        const next = nextPageOf(text);
        if (next !== undefined)
          to.warnings.add(1, '', `is one page of several (${next}); put all of them into one list`);
        if (!this.#isOfContacts && !isJsonAnswer(text)) return { entries: jsonEntries(text, to) };
        return this.#ofContacts((to) => asContacts(jsonEntries(text, to, true)));
      }
      case '.yaml':
      case '.yml': {
        const entries = (to: YamlRemarks) => anyYamlEntries(text, to, pace, this.options.signal);
        if (!this.#isOfContacts) return { entries: entries(to) };
        return this.#ofContacts((to) => asContacts(entries(to)));
      }
      case '.vcf':
      case '.vcard': {
        const { vcardContacts } = await import('./contacts/vcard-contacts.js');
        return this.#ofContacts((to) => vcardContacts(text, to.problems), true);
      }
      case '.xml': {
        const { phonebookContacts } = await import('./contacts/phonebook-contacts.js');
        return this.#ofContacts((to) => phonebookContacts(text, to.problems), true);
      }
      default:
        throw new VipLookupError(`the name of a list must end in ${LIST_ENDINGS_TEXT}; ${SPREADSHEET_CURE}`);
    }
  }

  /** Where vCards are folded, and what XML says about its encoding if that is true, counts before what the options say. */
  async #textOf(bytes: Buffer): Promise<DecodedText> {
    const { options, pace } = this;
    if (this.#ending === '.vcf' || this.#ending === '.vcard') {
      const { withWholeLetters } = await import('./contacts/vcard-lines.js');
      return decodeText(await withWholeLetters(bytes, pace), options, pace);
    }
    const isXml = this.#ending === '.xml';
    const declared = isXml ? DECLARED.exec(bytes.toString('latin1', 0, 200))?.[1] : undefined;
    // Every text is read as UTF-8 first. One that only says that it is UTF-8 is what the options say.
    if (declared === undefined || /^utf-?8$/i.test(declared) || encodingProblem(declared) !== undefined) {
      return decodeText(bytes, options, pace);
    }
    const text = await decodeText(bytes, { ...options, encoding: declared }, pace);
    return 'problem' in text ? decodeText(bytes, options, pace) : text;
  }

  async #workbook(bytes: Buffer): Promise<ListEntries> {
    const { xlsxTable } = await import('./xlsx/xlsx-table.js');
    try {
      return await this.#ofTable((isHeader) => xlsxTable(bytes, isHeader, this.pace, this.to.warnings));
    } catch (error) {
      if (!(error instanceof TableError)) throw error;
      return this.#unreadable(error.line, error.message);
    }
  }

  async #ofTable(read: (isHeader: IsHeader) => Promise<Table>): Promise<ListEntries> {
    const contacts = this.#isOfContacts ? this.#contacts() : undefined;
    const table = await read(contacts?.isHeader ?? isListHeader);
    const entries = contacts?.ofTable(table) ?? tableEntries(table, this.to, this.options.country);
    const { isFrom1904 } = table;
    return { contacts, entries: isFrom1904 === undefined ? entries : withDays(entries, isFrom1904) };
  }

  #ofContacts(source: ContactSource, isPhonebook = false): ListEntries {
    const contacts = this.#contacts(isPhonebook);
    return { contacts, entries: contacts.ofContacts(source) };
  }

  #contacts(isPhonebook = false): ContactList {
    return new ContactList(this.#about, this.options.country, this.to, isPhonebook);
  }

  #unreadable(line: number, problem: string): ListEntries {
    this.to.problems.add(line, '', problem);
    return { entries: [] };
  }
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

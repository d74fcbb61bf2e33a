import { LineProblems } from '../line-problems.js';
import type { RawEntry } from '../raw-entry.js';
import { tellEntriesAbove } from '../table-entries.js';
import type { Remarks } from '../line-problems.js';
import type { Table } from '../table-rows.js';
import { KnownColumns, NamedColumns } from './column-uses.js';
import type { ColumnUses } from './column-uses.js';
import { isByPosition } from './contact-options.js';
import type { ContactOptions } from './contact-options.js';
import { ContactReader } from './contact-reader.js';
import type { Contact } from './contact.js';
import { tableContacts } from './table-contacts.js';
import { TierChooser } from './tier-choice.js';

/** Names of columns. */
const MAX_NOTED = 10_000;

type Contacts = AsyncIterable<Contact | undefined> | Iterable<Contact | undefined>;
/** Reads the contacts of a file; what cannot be read is told. */
export type ContactSource = (to: Pick<Remarks, 'problems' | 'leftOut'>) => Contacts;

/** A file of contacts, of whatever program: makes entries of them, and says what it took and what it left. */
export class ContactList {
  readonly #columns: ColumnUses;
  readonly #tiers: TierChooser;
  readonly #reader: ContactReader;
  readonly #isNamed: boolean;
  readonly #hasHeader: boolean;
  #contacts = 0;
  #entries = 0;

  /** @param isPhonebook whether the file is of telephone numbers by its kind (vCard, XML) */
  constructor(
    options: ContactOptions,
    private readonly country: string | undefined,
    private readonly to: Remarks,
    private readonly isPhonebook = false,
  ) {
    const { columns } = options;
    const named = columns == null || columns === 'auto' ? undefined : columns;
    this.#isNamed = named !== undefined;
    this.#hasHeader = named === undefined || !isByPosition(named);
    this.#columns = named === undefined ? new KnownColumns(isPhonebook) : new NamedColumns(named);
    this.#tiers = new TierChooser(options);
    this.#reader = new ContactReader(this.#columns, this.#tiers, country, to);
  }

  /** `numbers from Business Phone, Mobile Phone; left out: Business Fax; 1 contact without a number`; once all is read. */
  get report(): string {
    return this.#reader.report.toString();
  }

  readonly isHeader = (cells: readonly string[]): boolean =>
    this.#columns.isHeader(cells.filter((cell) => cell.trim() !== ''));

  async *ofTable(table: Table): AsyncGenerator<RawEntry | undefined> {
    tellEntriesAbove(table, this.to, this.country);
    yield* this.#entriesOf(tableContacts(table, this.#columns, this.#hasHeader, this.to));
    this.#tellIfForNothing();
  }

  /** @param contacts whose columns are known only behind the last of them, so they are read twice */
  async *ofContacts(contacts: ContactSource): AsyncGenerator<RawEntry | undefined> {
    const columns = new Set<string>();
    // What cannot be read is told the second time.
    const unheard = { problems: new LineProblems(), leftOut: new LineProblems() };
    for await (const contact of contacts(unheard)) {
      for (const { column } of contact?.cells ?? []) if (columns.size < MAX_NOTED) columns.add(column);
      yield undefined;
    }
    this.#columns.areBeside(columns);
    yield* this.#entriesOf(contacts(this.to));
    this.#tellMissing(columns);
    this.#tellIfForNothing();
  }

  #tellMissing(columns: ReadonlySet<string>): void {
    if (columns.size === 0 || (this.isPhonebook && !this.#isNamed)) return;
    const wrong = this.#columns.problemsOf([...columns]);
    // An API leaves out properties that nobody has.
    const told = this.#isNamed ? this.to.warnings : this.to.problems;
    for (const problem of wrong) told.add(1, '', problem);
  }

  /** Contacts may be left out on purpose, but not all of them; other causes are told by themselves. */
  #tellIfForNothing(): void {
    const { problems, leftOut } = this.to;
    if (this.#contacts === 0 || this.#entries > 0 || problems.total > 0 || leftOut.total > 0) return;
    const count = this.#contacts;
    leftOut.add(1, '', `none of the contacts in the file (${count}) becomes an entry: ${this.report}`);
  }

  async *#entriesOf(contacts: Contacts): AsyncGenerator<RawEntry | undefined> {
    for await (const contact of contacts) {
      if (contact !== undefined) {
        this.#contacts++;
        const entries = this.#reader.entriesOf(contact);
        this.#entries += entries.length;
        yield* entries;
      }
      // Also behind a contact without entries, of which there may be many: other work may be done.
      yield undefined;
    }
    for (const group of this.#tiers.unseen) {
      const message = `names the group "${group}", and no contact with a number is in it; write it as the file does`;
      this.to.warnings.add(1, 'tiers', message);
    }
  }
}

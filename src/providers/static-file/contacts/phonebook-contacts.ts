import type { LineProblems } from '../line-problems.js';
import type { Contact, ContactCell } from './contact.js';
import { XmlError, XmlReader } from '../xml-reader.js';
import type { XmlHandlers } from '../xml-reader.js';

/** Elements that are a contact, in the phonebooks of telephones; in lower case. */
const CONTACTS = new Set([
  'directoryentry',
  'menuitem',
  'contact',
  'item',
  'entry',
  'unit',
  'person',
  'record',
  'user',
]);
/** Short names of elements, and names that are a contact's only in some phonebooks. */
const COLUMN_OF = new Map([
  ['ln', 'Last name'],
  ['fn', 'First name'],
  ['nn', 'Nickname'],
  ['ct', 'Telephone'],
  ['hm', 'Home phone'],
  ['ho', 'Home phone'],
  ['of', 'Office phone'],
  ['mb', 'Mobile phone'],
  ['fx', 'Fax'],
  ['uri', 'Telephone'],
  ['dial', 'Telephone'],
  ['groupid', 'Group'],
  ['group_id_name', 'Group'],
]);
/** Groups of callers whom the telephone turns away. */
const BLACK_LIST = /^black ?(?:list)?$|^block(?:ed|list)$/i;
const MAX_CELLS = 1_000;
const MAX_TEXT = 2_000;
const PIECE_BYTES = 262_144;
const NO_PHONEBOOK =
  'the file has no entries of a phonebook that is known here (DirectoryEntry, Contact, item, entry, Unit …); write the contacts as CSV, or as a vCard';

/**
 * The contacts in a telephone's phonebook (XML of Yealink, Grandstream, Snom, Fanvil, Cisco, Gigaset, Polycom, FRITZ!Box and the
 * like); what cannot be read is added to `problems`. Yields `undefined` where other work may be done.
 * @param bytes UTF-8 without byte order mark
 */
export function* phonebookContacts(bytes: Buffer, problems: LineProblems): Generator<Contact | undefined> {
  const groups = new GroupNames();
  const phonebook = new Phonebook(groups);
  try {
    // A group may be named behind its members.
    if (bytes.includes('<pbgroup')) yield* readAll(bytes, groups);
    for (const pause of readAll(bytes, phonebook)) {
      yield* phonebook.contacts.splice(0);
      yield pause;
    }
    yield* phonebook.contacts.splice(0);
    if (phonebook.isUnknown) problems.add(1, '', NO_PHONEBOOK);
  } catch (error) {
    if (!(error instanceof XmlError)) throw error;
    yield* phonebook.contacts.splice(0);
    problems.add(error.line, '', `${error.message}; what follows was not read`);
  }
}

function* readAll(bytes: Buffer, handlers: XmlHandlers): Generator<undefined> {
  const reader = new XmlReader(handlers);
  const decoder = new TextDecoder('utf-8');
  for (let at = 0; at < bytes.length; at += PIECE_BYTES) {
    yield* reader.write(decoder.decode(bytes.subarray(at, at + PIECE_BYTES), { stream: true }));
  }
  reader.end();
}

/** Grandstream's groups: `<pbgroup><id>1</id><name>VIP</name></pbgroup>`. */
class GroupNames implements XmlHandlers {
  readonly #names = new Map<string, string>();
  #isInGroup = false;
  #text = '';
  #id = '';

  get isUsed(): boolean {
    return this.#names.size > 0;
  }

  nameOf(id: string): string {
    return this.#names.get(id) ?? '';
  }

  onOpen(name: string): void {
    this.#text = '';
    if (name === 'pbgroup') this.#isInGroup = true;
  }

  onText(text: string): void {
    this.#text = (this.#text + text).slice(0, MAX_TEXT);
  }

  onClose(name: string): void {
    if (name === 'pbgroup') this.#isInGroup = false;
    if (this.#isInGroup && name === 'id') this.#id = this.#text.trim();
    if (this.#isInGroup && name === 'name' && this.#names.size < MAX_CELLS) {
      this.#names.set(this.#id, this.#text.trim());
    }
  }
}

interface Element {
  readonly label: string;
  text: string;
  hasChildren: boolean;
}

class Phonebook implements XmlHandlers {
  readonly contacts: Contact[] = [];
  /** Whether nothing was found in it that could be a contact, or be meant for contacts. */
  isUnknown = true;
  readonly #open: Element[] = [];
  /** How many elements were open when the contact began. */
  #depth = 0;
  #line = 0;
  #cells: ContactCell[] | undefined;
  #numberType = '';
  #menu = '';

  constructor(private readonly groups: GroupNames) {}

  onOpen(name: string, attributes: Readonly<Record<string, string>>, line: number): void {
    if (this.#open.length === 0) this.isUnknown = !/book|directory|menu|list|contact|phone/i.test(name);
    const parent = this.#open.at(-1);
    if (parent !== undefined) parent.hasChildren = true;
    const isContact = this.#cells === undefined && CONTACTS.has(name.toLowerCase());
    if (isContact) this.#begin(attributes, line);
    if (name === 'Menu') this.#menu = valueOf(attributes, 'name') ?? '';
    const label = valueOf(attributes, 'type') ?? valueOf(attributes, 'label') ?? parent?.label ?? '';
    this.#open.push({ label: isContact ? '' : label, text: '', hasChildren: false });
  }

  #begin(attributes: Readonly<Record<string, string>>, line: number): void {
    this.isUnknown = false;
    this.#depth = this.#open.length;
    this.#line = line;
    this.#cells = [];
    this.#numberType = '';
    if (this.#menu !== '') this.#add('Group', this.#menu);
    for (const [key, value] of Object.entries(attributes)) {
      // Snom's type is the contact's, and one of its own groups.
      if (key.toLowerCase() === 'type') this.#add('Group', value === 'none' ? '' : value);
      else this.#add(key, value);
    }
  }

  onText(text: string): void {
    const element = this.#open.at(-1);
    if (element !== undefined && element.text.length < MAX_TEXT) element.text += text;
  }

  onClose(name: string): void {
    const element = this.#open.pop();
    if (name === 'Menu') this.#menu = '';
    if (element === undefined || this.#cells === undefined) return;
    if (this.#open.length === this.#depth) {
      this.contacts.push({ line: this.#line, cells: this.#labelled(this.#cells) });
      this.#cells = undefined;
    } else if (!element.hasChildren) {
      if (name === 'number_type') this.#numberType = element.text.trim();
      else this.#add(name, element.text, element.label);
    }
  }

  #labelled(cells: readonly ContactCell[]): readonly ContactCell[] {
    const isBlocked = cells.some(({ column, text }) => column === 'Group' && BLACK_LIST.test(text));
    if (isBlocked) return cells.map((cell) => ({ ...cell, label: 'blocked' }));
    const label = this.#numberType;
    if (label === '') return cells;
    return cells.map((cell) => (cell.column === 'number' ? { ...cell, label } : cell));
  }

  #add(name: string, written: string, label = ''): void {
    const text = written.trim().slice(0, MAX_TEXT);
    if (text === '' || this.#cells!.length === MAX_CELLS) return;
    const column = COLUMN_OF.get(name.toLowerCase()) ?? name;
    // FRITZ!Box marks its important people so.
    if (column === 'category') {
      if (text === '1') this.#cells!.push({ column: 'Group', text: 'VIP' });
    } else if (/^group$/i.test(column) && this.groups.isUsed) {
      this.#cells!.push({ column: 'Group', text: this.groups.nameOf(text) });
    } else if (!/^https?:/i.test(text)) {
      this.#cells!.push({ column, text: text.replace(/^dial:/i, ''), label });
    }
  }
}

/** @param name in lower case; phonebooks write `type` and `Type` */
function valueOf(attributes: Readonly<Record<string, string>>, name: string): string | undefined {
  return Object.entries(attributes).find(([key]) => key.toLowerCase() === name)?.[1];
}

import { readWrittenNumbers } from '../../../plugin-api/index.js';
import type { Json } from '../../../plugin-api/index.js';
import type { RawEntry } from '../raw-entry.js';
import type { Remarks } from '../line-problems.js';
import { stemOfAll } from './column-places.js';
import { whyNotTheirs } from './column-role.js';
import type { Use } from './column-role.js';
import type { ColumnUses } from './column-uses.js';
import type { Contact, ContactCell } from './contact.js';
import { ContactReport } from './contact-report.js';
import type { TierChooser } from './tier-choice.js';

const MAX_NAME_LENGTH = 200;
/** Of `columns: auto`, where nobody chose them. */
const LOOSE_FIELDS = ['validFrom', 'validUntil'];
const NO_TIER = {
  noGroup:
    'is missing, and the file names no group; write tier: gold for all contacts, or tiers: { VIP: gold }',
  severalGroups:
    'is one of several groups; say which of them counts, for example tiers: { Board: platinum, VIP: gold }',
} as const;
/** Numbers that nobody calls from, among those that may be written in `number`. */
const EXTENSION =
  'has an extension, so it is left out; calls from behind a switchboard show the number without it: write that';

/** A number with its plus sign or first zero, and no date; to be sure that it is no customer number. */
const IS_LIKE_NUMBER = /^\s*(?!\d\d?[./-]\d\d?[./-])(?=\+|\(?0)[+\d\s()./-]{8,25}$/;
const CODE_ELSEWHERE = 'is left out, since its country or area code is in another column; write both in one';
/** `+46 70 …`, `0046 70 …` and addresses need no code. */
const IS_COMPLETE = /\+|^\D*00|@|^\s*sips?:/i;

/** Without a digit there is no number, but perhaps an address. */
const IS_WRITTEN = /\p{Nd}|^\s*sips?:/iu;
const NO_NUMBER = 'has words, and no telephone number, so it is left out; check it';

/** Makes entries of contacts: one for each number that the contact calls from. */
export class ContactReader {
  readonly report = new ContactReport();

  constructor(
    private readonly columns: ColumnUses,
    private readonly tiers: TierChooser,
    private readonly country: string | undefined,
    private readonly to: Remarks,
  ) {}

  entriesOf({ line, cells }: Contact): RawEntry[] {
    const about = new ContactCells(cells, this.columns);
    const numbers = this.#numbersOf(about, line);
    for (const { column, text } of about.unclear) if (/\d{5}/.test(text)) this.report.unclear.add(column);
    for (const { column, text } of about.notTheirs) if (/\d/.test(text)) this.report.left.add(column);
    for (const { column, text } of about.unread) {
      if (IS_LIKE_NUMBER.test(text) && this.#isNew(text, numbers)) this.report.unread.add(column);
    }
    if (numbers.length === 0) {
      this.report.withoutNumber++;
      return [];
    }
    const choice = this.tiers.choose(about.groups);
    if ('reason' in choice) {
      if (choice.reason === 'notAmongThem') this.report.withoutTier++;
      else this.to.leftOut.add(line, 'tier', NO_TIER[choice.reason]);
      return [];
    }
    const name = about.name.slice(0, MAX_NAME_LENGTH).trim();
    const fields = { ...about.fields, tier: choice.tier, ...(name !== '' && { name }) };
    const attributes = about.attributes;
    return numbers.map((number) => ({
      line,
      fields: { ...fields, number },
      ...(this.columns.isAuto && { looseFields: LOOSE_FIELDS }),
      ...(attributes !== undefined && { attributes }),
    }));
  }

  #isNew(text: string, numbers: readonly string[]): boolean {
    const { keys, problem } = readWrittenNumbers(text, this.country);
    return problem === undefined && keys.some((key) => key.startsWith('+') && !numbers.includes(key));
  }

  /** As they are compared, each once; what is not clearly one, as it is written. */
  #numbersOf(about: ContactCells, line: number): string[] {
    const numbers = new Set<string>();
    for (const { cell, stem } of about.numbers) {
      if (!IS_WRITTEN.test(cell.text)) continue;
      const why = whyNotTheirs(`${cell.label ?? ''} ${about.labelOf(stem)}`);
      if (why !== undefined || about.hasExtension(stem)) {
        this.report.left.add(`${cell.column} (${why ?? 'extension'})`);
        continue;
      }
      if (about.hasCode(stem) && !IS_COMPLETE.test(cell.text)) {
        this.to.leftOut.add(line, 'number', CODE_ELSEWHERE);
        continue;
      }
      const { keys, problem, hasExtension } = readWrittenNumbers(cell.text, this.country);
      if (hasExtension === true) {
        this.to.warnings.add(line, 'number', EXTENSION);
        continue;
      }
      if (problem === undefined && keys.some(isOnlyWords)) {
        this.to.warnings.add(line, 'number', NO_NUMBER);
        continue;
      }
      this.report.taken.add(cell.column);
      for (const key of problem === undefined ? keys : [cell.text]) numbers.add(key);
    }
    return [...numbers];
  }
}

/** Text that is not compared as a number, an extension or an address: `see notes 2019`. */
function isOnlyWords(key: string): boolean {
  return /\p{L}/u.test(key) && !/@|^(?:sips?|tel):/i.test(key);
}

/** The values of one contact by what they are used for. */
class ContactCells {
  readonly numbers: { readonly cell: ContactCell; readonly stem: string }[] = [];
  readonly groups: string[] = [];
  readonly fields: Record<string, string> = {};
  readonly unclear: ContactCell[] = [];
  readonly notTheirs: ContactCell[] = [];
  readonly unread: ContactCell[] = [];
  attributes: Record<string, Json> | undefined;
  readonly #names = new Map<string | number, string>();
  readonly #labels = new Map<string, string>();
  readonly #extensions = new Set<string>();
  readonly #codes = new Set<string>();

  constructor(cells: readonly ContactCell[], columns: ColumnUses) {
    for (const cell of cells) {
      if (cell.text.trim() === '') continue;
      const uses = columns.of(cell.column, cell.at);
      for (const use of uses) this.#add(cell, use);
      if (uses.length === 0 && columns.isAuto) this.unread.push(cell);
    }
  }

  /** The whole name, or its parts in the order that `columns` gives them, or the company. */
  get name(): string {
    const names = this.#names;
    const byOrder = [...names.keys()].filter((part) => typeof part === 'number').sort((a, b) => a - b);
    const parts = byOrder.length > 0 ? byOrder : ['firstName', 'middleName', 'lastName'];
    const joined = parts.flatMap((part) => names.get(part) ?? []).join(' ');
    return names.get('fullName') ?? (joined !== '' ? joined : (names.get('company') ?? ''));
  }

  labelOf(stem: string): string {
    return `${this.#labels.get(stem) ?? ''} ${this.#labels.get(stemOfAll(stem)) ?? ''}`;
  }

  hasExtension(stem: string): boolean {
    return this.#extensions.has(stem) || this.#extensions.has(stemOfAll(stem));
  }

  /** A code that is of no number by its name is of all. */
  hasCode(stem: string): boolean {
    const codes = this.#codes;
    if (codes.size === 0 || codes.has(stem) || codes.has(stemOfAll(stem))) return codes.size > 0;
    const known = new Set(this.numbers.flatMap((number) => [number.stem, stemOfAll(number.stem)]));
    return [...codes].some((code) => !known.has(code));
  }

  #add(cell: ContactCell, use: Use): void {
    const text = cell.text.trim();
    switch (use.use) {
      case 'number':
        this.numbers.push({ cell: { ...cell, text: cell.shortened ?? cell.text }, stem: use.stem });
        break;
      case 'name':
        if (!this.#names.has(use.part)) this.#names.set(use.part, text);
        break;
      case 'tier':
        this.groups.push(text);
        break;
      case 'field':
        this.fields[use.field] ??= text;
        break;
      case 'attribute':
        if (!Object.hasOwn(this.attributes ?? {}, use.attribute))
          this.attributes = { ...this.attributes, [use.attribute]: text };
        break;
      case 'detail':
        if (use.detail === 'extension') this.#extensions.add(use.stem);
        else if (use.detail === 'code') {
          // `FI` is the country of an address.
          if (/\d/.test(text)) this.#codes.add(use.stem);
        } else this.#labels.set(use.stem, `${this.#labels.get(use.stem) ?? ''} ${text}`);
        break;
      case 'notTheirs':
        this.notTheirs.push(cell);
        break;
      case 'unclear':
        this.unclear.push(cell);
    }
  }
}

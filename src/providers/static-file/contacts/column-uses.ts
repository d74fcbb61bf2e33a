import { RECORD_FIELDS } from '../../../plugin-api/index.js';
import type { RecordField } from '../../../plugin-api/index.js';
import { usesByPlace } from './column-places.js';
import { isBareNumber, isMobileColumn, roleOf, stemOf } from './column-role.js';
import type { Use } from './column-role.js';
import { columnNames, isByPosition } from './contact-options.js';
import type { ColumnMap, ColumnName } from './contact-options.js';

/** Says what the columns of a file are used for. */
export abstract class ColumnUses {
  /** Whether they are chosen by what is known of them, and not by the configuration. */
  abstract readonly isAuto: boolean;
  protected isBesidePhone = false;
  readonly #uses = new Map<string, readonly Use[]>();

  /**
   * For a column by its name; for one without a name, by its position, from 1.
   * @param _at its place in the header of a table, from 0
   */
  of(column: string, _at?: number): readonly Use[] {
    let uses = this.#uses.get(column);
    if (uses === undefined) {
      uses = this.useOf(column);
      // JSON may have any number of names.
      if (this.#uses.size < 10_000) this.#uses.set(column, uses);
    }
    return uses;
  }

  /** Takes notice of which columns a file has where they have no order: one may be read otherwise beside another. */
  areBeside(columns: Iterable<string>): void {
    this.isBesidePhone = hasPhone(columns);
    this.forget();
  }

  /** Whether the cells are the header of a table that can be read so. */
  abstract isHeader(cells: readonly string[]): boolean;
  /** What to write where the columns of a file do not do. */
  abstract problemsOf(columns: readonly string[]): readonly string[];
  protected abstract useOf(column: string): readonly Use[];

  protected forget(): void {
    this.#uses.clear();
  }
}

const NAME_IT =
  'the file has no column that is known to hold telephone numbers; name it, for example columns: { number: Telefon }, or by its position where there is no header: columns: { number: 2, name: 1, tier: 3 }';
type OwnField = Exclude<RecordField, 'number' | 'tier' | 'name'>;
const isOwn = (field: RecordField): field is OwnField => !['number', 'tier', 'name'].includes(field);
const OWN_FIELDS = new Map(RECORD_FIELDS.filter(isOwn).map((field) => [field.toLowerCase(), field]));

/** `columns: auto`: what is known of the columns of contact programs. */
export class KnownColumns extends ColumnUses {
  readonly isAuto = true;
  #byPlace: readonly (readonly Use[])[] = [];

  /** @param isBesideMobile whether `Home` and `Other` are numbers, too, as in a file that is all about numbers */
  constructor(private isBesideMobile = false) {
    super();
  }

  override of(column: string, at = -1): readonly Use[] {
    return this.#byPlace[at] ?? super.of(column);
  }

  isHeader(cells: readonly string[]): boolean {
    const isBesideMobile = cells.some(isMobileColumn);
    const roles = cells.map((cell) => roleOf(cell, isBesideMobile).kind);
    return (
      roles.includes('number') && roles.filter((kind) => kind !== 'other' && kind !== 'unclear').length > 1
    );
  }

  problemsOf(header: readonly string[]): readonly string[] {
    this.isBesideMobile = header.some(isMobileColumn);
    this.forget();
    this.#byPlace = usesByPlace(
      header,
      header.map((column) => this.of(column)),
    );
    return header.some((column) => this.of(column)[0]?.use === 'number') ? [] : [NAME_IT];
  }

  protected useOf(column: string): readonly Use[] {
    const field = OWN_FIELDS.get(column.trim().toLowerCase());
    const isFreeText =
      field === 'instructions' || field === 'attributes' || (field === 'targets' && column.trim() !== field);
    if (field !== undefined) return isFreeText ? [] : [{ use: 'field', field }];
    const role = roleOf(column, this.isBesideMobile);
    // `number` beside `phone` is the customer's.
    if (role.kind === 'number' && this.isBesidePhone && isBareNumber(column)) return [{ use: 'unclear' }];
    if (role.kind === 'number') return [{ use: 'number', stem: stemOf(column) }];
    if (role.kind === 'detail') return [{ use: 'detail', detail: role.detail, stem: role.stem }];
    if (role.kind === 'other') return [];
    if (role.kind === 'tier' || role.kind === 'notTheirs' || role.kind === 'unclear')
      return [{ use: role.kind }];
    return [{ use: 'name', part: role.kind }];
  }
}

/** Whether one of the columns has numbers by a name that cannot be that of customers' numbers. */
function hasPhone(columns: Iterable<string>): boolean {
  for (const column of columns) if (roleOf(column).kind === 'number' && !isBareNumber(column)) return true;
  return false;
}

interface Pattern {
  readonly name: ColumnName;
  readonly field: string;
  readonly use: Use;
  /** Whether it stands for any number of columns, so that nobody named each. */
  readonly isOfMany: boolean;
  readonly fits: (column: string) => boolean;
}

/** `columns: { number: …, name: …, tier: … }` */
export class NamedColumns extends ColumnUses {
  readonly isAuto = false;
  readonly #patterns: readonly Pattern[];

  constructor(private readonly columns: ColumnMap) {
    super();
    this.#patterns = Object.keys(columns).flatMap((field) =>
      columnNames(columns, field).map((name, at) => ({
        name,
        field,
        use: useOf(field, at),
        isOfMany: String(name).includes('*'),
        fits: fitting(name),
      })),
    );
  }

  protected useOf(column: string): readonly Use[] {
    const fitting = this.#patterns.filter(({ fits }) => fits(column));
    const uses = fitting.map(({ use, isOfMany }): Use => {
      if (use.use !== 'number') return use;
      const isUnclear = isOfMany && this.isBesidePhone && isBareNumber(column);
      return isUnclear ? { use: 'unclear' } : { ...use, stem: stemOf(column) };
    });
    const role = roleOf(column);
    const isTold = role.kind === 'detail' && (uses.length === 0 || role.detail === 'code');
    return isTold ? [...uses, { use: 'detail', detail: role.detail, stem: role.stem }] : uses;
  }

  isHeader(cells: readonly string[]): boolean {
    return !isByPosition(this.columns) && this.#missing(cells).length === 0;
  }

  problemsOf(header: readonly string[]): readonly string[] {
    if (isByPosition(this.columns)) return [];
    this.areBeside(header);
    return this.#missing(header).map(
      ({ field, name }) =>
        `there is no column "${name}", which columns.${field} names; write it as the file does, or take it out`,
    );
  }

  #missing(cells: readonly string[]): readonly Pattern[] {
    return this.#patterns.filter(({ fits }) => !cells.some(fits));
  }
}

function useOf(field: string, at: number): Use {
  if (field === 'number') return { use: 'number', stem: '' };
  if (field === 'tier') return { use: 'tier' };
  if (field === 'name') return { use: 'name', part: at };
  const own = OWN_FIELDS.get(field.toLowerCase());
  return own === undefined ? { use: 'attribute', attribute: field } : { use: 'field', field: own };
}

/** Compares without regard to case and blanks; `*` stands for any text. */
function fitting(name: ColumnName): (column: string) => boolean {
  const [first = '', ...more] = sameName(String(name)).split('*');
  return (column) => {
    const text = sameName(column);
    if (more.length === 0) return text === first;
    if (!text.startsWith(first)) return false;
    let at = first.length;
    for (const [index, piece] of more.entries()) {
      const found =
        index === more.length - 1 ? Math.max(at, text.length - piece.length) : text.indexOf(piece, at);
      if (found === -1 || !text.startsWith(piece, found)) return false;
      at = found + piece.length;
    }
    return true;
  };
}

function sameName(name: string): string {
  return name.normalize('NFKC').toLowerCase().replace(/\s+/g, ' ').trim();
}

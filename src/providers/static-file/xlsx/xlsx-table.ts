import { MAX_ENTRY_BYTES, TOO_LARGE } from '../entry-limits.js';
import type { LineProblems } from '../line-problems.js';
import type { Pace } from '../pace.js';
import { MAX_ROWS_ABOVE, TableError } from '../table-rows.js';
import type { IsHeader, Table, TableRow } from '../table-rows.js';
import type { XmlHandlers } from '../xml-reader.js';
import { GENERAL, numberText, shortenedText, withoutEscapes } from './cell-format.js';
import type { CellFormat } from './cell-format.js';
import { WorkbookParts } from './workbook-parts.js';
import { partSteps, readWorkbook } from './workbook.js';
import type { Workbook } from './workbook.js';

/** As many as a sheet has. */
const MAX_COLUMNS = 16_384;
const MAX_ROWS = 1_048_576;
/** In CSV each is a separator, which counts for the size of the file; here a cell far to the right costs a few bytes. */
const MAX_EMPTY_CELLS = 67_108_864;
/** In a sentence about the workbook. */
const MAX_NAMED_SHEETS = 10;
const MAX_SHEET_NAME = 31;
/** What is handed over in one go: a millisecond or two of work. */
const BATCH_CELLS = 16_384;
const TOO_WIDE = `the sheet has more than ${MAX_EMPTY_CELLS} empty cells to the left of filled ones; delete the cells far to the right, or save the sheet as CSV`;

/**
 * A sheet of a workbook (.xlsx) as a table; the line of a row is its number in the sheet. Of several it is the first with a header
 * that is not hidden, else the first of them; which, and which others have one, is told.
 * @param isHeader tells a header by its cells; the first row that is one counts
 * @throws TableError when the file is no workbook, or a larger one than is read
 */
export async function xlsxTable(
  bytes: Buffer,
  isHeader: IsHeader,
  pace: Pace,
  warnings: LineProblems,
): Promise<Table> {
  const parts = await WorkbookParts.open(bytes);
  const workbook = await readWorkbook(parts, pace);
  let used: SheetTop | undefined;
  const others: string[] = [];
  for (const { name, path } of workbook.sheets) {
    const top = await topOf(rowsOf(parts, workbook, path), name, isHeader, pace).catch((error: unknown) => {
      // A sheet that is not used need not be whole.
      if (used?.header === undefined || !(error instanceof TableError)) throw error;
    });
    if (top === undefined) continue;
    if (top.header !== undefined && used?.header === undefined) used = top;
    else {
      if (top.header !== undefined) others.push(name);
      await top.batches.return();
    }
  }
  const first = workbook.sheets[0]!;
  // The rows of the first sheet have been passed over by now.
  used ??= await topOf(rowsOf(parts, workbook, first.path), first.name, isHeader, pace);
  if (workbook.sheets.length > 1) warnings.add(1, '', sheetsSentence(workbook.sheets.length, used, others));
  const { header = -1, rows, batches } = used;
  return {
    isFrom1904: workbook.isFrom1904,
    above: header === -1 ? [] : rows.slice(0, header),
    hasHeader: header !== -1,
    rows: rowsBehind(rows.slice(Math.max(header, 0)), batches),
  };
}

function sheetsSentence(count: number, { name, header }: SheetTop, others: readonly string[]): string {
  const why = header === undefined ? 'none of which has a header; the first' : 'and the first with a header';
  const more = others.length - MAX_NAMED_SHEETS;
  const names =
    others.slice(0, MAX_NAMED_SHEETS).map(quoted).join(', ') + (more > 0 ? ` and ${more} more` : '');
  const rest = others.length === 0 ? '' : `; not read, though they have a header, too: ${names}`;
  return `the workbook has ${count} sheets, ${why}, ${quoted(name)}, is read${rest}`;
}

function quoted(name: string): string {
  return `"${name.slice(0, MAX_SHEET_NAME)}"`;
}

/** The rows of a sheet in which its header may be. */
interface SheetTop {
  readonly name: string;
  readonly rows: readonly TableRow[];
  /** Its place in `rows`. */
  readonly header: number | undefined;
  /** All rows behind them. */
  readonly batches: AsyncGenerator<readonly TableRow[], void>;
}

/** Reads until the header is found, or can no longer be. */
async function topOf(
  batches: SheetTop['batches'],
  name: string,
  isHeader: IsHeader,
  pace: Pace,
): Promise<SheetTop> {
  const rows: TableRow[] = [];
  let header: number | undefined;
  while (header === undefined && rows.length <= MAX_ROWS_ABOVE) {
    const next = await batches.next();
    if (next.done === true) break;
    for (const row of next.value) {
      if (pace.isDue) await pace.makeWay();
      if (header === undefined && rows.length <= MAX_ROWS_ABOVE && isHeader(row.cells)) header = rows.length;
      rows.push(row);
    }
  }
  return { name, rows, header, batches };
}

async function* rowsBehind(
  first: readonly TableRow[],
  batches: AsyncIterable<readonly TableRow[]>,
): AsyncGenerator<readonly TableRow[]> {
  yield first;
  yield* batches;
}

async function* rowsOf(
  parts: WorkbookParts,
  workbook: Workbook,
  path: string,
): AsyncGenerator<readonly TableRow[], void> {
  const sheet = new Sheet(workbook);
  const steps = partSteps(parts, path, sheet);
  try {
    for (let step = await steps.next(); ; step = await steps.next()) {
      yield* batchesOf(sheet.rows.splice(0));
      if (step.done === true) return;
    }
  } finally {
    // Closes what is being unpacked where nobody wants more.
    await steps.return(undefined);
  }
}

/** The rows with their empty cells. */
function* batchesOf(rows: readonly SheetRow[]): Generator<readonly TableRow[]> {
  let batch: TableRow[] = [];
  let size = 0;
  for (const { line, width, filled, isTooLong } of rows) {
    if (isTooLong) {
      batch.push({ line, cells: [], limit: TOO_LARGE.text });
      continue;
    }
    const cells = new Array<string>(width).fill('');
    let shortened: Map<number, string> | undefined;
    for (const cell of filled) {
      cells[cell.column] = cell.text;
      if (cell.shortened !== undefined) (shortened ??= new Map()).set(cell.column, cell.shortened);
    }
    batch.push({ line, cells, ...(shortened && { shortened }) });
    size += cells.length;
    if (size < BATCH_CELLS) continue;
    yield batch;
    batch = [];
    size = 0;
  }
  yield batch;
}

interface SheetCell {
  readonly column: number;
  readonly text: string;
  readonly shortened?: string | undefined;
}

/** A row that is not blank. */
interface SheetRow {
  readonly line: number;
  /** Number of cells, the empty ones included. */
  readonly width: number;
  readonly filled: SheetCell[];
  readonly isTooLong: boolean;
}

class Sheet implements XmlHandlers {
  readonly rows: SheetRow[] = [];
  #row = 0;
  #column = -1;
  #filled: SheetRow['filled'] = [];
  #width = 0;
  #size = 0;
  #emptyCells = 0;
  #type = 'n';
  #style = 0;
  #text = '';
  #isValue = false;

  constructor(private readonly workbook: Workbook) {}

  onOpen(name: string, { r: place, t: type, s: style }: Readonly<Record<string, string>>): void {
    if (name === 'row') {
      this.#row = place === undefined ? this.#row + 1 : Number(place);
      if (!(this.#row <= MAX_ROWS)) throw new TableError(1, `the sheet has more than ${MAX_ROWS} rows`);
      this.#filled = [];
      this.#width = 0;
      this.#column = -1;
      this.#size = 0;
    } else if (name === 'c') {
      this.#column = place === undefined ? this.#column + 1 : columnOf(place);
      if (!(this.#column < MAX_COLUMNS))
        throw new TableError(this.#row, `has more than ${MAX_COLUMNS} columns`);
      this.#type = type ?? 'n';
      this.#style = Number(style ?? 0);
      this.#text = '';
    } else if (name === 'v' || name === 't') {
      this.#isValue = true;
    } else if (name === 'rPh') {
      this.#isValue = false;
    }
  }

  onText(text: string): void {
    if (this.#isValue && this.#text.length < MAX_ENTRY_BYTES) this.#text += text;
  }

  onClose(name: string): void {
    if (name === 'v' || name === 't') this.#isValue = false;
    else if (name === 'c') this.#add(this.#textOfCell().trim());
    else if (name === 'row' && this.#filled.length > 0) {
      const isTooLong = this.#size > MAX_ENTRY_BYTES;
      this.rows.push({ line: this.#row, width: this.#width, filled: this.#filled, isTooLong });
    }
  }

  #add(text: string): void {
    if (text === '') return;
    const empty = Math.max(0, this.#column - this.#width);
    this.#size += text.length + empty;
    this.#emptyCells += empty;
    if (this.#emptyCells > MAX_EMPTY_CELLS) throw new TableError(this.#row, TOO_WIDE);
    this.#width = Math.max(this.#width, this.#column + 1);
    // Of a row that is too long nothing is read but its number.
    if (this.#size > MAX_ENTRY_BYTES) return void this.#filled.push({ column: this.#column, text: '' });
    const shortened = this.#type === 'n' ? shortenedText(this.#text.trim(), this.#format) : undefined;
    this.#filled.push({ column: this.#column, text, shortened });
  }

  get #format(): CellFormat {
    return this.workbook.formats[this.#style] ?? GENERAL;
  }

  #textOfCell(): string {
    const { sharedTexts, isFrom1904 } = this.workbook;
    switch (this.#type) {
      case 's':
        return sharedTexts[Number(this.#text)] ?? '';
      case 'b':
        return this.#text === '1' ? 'TRUE' : 'FALSE';
      case 'n':
        return numberText(this.#text, this.#format, isFrom1904);
      default:
        return withoutEscapes(this.#text);
    }
  }
}

/** `AB12` is in column 27, from 0. */
function columnOf(place: string): number {
  let column = 0;
  for (const letter of /^[A-Z]{1,3}/i.exec(place)?.[0].toUpperCase() ?? '') {
    column = column * 26 + letter.charCodeAt(0) - 64;
  }
  return column - 1;
}

import { posix } from 'node:path';
import type { Pace } from '../pace.js';
import { TableError } from '../table-rows.js';
import { XmlError, XmlReader } from '../xml-reader.js';
import type { XmlHandlers } from '../xml-reader.js';
import { formatOf, GENERAL, withoutEscapes } from './cell-format.js';
import type { CellFormat } from './cell-format.js';
import { WorkbookParts } from './workbook-parts.js';

/** What is needed of a workbook to read a sheet. */
export interface Workbook {
  /** Those that are not hidden, in their order; one at least. */
  readonly sheets: readonly { readonly name: string; readonly path: string }[];
  readonly sharedTexts: readonly string[];
  /** How the numbers of each style are shown. */
  readonly formats: readonly CellFormat[];
  /** Whether days are counted from 1904, as early Macintoshes did. */
  readonly isFrom1904: boolean;
}

const MAX_TEXT = 32_767;
/** Each costs a few bytes of the file, and more of the memory. */
const LIMITS = { sheets: 1_000, relations: 10_000, formats: 65_536, 'shared texts': 1_048_576 };
const NO_SHEET = 'the workbook has no sheet that is not hidden';

/** Goes through the XML of a part, step by step. */
export async function* partSteps(
  parts: WorkbookParts,
  path: string,
  handlers: XmlHandlers,
): AsyncGenerator<undefined> {
  const reader = new XmlReader(handlers);
  try {
    for await (const text of parts.textOf(path)) yield* reader.write(text);
    if (parts.has(path)) reader.end();
  } catch (error) {
    throw error instanceof XmlError
      ? new TableError(1, `in the workbook, ${posix.basename(path)} ${error.message}`)
      : error;
  }
}

/** Goes through the XML of a part, with pauses. */
type Read = (path: string, handlers: XmlHandlers) => Promise<void>;

export async function readWorkbook(parts: WorkbookParts, pace: Pace): Promise<Workbook> {
  const read: Read = async (path, handlers) => {
    for await (const pause of partSteps(parts, path, handlers)) {
      if (pause === undefined && pace.isDue) await pace.makeWay();
    }
  };
  const ofType = (targets: ReadonlyMap<string, Relation>, type: string) =>
    [...targets.values()].find((target) => target.type === type)?.target;
  const path = ofType(await relations(read, ''), 'officeDocument') ?? 'xl/workbook.xml';
  const sheets: { id: string; name: string; isHidden: boolean }[] = [];
  let isFrom1904 = false;
  await read(path, {
    onOpen(name, attributes) {
      if (name === 'workbookPr') isFrom1904 = /^(?:1|true)$/.test(attributes['date1904'] ?? '');
      if (name !== 'sheet') return;
      checkCount(sheets.length + 1, 'sheets');
      const { id = '', name: title = '', state = 'visible' } = attributes;
      sheets.push({ id, name: title, isHidden: state !== 'visible' });
    },
  });
  const targets = await relations(read, path);
  const visible = sheets.filter(({ id, isHidden }) => !isHidden && targets.get(id)?.type === 'worksheet');
  if (visible.length === 0) throw new TableError(1, NO_SHEET);
  return {
    sheets: visible.map(({ id, name }) => ({ name, path: targets.get(id)!.target })),
    sharedTexts: await readSharedTexts(read, ofType(targets, 'sharedStrings') ?? ''),
    formats: await readFormats(read, ofType(targets, 'styles') ?? ''),
    isFrom1904,
  };
}

/** @throws TableError when there are too many of them */
function checkCount(count: number, what: keyof typeof LIMITS): void {
  if (count > LIMITS[what])
    throw new TableError(1, `the workbook has more than ${LIMITS[what]} ${what}; save the sheet as CSV`);
}

interface Relation {
  /** Last part of the type's address: `worksheet`. */
  readonly type: string;
  /** Path in the archive. */
  readonly target: string;
}

async function relations(read: Read, of: string): Promise<ReadonlyMap<string, Relation>> {
  const folder = posix.dirname(of);
  const found = new Map<string, Relation>();
  await read(posix.join(folder, '_rels', `${posix.basename(of)}.rels`), {
    onOpen(name, attributes) {
      const { Id: id, Type: type = '', Target: target = '' } = attributes;
      if (name !== 'Relationship' || id === undefined) return;
      checkCount(found.size + 1, 'relations');
      found.set(id, {
        type: posix.basename(type),
        target: target.startsWith('/') ? target.slice(1) : posix.join(folder, target),
      });
    },
  });
  return found;
}

/** Texts that cells refer to by their number. How Japanese ones are pronounced is left out. */
async function readSharedTexts(read: Read, path: string): Promise<string[]> {
  const texts: string[] = [];
  let text = '';
  let isText = false;
  let isPhonetic = false;
  await read(path, {
    onOpen(name) {
      if (name === 'si') text = '';
      else if (name === 'rPh') isPhonetic = true;
      else if (name === 't') isText = !isPhonetic;
    },
    onText(piece) {
      if (isText && text.length < MAX_TEXT) text += piece;
    },
    onClose(name) {
      if (name === 'si') checkCount(texts.push(withoutEscapes(text)), 'shared texts');
      else if (name === 'rPh') isPhonetic = false;
      else if (name === 't') isText = false;
    },
  });
  return texts;
}

async function readFormats(read: Read, path: string): Promise<CellFormat[]> {
  const codes = new Map<number, string>();
  const formats: CellFormat[] = [];
  let isInCellFormats = false;
  await read(path, {
    onOpen(name, attributes) {
      const id = Number(attributes['numFmtId'] ?? 0);
      if (name === 'numFmt') checkCount(codes.set(id, attributes['formatCode'] ?? '').size, 'formats');
      else if (name === 'cellXfs') isInCellFormats = true;
      else if (name === 'xf' && isInCellFormats)
        checkCount(formats.push(id === 0 ? GENERAL : formatOf(id, codes.get(id))), 'formats');
    },
    onClose(name) {
      if (name === 'cellXfs') isInCellFormats = false;
    },
  });
  return formats;
}

import { fromBufferPromise } from 'yauzl';
import type { Entry, ZipFile } from 'yauzl';
import { TableError } from '../table-rows.js';
import { IS_ANOTHER, isCompoundFile } from './workbook-kind.js';

/** All that is unpacked of a workbook, together. */
export const MAX_UNPACKED_BYTES = 256 * 1024 * 1024;
/** Files in a workbook; one without pictures has some ten, and one for each sheet. */
const MAX_PARTS = 10_000;
/** Files by which other spreadsheets are known, which are archives, too. */
const OTHER_KINDS = [
  ['content.xml', 'an OpenDocument spreadsheet (.ods)'],
  ['index/document.iwa', 'a Numbers spreadsheet'],
  ['index.zip', 'a Numbers spreadsheet'],
  ['xl/workbook.bin', 'a binary Excel workbook (.xlsb)'],
] as const;
const IS_NO_ZIP = 'the file is not an .xlsx workbook, or is cut off; save it again as .xlsx';
const TOO_LARGE = `the workbook has more than ${MAX_UNPACKED_BYTES / 1_048_576} MiB unpacked; save the sheet as CSV`;

export class WorkbookParts {
  #unpacked = 0;

  private constructor(
    private readonly zip: ZipFile,
    private readonly entries: ReadonlyMap<string, Entry>,
  ) {}

  /** @throws TableError when it is no workbook, or too large a one */
  static async open(bytes: Buffer): Promise<WorkbookParts> {
    if (isCompoundFile(bytes)) throw new TableError(1, IS_ANOTHER);
    try {
      const zip = await fromBufferPromise(bytes, { validateEntrySizes: true });
      if (zip.entryCount > MAX_PARTS) throw new TableError(1, TOO_LARGE);
      const entries = new Map<string, Entry>();
      for await (const entry of zip.eachEntry()) entries.set(entry.fileName.toLowerCase(), entry);
      const other = OTHER_KINDS.find(([path]) => entries.has(path));
      if (other !== undefined) throw new TableError(1, `the file is ${other[1]}; save it as .xlsx`);
      return new WorkbookParts(zip, entries);
    } catch (error) {
      throw error instanceof TableError ? error : new TableError(1, IS_NO_ZIP);
    }
  }

  has(path: string): boolean {
    return this.entries.has(path.toLowerCase());
  }

  /**
   * The text of a part, in pieces; nothing where there is no such part.
   * @throws TableError when it is not as long as the workbook says, or all together is too long
   */
  async *textOf(path: string): AsyncGenerator<string> {
    const entry = this.entries.get(path.toLowerCase());
    if (entry === undefined) return;
    if (this.#unpacked + entry.uncompressedSize > MAX_UNPACKED_BYTES) throw new TableError(1, TOO_LARGE);
    const decoder = new TextDecoder('utf-8');
    try {
      for await (const piece of await this.zip.openReadStreamPromise(entry)) {
        const bytes = piece as Buffer;
        this.#unpacked += bytes.length;
        yield decoder.decode(bytes, { stream: true });
      }
    } catch {
      // Wrong checksums and lengths, unknown compression, encryption.
      throw new TableError(1, IS_NO_ZIP);
    }
  }
}

/** How an encrypted workbook, and one of Excel 97 to 2003, begins. */
const COMPOUND_FILE = Buffer.from('d0cf11e0', 'hex');
/** How a ZIP archive begins, which a workbook is. */
const ZIP = Buffer.from('PK\x03\x04', 'latin1');

export const IS_ANOTHER =
  'the file is an Excel workbook of another kind (.xls, or with a password); save it as .xlsx without one';
const IS_WORKBOOK =
  'the file is an Excel workbook or another ZIP archive, not text; its name must end in .xlsx, and a workbook of another kind (.ods) must be saved as .xlsx';

/** Why a workbook is not read whose name does not say so; `undefined` for another file. */
export function misnamedWorkbook(bytes: Buffer): string | undefined {
  if (isCompoundFile(bytes)) return IS_ANOTHER;
  return bytes.subarray(0, ZIP.length).equals(ZIP) ? IS_WORKBOOK : undefined;
}

export function isCompoundFile(bytes: Buffer): boolean {
  return bytes.subarray(0, COMPOUND_FILE.length).equals(COMPOUND_FILE);
}

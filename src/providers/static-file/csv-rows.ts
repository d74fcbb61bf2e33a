import { Parser } from 'csv-parse';
import { detectDelimiter } from './csv-header.js';

const CHUNK_BYTES = 32_768;
/**
 * Room for what an export may write: two texts of 16,384 characters (attributes, instructions) and targets of 100,000, three
 * bytes each at most. More is a quote left open.
 */
export const MAX_ROW_BYTES = 524_288;

export interface Row {
  readonly cells: readonly string[];
  /** Offset of the first byte behind the row. */
  readonly end: number;
}

/**
 * The rows of a CSV file, in batches. Rejects at broken quoting, with the parser's error and after the rows before it.
 */
export async function* rowsOf(bytes: Buffer): AsyncGenerator<readonly Row[]> {
  const parser = new RowParser(detectDelimiter(bytes));
  let failure: Error | undefined;
  const failed = (error: Error | null | undefined) => (failure ??= error ?? undefined);
  parser.on('error', failed);
  const settled = (start: (done: (error?: Error | null) => void) => void) =>
    new Promise<void>((resolve) => {
      start((error) => {
        failed(error);
        resolve();
      });
    });
  for (let at = 0; at < bytes.length && failure === undefined; at += CHUNK_BYTES) {
    await settled((done) => parser.write(bytes.subarray(at, at + CHUNK_BYTES), done));
    yield parser.rows.splice(0);
  }
  if (failure === undefined) await settled((done) => parser.end(done));
  yield parser.rows;
  if (failure !== undefined) throw failure;
}

class RowParser extends Parser {
  readonly rows: Row[] = [];

  constructor(delimiter: string) {
    super({
      delimiter,
      record_delimiter: ['\r\n', '\n', '\r'],
      relax_column_count: true,
      trim: true,
      max_record_size: MAX_ROW_BYTES,
    });
  }

  /** Collects the rows here: a stream that fails drops those not yet handed over, and `on_record` takes twice the time. */
  override push(cells: readonly string[] | null): boolean {
    if (cells === null) return super.push(null);
    this.rows.push({ cells, end: this.info.bytes });
    return true;
  }
}

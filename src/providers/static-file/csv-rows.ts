import { Parser } from 'csv-parse';
import { detectDelimiter } from './csv-header.js';
import { MAX_ENTRY_BYTES } from './entry-limits.js';

/** What is parsed in one go: some milliseconds at most, whatever the rows are. */
const CHUNK_BYTES = 8_192;

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
      max_record_size: MAX_ENTRY_BYTES,
    });
  }

  /** Collects the rows here: a stream that fails drops those not yet handed over, and `on_record` takes twice the time. */
  override push(cells: readonly string[] | null): boolean {
    if (cells === null) return super.push(null);
    this.rows.push({ cells, end: this.info.bytes });
    // Else it makes an error of each row that has not as many cells as the first, which takes ten times what the row does.
    (this.info as { records: number }).records = 0;
    return true;
  }
}

import type { ProviderContext } from '../../plugin-api/index.js';
import { readList } from './record-file.js';
import type { IndexedList } from './record-file.js';
import type { StaticFileOptions } from './static-file.options.js';

/** Reads a list as the options of its provider say. */
export function readConfiguredList(
  bytes: Buffer,
  path: string,
  { country, timezone, options }: ProviderContext<StaticFileOptions>,
  signal?: AbortSignal,
): Promise<IndexedList> {
  const encoding = options.encoding ?? undefined;
  const dateOrder = options.dateOrder ?? undefined;
  return readList(bytes, path, { country, timezone, encoding, dateOrder, contacts: options, signal });
}

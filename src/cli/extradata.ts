import { isPlainObject } from '../common/json.js';
import type { JsonObject } from '../common/json.js';
import { CliError } from './output.js';

/** The value of `--extradata`: what Core would send, as JSON. */
export function parseExtradata(text: string): JsonObject {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    throw new CliError(`--extradata is not JSON: ${(error as Error).message}`);
  }
  if (!isPlainObject(value))
    throw new CliError('--extradata must be a JSON object, for example \'{"DYN_PAR_Culture": "fi-FI"}\'');
  return value as JsonObject;
}

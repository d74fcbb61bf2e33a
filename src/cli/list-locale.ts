import { existsSync } from 'node:fs';
import { isSupportedCountry } from 'libphonenumber-js/max';
import { readEnvironment } from '../app/environment.js';
import { loadConfig } from '../app/load-config.js';
import { toPlain } from '../config/config-node.js';
import { readConfigFile } from '../config/read-config-file.js';
import * as rules from '../config/rules.js';
import { CliError } from './output.js';

export interface ListLocaleOptions {
  country?: string;
  timezone?: string;
}

/** What `--country` and `--timezone` say, or the configuration: the list is read as the service would read it. */
export async function listLocale({ country, timezone }: ListLocaleOptions) {
  if (country !== undefined && !isSupportedCountry(country)) {
    throw new CliError(`--country "${country}": write ISO 3166-1 alpha-2 in capitals, for example FI`);
  }
  if (timezone !== undefined) refuseTimezone('--timezone', timezone);
  const { config } = country === undefined ? await loadConfig(readEnvironment()) : {};
  return { country: country ?? config?.country, timezone: timezone ?? (await configuredTimezone()) };
}

/**
 * The time zone of the configuration, which the dates in the table are meant in. Nothing else of the file has to be right: a
 * backup must not fail because of a CRM's options.
 */
export async function configuredTimezone(): Promise<string> {
  const environment = readEnvironment();
  if (!existsSync(environment.configFile)) return 'UTC';
  const node = (await readConfigFile(environment)).root.entries.get('timezone');
  if (node === undefined) return 'UTC';
  const timezone = toPlain(node);
  refuseTimezone(`${environment.configFile}, timezone:`, timezone);
  return timezone as string;
}

function refuseTimezone(where: string, timezone: unknown): void {
  const problem = rules.timezone.problem(timezone);
  if (problem !== undefined) throw new CliError(`${where} ${JSON.stringify(timezone)} ${problem}`);
}

import {
  columnsProblem,
  isAboutContacts,
  tierProblem,
  tiersProblem,
} from '../providers/static-file/contacts/contact-options.js';
import type { ColumnName, ContactOptions } from '../providers/static-file/contacts/contact-options.js';
import { CliError } from './output.js';

export interface ContactFlags {
  contacts?: boolean;
  /** `number=Business Phone`, `number=2` */
  column?: string[];
  tier?: string;
  /** `Board=platinum,VIP=gold` */
  tiers?: string[];
}

/**
 * The options of a provider that the flags stand for.
 * @throws CliError that names the flag, the rule and the cure
 */
export function contactOptions({ contacts, column, tier, tiers }: ContactFlags): ContactOptions {
  if (contacts === true && column !== undefined) {
    throw new CliError('--contacts stands beside --column. Keep one of the two.');
  }
  const options: ContactOptions = {
    columns: contacts === true ? 'auto' : column && columnMap(column),
    tier,
    tiers: tiers && tierMap(tiers),
  };
  const { columns } = options;
  const problems = [
    columns != null && ['--column', columnsProblem(columns, options)],
    tier !== undefined && ['--tier', tierProblem(tier)],
    options.tiers != null && ['--tiers', tiersProblem(options.tiers)],
  ] as const;
  for (const problem of problems) {
    if (problem !== false && problem[1] !== undefined) throw new CliError(`${problem[0]} ${problem[1]}`);
  }
  return isAboutContacts(options) ? options : {};
}

function columnMap(flags: readonly string[]): Record<string, ColumnName[]> {
  const example =
    'write the field and the column of the file, for example --column "number=Business Phone" --column name=2';
  const map: Record<string, ColumnName[]> = {};
  for (const [field, column] of flags.map((flag) => pair('--column', flag, example))) {
    (map[field] ??= []).push(/^\d+$/.test(column) ? Number(column) : column);
  }
  return map;
}

function tierMap(flags: readonly string[]): Record<string, string> {
  const example =
    'write the groups of the file and their tiers, for example --tiers "Board=platinum,VIP=gold"';
  const pairs = flags.flatMap((flag) => flag.split(','));
  return Object.fromEntries(pairs.map((written) => pair('--tiers', written, example)));
}

function pair(flag: string, written: string, cure: string): [string, string] {
  const [, before, after] = /^([^=]+)=(.+)$/s.exec(written) ?? [];
  if (before === undefined || after === undefined) throw new CliError(`${flag} "${written}": ${cure}`);
  return [before.trim(), after.trim()];
}

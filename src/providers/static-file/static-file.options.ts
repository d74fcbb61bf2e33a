import { IsIn, IsNumber, IsOptional, IsString, Matches, Max, Min } from 'class-validator';
import { Rule } from '../../plugin-api/index.js';
import {
  COLUMNS_SCHEMA,
  columnsProblem,
  TIER_SCHEMA,
  tierProblem,
  TIERS_SCHEMA,
  tiersProblem,
} from './contacts/contact-options.js';
import type { ColumnMap } from './contacts/contact-options.js';
import { LIST_ENDINGS, LIST_ENDINGS_TEXT, SPREADSHEET_CURE } from './list-endings.js';
import { encodingProblem } from './text-encoding.js';

const MIN_SHARE = 'must be a number from 0 to 1, for example 0.5 for half of the entries. Default: 0.7';

/** `providers: { <name>: { kind: static-file, file: ./vips.csv } }` */
export class StaticFileOptions {
  /** The list; relative paths start at the configuration file. The ending says how it is written. */
  @IsString({ message: 'must be the path of a file' })
  @Matches(LIST_ENDINGS, {
    message: `must end in ${LIST_ENDINGS_TEXT}; the ending says how the list is written; ${SPREADSHEET_CURE}`,
  })
  file!: string;

  /**
   * What the text of the list is when it is not UTF-8 and has no byte order mark, for example `windows-1252`: what "CSV" is to
   * Excel in Western Europe.
   */
  @IsOptional()
  @Rule(encodingProblem, { type: 'string' })
  encoding?: string | null;

  /**
   * What happens with entries that cannot be read. `refuse`: the list in use stays until the file is mended; at a start, when
   * there is none, the others are used. `skip`: the others are used. Either way health is degraded and the log names each.
   */
  @IsOptional()
  @IsIn(['refuse', 'skip'], { message: 'must be refuse or skip' })
  onBadRow?: 'refuse' | 'skip' | null;

  /** What comes first in dates such as 12/31/2026: the month (`mdy`) or the day (`dmy`). Without it they are problems. */
  @IsOptional()
  @IsIn(['dmy', 'mdy'], {
    message: 'must be dmy or mdy: what comes first in 12/31/2026, the day or the month',
  })
  dateOrder?: 'dmy' | 'mdy' | null;

  /**
   * Part of the entries before, 0 to 1, that a new version must have; one with fewer is refused until it is confirmed by the
   * command `sync <name> --confirm`. 0: any version is used. Of a list of fewer than ten entries, only the last one counts.
   */
  @IsOptional()
  @IsNumber({}, { message: MIN_SHARE })
  @Min(0, { message: MIN_SHARE })
  @Max(1, { message: MIN_SHARE })
  minShare?: number | null;

  /**
   * Of a file of contacts, which columns hold what: `auto` for those of known programs, or their names. A contact with several
   * numbers is several entries.
   */
  @IsOptional()
  @Rule<StaticFileOptions>(columnsProblem, COLUMNS_SCHEMA)
  columns?: 'auto' | ColumnMap | null;

  /** Of a file of contacts, the tier of all of them, or of those in no group that `tiers` names. */
  @IsOptional()
  @Rule(tierProblem, TIER_SCHEMA)
  tier?: string | null;

  /**
   * Of a file of contacts, which of its groups (categories, labels, tags) means which tier; the first of these that a contact is in
   * counts. Who is in none of them is no VIP, unless there is a `tier`.
   */
  @IsOptional()
  @Rule(tiersProblem, TIERS_SCHEMA)
  tiers?: Readonly<Record<string, string>> | null;
}

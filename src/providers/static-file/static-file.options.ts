import { IsIn, IsOptional, IsString, Matches } from 'class-validator';
import { Rule } from '../../plugin-api/index.js';
import { LIST_ENDINGS } from './list-bytes.js';
import { encodingProblem } from './text-encoding.js';

/** `providers: { <name>: { kind: static-file, file: ./vips.csv } }` */
export class StaticFileOptions {
  /** The list; relative paths start at the configuration file. The ending says how it is written. */
  @IsString({ message: 'must be the path of a file' })
  @Matches(/\.(?:csv|tsv|txt|json|ya?ml)$/i, {
    message: `must end in ${LIST_ENDINGS}; the ending says how the list is written`,
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
}

import { IsString, Matches } from 'class-validator';

/** `providers: { <name>: { kind: static-file, file: ./vips.csv } }` */
export class StaticFileOptions {
  /** The list; relative paths start at the configuration file. The ending says how it is written. */
  @IsString({ message: 'must be the path of a file' })
  @Matches(/\.(?:csv|json|ya?ml)$/i, {
    message: 'must end in .csv, .json, .yaml or .yml; the ending says how the list is written',
  })
  file!: string;
}

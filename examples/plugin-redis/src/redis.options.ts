import { IsOptional, IsString, Matches, MaxLength } from 'class-validator';

/** `providers: { <name>: { kind: redis, url: … } }` */
export class RedisOptions {
  /** `redis://host:6379`, with TLS `rediss://`; with credentials and a database `rediss://user:password@host:6380/2`. */
  @Matches(/^rediss?:\/\/(?:(?:[^/?#@%]|%[0-9a-f]{2})*@)?[^/?#@\s]+(?:\/\d{1,3})?$/i, {
    message:
      'must be like redis://host:6379 or rediss://user:password@host:6380/0 (rediss: with TLS); in a password write %40 for @, %2F for /, %23 for #, %3F for ? and %25 for %',
  })
  url!: string;

  /** CA certificates (PEM) to verify a `rediss:` server with, instead of the public ones. */
  @IsOptional()
  @IsString({ message: 'must be the path of a file with certificates (PEM)' })
  ca?: string;

  /** What keys begin with, before the number. */
  @IsString({ message: 'must be text, for example vip:' })
  @MaxLength(100, { message: 'must be at most 100 characters' })
  prefix = 'vip:';
}

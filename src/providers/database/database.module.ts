import { Module } from '@nestjs/common';
import { DatabaseProvider } from './database.provider.js';

/** The `database` kind of provider: the service's own table, or one that the customer has, in SQLite, MySQL or MariaDB. */
@Module({ providers: [DatabaseProvider], exports: [DatabaseProvider] })
export class DatabaseModule {}

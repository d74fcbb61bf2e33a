import { Module } from '@nestjs/common';
import { DatabaseProvider } from './database.provider.js';

/** The kind `database` of provider: the service's own table, or a customer's, in SQLite, MySQL or MariaDB. */
@Module({ providers: [DatabaseProvider], exports: [DatabaseProvider] })
export class DatabaseModule {}

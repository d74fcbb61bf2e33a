import { Module } from '@nestjs/common';
import { DatabaseProvider } from './database.provider.js';

/** The kind `database` of provider: the service's own table, or a customer's, in SQLite, MySQL, MariaDB or PostgreSQL. */
@Module({ providers: [DatabaseProvider], exports: [DatabaseProvider] })
export class DatabaseModule {}

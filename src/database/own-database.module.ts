import type { DynamicModule } from '@nestjs/common';
import { Module } from '@nestjs/common';

/**
 * Nest token of the URL of the service's own database. It contains a password, so it is for rooms of the service
 * only; plug-ins do not know it.
 */
export const OWN_DATABASE_URL = Symbol('smartrouting-vip.own-database-url');

/** Provides the service's own database to rooms that store something in it. */
@Module({})
export class OwnDatabaseModule {
  static forRoot(url: string): DynamicModule {
    return {
      module: OwnDatabaseModule,
      global: true,
      providers: [{ provide: OWN_DATABASE_URL, useValue: url }],
      exports: [OWN_DATABASE_URL],
    };
  }
}

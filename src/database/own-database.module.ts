import type { DynamicModule } from '@nestjs/common';
import { Module } from '@nestjs/common';

/** Nest token of the URL of the service's own database. It has a password in it: it is for rooms of the service, and no plug-in knows it. */
export const OWN_DATABASE_URL = Symbol('smartrouting-vip.own-database-url');

/** Makes the service's own database known to whoever keeps something in it. */
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

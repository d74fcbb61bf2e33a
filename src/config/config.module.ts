import type { DynamicModule } from '@nestjs/common';
import { Module } from '@nestjs/common';
import { ConfigStatus } from './config-status.js';
import { LiveConfig } from './live-config.js';

/** Makes the checked configuration injectable everywhere, as `LiveConfig`. */
@Module({})
export class ConfigModule {
  static forRoot(config: object): DynamicModule {
    return {
      module: ConfigModule,
      global: true,
      providers: [{ provide: LiveConfig, useValue: new LiveConfig(config) }, ConfigStatus],
      exports: [LiveConfig, ConfigStatus],
    };
  }
}

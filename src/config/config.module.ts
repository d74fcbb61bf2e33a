import type { DynamicModule } from '@nestjs/common';
import { Module } from '@nestjs/common';
import type { AppConfig } from './app-config.js';
import { APP_CONFIG } from './app-config.js';
import { ConfigStatus } from './config-status.js';

/** Makes the checked configuration injectable everywhere, as `APP_CONFIG`. */
@Module({})
export class ConfigModule {
  static forRoot(config: AppConfig): DynamicModule {
    return {
      module: ConfigModule,
      global: true,
      providers: [{ provide: APP_CONFIG, useValue: config }, ConfigStatus],
      exports: [APP_CONFIG, ConfigStatus],
    };
  }
}

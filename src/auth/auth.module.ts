import { Module } from '@nestjs/common';
import type { AppConfig } from '../config/app-config.js';
import { APP_CONFIG } from '../config/app-config.js';
import { ApiKeyStrategy } from './api-key.strategy.js';
import { BasicHttpStrategy } from './basic-http.strategy.js';
import { CallerGuard } from './caller.guard.js';
import { CredentialStore } from './credential-store.js';
import { LoginThrottle } from './login-throttle.js';

/** Needs `APP_CONFIG`, `LOGGER` and `MetricsService` from global modules. */
@Module({
  providers: [
    {
      provide: CredentialStore,
      useFactory: (config: AppConfig) => new CredentialStore(config.credentials),
      inject: [APP_CONFIG],
    },
    { provide: LoginThrottle, useFactory: () => new LoginThrottle() },
    ApiKeyStrategy,
    BasicHttpStrategy,
    CallerGuard,
  ],
  exports: [CallerGuard, CredentialStore, LoginThrottle],
})
export class AuthModule {}

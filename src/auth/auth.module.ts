import { Module } from '@nestjs/common';
import { ApiKeyStrategy } from './api-key.strategy.js';
import { BasicHttpStrategy } from './basic-http.strategy.js';
import { CallerGuard } from './caller.guard.js';
import { Credentials } from './credentials.js';
import { LoginThrottle } from './login-throttle.js';

/** Needs `LiveConfig`, `LOGGER` and `MetricsService` from global modules. */
@Module({
  providers: [
    Credentials,
    { provide: LoginThrottle, useFactory: () => new LoginThrottle() },
    ApiKeyStrategy,
    BasicHttpStrategy,
    CallerGuard,
  ],
  exports: [CallerGuard, Credentials, LoginThrottle],
})
export class AuthModule {}

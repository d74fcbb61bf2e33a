import { Module } from '@nestjs/common';
import { ApiKeyStrategy } from './api-key.strategy.js';
import { BasicHttpStrategy } from './basic-http.strategy.js';
import { ClientGuard } from './client.guard.js';
import { Credentials } from './credentials.js';
import { LoginThrottle } from './login-throttle.js';

/** Needs `LiveConfig`, `LOGGER` and `MetricsService` from global modules. */
@Module({
  providers: [
    Credentials,
    { provide: LoginThrottle, useFactory: () => new LoginThrottle() },
    ApiKeyStrategy,
    BasicHttpStrategy,
    ClientGuard,
  ],
  exports: [ClientGuard, Credentials, LoginThrottle],
})
export class AuthModule {}

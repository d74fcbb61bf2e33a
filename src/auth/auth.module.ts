import { Module } from '@nestjs/common';
import { ApiKeyStrategy } from './api-key.strategy.js';
import { BasicHttpStrategy } from './basic-http.strategy.js';
import { Credentials } from './credentials.js';
import { LoginThrottle } from './login-throttle.js';

const NEEDED_BY_GUARDS = [
  Credentials,
  { provide: LoginThrottle, useFactory: () => new LoginThrottle() },
  ApiKeyStrategy,
  BasicHttpStrategy,
];

/** For modules whose controllers have a `ClientGuard`. Needs `LiveConfig`, `LOGGER` and `MetricsService` from global modules. */
@Module({ providers: NEEDED_BY_GUARDS, exports: NEEDED_BY_GUARDS })
export class AuthModule {}

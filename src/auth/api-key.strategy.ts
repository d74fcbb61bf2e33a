import { Injectable } from '@nestjs/common';
import { PassportStrategy } from '@nestjs/passport';
import type { Request } from 'express';
import { HeaderAPIKeyStrategy } from 'passport-headerapikey';
import { loginOf } from './authenticated-request.js';
import type { CallerCredential } from './credential-store.js';
import { apiKeyLogin } from './remembered-logins.js';

export const API_KEY_HEADER = 'X-Benemen-APIKey';

type Done = (error: Error | null, user?: object) => void;
type Verify = (request: Request, apiKey: string, done: Done) => void;

/** passport-headerapikey passes the request last, after `done`; @nestjs/passport takes the last argument for `done`. */
class RequestFirstStrategy extends HeaderAPIKeyStrategy {
  constructor(verify: Verify) {
    super({ header: API_KEY_HEADER, prefix: '' }, true, (apiKey, done, request) =>
      verify(request!, apiKey, done),
    );
  }
}

/** Header `X-Benemen-APIKey: <key>`. */
@Injectable()
export class ApiKeyStrategy extends PassportStrategy(RequestFirstStrategy, 'headerapikey') {
  constructor() {
    super();
  }

  override validate(request: Request, apiKey: string): CallerCredential | null {
    const login = loginOf(request);
    // Node reads header bytes as latin1; these are the bytes that were sent.
    const caller = login.store.byApiKey(Buffer.from(apiKey, 'latin1'));
    if (caller !== undefined) login.key = apiKeyLogin(apiKey);
    return caller ?? null;
  }
}

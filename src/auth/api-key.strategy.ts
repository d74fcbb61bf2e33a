import { Injectable } from '@nestjs/common';
import { PassportStrategy } from '@nestjs/passport';
import type { Request } from 'express';
import { HeaderAPIKeyStrategy } from 'passport-headerapikey';
import { loginContexts } from './admission.js';
import type { LoginInfo } from './admission.js';
import type { ClientCredential } from './credential-store.js';
import { apiKeyLogin } from './remembered-logins.js';

export const API_KEY_HEADER = 'X-Benemen-APIKey';

type Done = (error: Error | null, user?: object, info?: object) => void;
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

  override validate(request: Request, apiKey: string): [ClientCredential, LoginInfo] | null {
    const { store } = loginContexts.get(request)!;
    // Node reads header bytes as latin1; these are the bytes that were sent.
    const client = store.byApiKey(Buffer.from(apiKey, 'latin1'));
    return client === undefined ? null : [client, { key: apiKeyLogin(apiKey) }];
  }
}

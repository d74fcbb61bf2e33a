import { Injectable } from '@nestjs/common';
import { PassportStrategy } from '@nestjs/passport';
import { HeaderAPIKeyStrategy } from 'passport-headerapikey';
import type { LoginInfo } from './admission.js';
import type { ClientCredential } from './credential-store.js';
import { Credentials } from './credentials.js';
import { apiKeyLogin } from './remembered-logins.js';

export const API_KEY_HEADER = 'X-Benemen-APIKey';

@Injectable()
export class ApiKeyStrategy extends PassportStrategy(HeaderAPIKeyStrategy, 'headerapikey') {
  constructor(private readonly credentials: Credentials) {
    super({ header: API_KEY_HEADER, prefix: '' }, false);
  }

  override validate(apiKey: string): [ClientCredential, LoginInfo] | null {
    // Node reads header bytes as latin1; these are the bytes that were sent.
    const client = this.credentials.store.byApiKey(Buffer.from(apiKey, 'latin1'));
    return client === undefined ? null : [client, { key: apiKeyLogin(apiKey) }];
  }
}

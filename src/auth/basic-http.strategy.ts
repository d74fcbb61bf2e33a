import { Injectable } from '@nestjs/common';
import { PassportStrategy } from '@nestjs/passport';
import type { Request } from 'express';
import type { StrategyCreatedStatic } from 'passport';
import { BasicStrategy } from 'passport-http';
import { clientAddress, clientGroup } from '../http/networks.js';
import type { LoginInfo } from './admission.js';
import { readBasicHeader } from './basic-header.js';
import type { ClientCredential } from './credential-store.js';
import { Credentials } from './credentials.js';
import { basicLogin } from './remembered-logins.js';

/** `Authorization: Basic …`, RFC 7617 with UTF-8. */
@Injectable()
export class BasicHttpStrategy extends PassportStrategy(BasicStrategy, 'basic') {
  constructor(private readonly credentials: Credentials) {
    super();
  }

  /**
   * Replaces passport-http's own, which cuts a password at its first colon, refuses one that begins with a colon, and
   * accepts any scheme with "basic" in its name.
   */
  override authenticate(this: BasicHttpStrategy & StrategyCreatedStatic, request: Request): void {
    this.validate(request).then(
      (found) => (found === null ? this.fail() : this.success(...found)),
      (error: unknown) => this.error(error),
    );
  }

  override async validate(request: Request): Promise<[ClientCredential, LoginInfo] | null> {
    const presented = readBasicHeader(request.headers.authorization);
    if (presented === undefined) return null;
    const { store } = this.credentials;
    const key = basicLogin(presented);
    // Beside a wrong API key, which the guard treats as a failed login.
    const remembered = store.logins.find(key);
    if (remembered !== undefined) return [remembered, {}];
    const client = await store.byPassword(presented.user, presented.password, {
      client: clientGroup(clientAddress(request)),
      isWaiting: () => !request.socket.destroyed,
    });
    return client === undefined ? null : [client, { key }];
  }
}

import { describe, expect, it } from '@jest/globals';
import { LiveConfig } from '../config/live-config.js';
import { Credentials } from './credentials.js';
import type { CredentialConfig, CredentialsConfig } from './credentials.config.js';
import { apiKeyLogin } from './remembered-logins.js';

const KEY = 'a-key-0123456789abcdef';
const LOGIN = apiKeyLogin(KEY);
const withCore = (apiKey: string, targets?: readonly string[]): CredentialsConfig => ({
  credentials: [{ id: 'core', apiKey, targets } satisfies CredentialConfig],
});

/** The credentials in use, and a login with them that is remembered. */
function loggedIn() {
  const live = new LiveConfig(withCore(KEY));
  const credentials = new Credentials(live);
  const { store } = credentials;
  store.logins.keep(LOGIN, store.byApiKey(Buffer.from(KEY))!);
  return { live, remembered: () => credentials.store.logins.find(LOGIN) };
}

describe('a login that is remembered', () => {
  it('is so still when a credential keeps its secret, with what that may ask for now', () => {
    const { live, remembered } = loggedIn();
    live.prepare(withCore(KEY, ['SALES_QUEUE']))();
    expect(remembered()).toEqual({ id: 'core', targets: ['SALES_QUEUE'] });
  });

  it('is forgotten when the secret changes', () => {
    const { live, remembered } = loggedIn();
    live.prepare(withCore('another-key-0123456789'))();
    expect(remembered()).toBeUndefined();
  });

  it('outlives a configuration that is prepared and then refused', () => {
    const { live, remembered } = loggedIn();
    live.prepare(withCore('another-key-0123456789'));
    expect(remembered()).toEqual({ id: 'core' });
    live.prepare(withCore(KEY, ['SALES_QUEUE']))();
    expect(remembered()).toEqual({ id: 'core', targets: ['SALES_QUEUE'] });
  });
});

import { describe, expect, it } from '@jest/globals';
import { Seal } from './oauth-seal.js';

const SECRET = 'a key of the configuration';
const LABEL = 'oauth2-token.1 rotated';
const TEXT = '{"refreshToken":"r"}';
/** Made by version 0.1.0. */
const EARLIER = '8lGndVQETAPXqKjFvktYcKx9CTOuh6CbNQTLKQJQRj1xrw47k8Q6HIl6egr71wWK';
const sealOf = (secret = SECRET, owner = 'crm') => new Seal(secret, owner, 1_024);

describe('a sealed refresh token', () => {
  it('is opened by the same key, owner and label, and shows nothing of itself', async () => {
    const sealed = await sealOf().close(TEXT, LABEL);
    expect(sealed).not.toContain(Buffer.from(TEXT).toString('base64url'));
    expect(await sealOf().close(TEXT, LABEL)).not.toBe(sealed);
    expect(await sealOf().open(sealed, LABEL)).toBe(TEXT);
  });

  it('of version 0.1.0 is opened, so that an upgrade loses none', async () => {
    expect(await sealOf().open(EARLIER, LABEL)).toBe(TEXT);
  });

  it.each(['now', 'by version 0.1.0'])(
    'made %s is not opened by another key, for another owner or label, or when it was changed',
    async (made) => {
      const sealed = made === 'now' ? await sealOf().close(TEXT, LABEL) : EARLIER;
      expect(await sealOf('another key').open(sealed, LABEL)).toBeUndefined();
      expect(await sealOf(SECRET, 'another').open(sealed, LABEL)).toBeUndefined();
      expect(await sealOf().open(sealed, 'oauth2-token.1 same')).toBeUndefined();
      for (const changed of [sealed.slice(4), sealed.slice(0, -4), 'AAAA', '', 'a.b.c.d.e']) {
        expect(await sealOf().open(changed, LABEL)).toBeUndefined();
      }
    },
  );
});

import { afterEach, describe, expect, it } from '@jest/globals';
import { lookUp } from '../../../test/support/crm-provider.js';
import type { CrmYaml } from '../../../test/support/crm-provider.js';
import type { CrmAuth } from '../../../test/support/crm-server.js';
import { AINO, CrmTrial } from '../../../test/support/describe-with-crm.js';

describe('credentials', () => {
  const trial = new CrmTrial();
  afterEach(() => trial.end());

  async function asked(serverAuth: CrmAuth, auth: CrmYaml) {
    await trial.begin({ auth: serverAuth });
    return lookUp(trial.provide({ auth }), AINO).catch((error: Error) => error.message);
  }

  it.each<[string, CrmAuth, CrmYaml]>([
    [
      'as Basic, in UTF-8, with a colon in the password',
      { type: 'basic', username: 'käyttäjä', password: 'sä:la"sana' },
      { type: 'basic', username: 'käyttäjä', password: 'sä:la"sana' },
    ],
    [
      'as Basic without a password',
      { type: 'basic', username: 'api-key', password: '' },
      { type: 'basic', username: 'api-key', password: '' },
    ],
    [
      'as a bearer token',
      { type: 'bearer', token: 'pat-1.2_3~4+/=' },
      { type: 'bearer', token: 'pat-1.2_3~4+/=' },
    ],
    [
      'in a header of its own',
      { type: 'header', name: 'x-api-token', value: '{{ not a template }}' },
      { type: 'header', name: 'X-Api-Token', value: '{{ not a template }}' },
    ],
    [
      'in Authorization, with a scheme of its own',
      { type: 'header', name: 'authorization', value: 'Zoho-oauthtoken 1000.abc' },
      { type: 'header', name: 'Authorization', value: 'Zoho-oauthtoken 1000.abc' },
    ],
  ])('are sent %s', async (_, serverAuth, auth) => {
    expect(await asked(serverAuth, auth)).toMatchObject([{ tier: 'gold' }]);
  });

  it('that are wrong are a failure, not a caller who is unknown', async () => {
    expect(await asked({ type: 'bearer', token: 'right' }, { type: 'bearer', token: 'wrong' })).toBe(
      'HTTP 401',
    );
  });

  it('are not sent with auth none', async () => {
    expect(await asked({ type: 'bearer', token: 'right' }, { type: 'none' })).toBe('HTTP 401');
    expect(trial.crm.requests[0]!.headers).not.toHaveProperty('authorization');
  });
});

import type { ProviderContext } from '../../plugin-api/index.js';
import type { CrmHttpAuthOptions } from './crm-http.auth.options.js';
import { TEMPO } from './crm-http.tempo.js';
import { OAuthAuth } from './oauth/oauth-auth.js';
import type { AuthHeaders } from './oauth/oauth-auth.js';
import { FixedGrant } from './oauth/oauth-grants.js';
import { RefreshGrant } from './oauth/oauth-refresh-grant.js';

/**
 * The headers with the configured credentials, or the object that obtains credentials.
 * @param auth checked options; absent: no credentials are sent
 */
export function makeAuth(
  auth: CrmHttpAuthOptions | undefined | null,
  context: Pick<ProviderContext, 'name' | 'state' | 'logger'>,
  tempo = TEMPO,
): AuthHeaders | OAuthAuth {
  switch (auth?.type) {
    case undefined:
    case 'none':
      return {};
    case 'basic': {
      const credentials = Buffer.from(`${auth.username}:${auth.password}`, 'utf8').toString('base64');
      return { authorization: `Basic ${credentials}` };
    }
    case 'bearer':
      return { authorization: `Bearer ${auth.token}` };
    case 'header':
      return { [auth.name!.toLowerCase()]: auth.value! };
    case 'oauth2-client-credentials':
    case 'oauth2-jwt-bearer':
      return new OAuthAuth(new FixedGrant(auth, tempo), auth.scheme, context.logger, tempo);
    case 'oauth2-refresh-token':
      return new OAuthAuth(new RefreshGrant(context, auth, tempo), auth.scheme, context.logger, tempo);
  }
}

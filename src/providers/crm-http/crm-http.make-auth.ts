import type { ProviderContext } from '../../plugin-api/index.js';
import type { CrmHttpAuthOptions } from './crm-http.auth.options.js';
import { TEMPO } from './crm-http.tempo.js';
import type { Evaluator } from './crm-http.evaluator.js';
import { OAuthAuth, schemeHeaders } from './oauth/oauth-auth.js';
import type { AuthHeaders } from './oauth/oauth-auth.js';
import { FixedGrant } from './oauth/oauth-grants.js';
import { RefreshGrant } from './oauth/oauth-refresh-grant.js';
import { SessionLogin, sessionHeaders } from './session/session-login.js';

/**
 * The headers with the configured credentials, or the object that obtains credentials.
 * @param auth checked options; absent: no credentials are sent
 * @param evaluator knows the expression `LOGIN_TOKEN`, if there is a login
 */
export function makeAuth(
  auth: CrmHttpAuthOptions | undefined | null,
  context: Pick<ProviderContext, 'name' | 'state' | 'logger'>,
  evaluator: Pick<Evaluator, 'evaluate'>,
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
    case 'session':
      return new OAuthAuth(
        new SessionLogin(auth.login!, evaluator, tempo),
        sessionHeaders(auth.header!),
        context.logger,
        tempo,
      );
    case 'oauth2-client-credentials':
    case 'oauth2-jwt-bearer':
    case 'oauth2-password':
      return new OAuthAuth(new FixedGrant(auth, tempo), schemeHeaders(auth.scheme), context.logger, tempo);
    case 'oauth2-refresh-token': {
      const grant = new RefreshGrant(context, auth, tempo);
      return new OAuthAuth(grant, schemeHeaders(auth.scheme), context.logger, tempo);
    }
  }
}

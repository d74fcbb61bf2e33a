import type { ProviderContext } from '../../plugin-api/index.js';
import type { AuthHeaders, CrmAuth } from './crm-http.auth.js';
import type { CrmHttpAuthOptions } from './crm-http.auth.options.js';
import { TEMPO } from './crm-http.tempo.js';
import { OAuthAuth } from './oauth/oauth-auth.js';
import { FixedGrant } from './oauth/oauth-grants.js';
import { RefreshGrant } from './oauth/oauth-refresh-grant.js';

/** @param auth checked options; none: no credentials are sent */
export function makeAuth(
  auth: CrmHttpAuthOptions | undefined | null,
  context: Pick<ProviderContext, 'name' | 'state' | 'logger'>,
  tempo = TEMPO,
): CrmAuth {
  switch (auth?.type) {
    case undefined:
    case 'none':
      return new FixedAuth({});
    case 'basic': {
      const credentials = Buffer.from(`${auth.username}:${auth.password}`, 'utf8').toString('base64');
      return new FixedAuth({ authorization: `Basic ${credentials}` });
    }
    case 'bearer':
      return new FixedAuth({ authorization: `Bearer ${auth.token}` });
    case 'header':
      return new FixedAuth({ [auth.name!.toLowerCase()]: auth.value! });
    case 'oauth2-client-credentials':
    case 'oauth2-jwt-bearer':
      return new OAuthAuth(new FixedGrant(auth, tempo), auth.scheme, context.logger, tempo);
    case 'oauth2-refresh-token':
      return new OAuthAuth(new RefreshGrant(context, auth, tempo), auth.scheme, context.logger, tempo);
  }
}

/** Credentials that stand in the configuration. */
class FixedAuth implements CrmAuth {
  readonly trouble = undefined;

  constructor(private readonly fixed: AuthHeaders) {}

  async open(): Promise<void> {
    // There is nothing to get.
  }

  headers(): AuthHeaders {
    return this.fixed;
  }

  async renewed(): Promise<boolean> {
    return false;
  }

  taken(): void {
    // They never change.
  }

  refusedAnew(): void {
    // There is no second try.
  }

  async close(): Promise<void> {
    // Nothing is open.
  }
}

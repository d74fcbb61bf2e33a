import { Type } from 'class-transformer';
import { IsIn, ValidateNested } from 'class-validator';
import { isPlainObject, Rule } from '../../plugin-api/index.js';
import type { JsonSchema } from '../../plugin-api/index.js';
import { authHeaderNameProblem, portProblem } from './crm-http.rules.js';
import { isHeaderText } from './crm-http.templates.js';
import { privateKeyProblem } from './oauth/oauth-private-key.js';
import { CrmHttpLoginOptions, CrmHttpSessionHeaderOptions } from './session/session.options.js';

type OAuthType =
  'oauth2-client-credentials' | 'oauth2-refresh-token' | 'oauth2-jwt-bearer' | 'oauth2-password';
type AuthType = 'none' | 'basic' | 'bearer' | 'header' | 'session' | OAuthType;
type AuthField = Exclude<keyof CrmHttpAuthOptions, 'type'>;

const OAUTH_MAY: readonly AuthField[] = ['clientAuth', 'scope', 'parameters', 'scheme', 'bodyType'];

/** The keys that a type requires, and those that it allows. */
const FIELDS: Readonly<Record<AuthType, { needs: readonly AuthField[]; may?: readonly AuthField[] }>> = {
  none: { needs: [] },
  basic: { needs: ['username', 'password'] },
  bearer: { needs: ['token'] },
  header: { needs: ['name', 'value'] },
  session: { needs: ['login', 'header'] },
  'oauth2-client-credentials': { needs: ['tokenUrl', 'clientId', 'clientSecret'], may: OAUTH_MAY },
  'oauth2-refresh-token': {
    needs: ['tokenUrl', 'clientId', 'refreshToken', 'encryptionKey'],
    may: ['clientSecret', ...OAUTH_MAY],
  },
  'oauth2-jwt-bearer': {
    needs: ['tokenUrl', 'issuer', 'subject', 'audience', 'privateKey'],
    may: ['clientId', 'clientSecret', ...OAUTH_MAY],
  },
  'oauth2-password': {
    needs: ['tokenUrl', 'username', 'password'],
    may: ['clientId', 'clientSecret', ...OAUTH_MAY],
  },
};
const AUTH_TYPES = Object.keys(FIELDS) as AuthType[];

/** Required if the type needs it, refused if the type does not use it. */
function AuthKey(
  problemOf: (value: unknown, auth: CrmHttpAuthOptions) => string | undefined,
  schema?: JsonSchema,
): PropertyDecorator {
  return (target, property) => {
    const field = property as AuthField;
    Rule<CrmHttpAuthOptions>((value, auth) => {
      const { needs, may = [] } = fieldsOf(auth) ?? { needs: [], may: [field] };
      if (value == null) {
        return needs.includes(field)
          ? `is missing. Auth type ${auth.type} needs ${list(needs, 'and')}.`
          : undefined;
      }
      if (!needs.includes(field) && !may.includes(field)) {
        return `belongs to auth type ${list(typesWith(field))}. Remove it, or change type.`;
      }
      return problemOf(value, auth);
    }, schema)(target, property);
  };
}

function AuthText(
  textProblem: (text: string, auth: CrmHttpAuthOptions) => string | undefined,
): PropertyDecorator {
  return AuthKey((value, auth) =>
    typeof value === 'string' ? textProblem(value, auth) : 'must be text. Put it in quotes.',
  );
}

/** `undefined` for an unknown type, which is reported at `type` itself. */
function fieldsOf({ type }: CrmHttpAuthOptions): (typeof FIELDS)[AuthType] | undefined {
  return AUTH_TYPES.includes(type) ? FIELDS[type] : undefined;
}

function typesWith(field: AuthField): AuthType[] {
  return AUTH_TYPES.filter((type) => [...FIELDS[type].needs, ...(FIELDS[type].may ?? [])].includes(field));
}

function list(words: readonly string[], last = 'or'): string {
  return words.join(', ').replace(/, (?=[^,]*$)/, ` ${last} `);
}

const CONTROL = /[\x00-\x1f\x7f]/;
const WORD = /^[\x21-\x7e]+$/;
const NOT_A_WORD =
  'must be one word of ASCII characters. Is it empty, or is there a space or a line end in it?';
const wordProblem = (text: string) => (WORD.test(text) ? undefined : NOT_A_WORD);
const lineProblem = (text: string) =>
  text.trim() === '' || CONTROL.test(text)
    ? 'must be text of one line. Is it empty, or is there a line end in it?'
    : undefined;

const mapProblem = (value: unknown) =>
  isPlainObject(value) || typeof value === 'object' ? undefined : 'must be a map.';

/** Long enough that it cannot be guessed from a stolen database. */
const MIN_ENCRYPTION_KEY = 20;
/** Parameters that the grant sets itself. */
const OWN_PARAMETERS: Readonly<Record<string, string>> = {
  grant_type: 'is set by type',
  client_id: 'is written as clientId',
  client_secret: 'is written as clientSecret',
  scope: 'has a key of its own',
  refresh_token: 'is written as refreshToken',
  username: 'has a key of its own',
  password: 'has a key of its own',
  assertion: 'is made of issuer, subject, audience and privateKey',
};

function tokenUrlProblem(text: string): string | undefined {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url === undefined || !/^https?:$/.test(url.protocol)) {
    return 'must be the address of the token endpoint, for example https://login.example/oauth2/token.';
  }
  if (url.username !== '' || url.password !== '') {
    return 'has a user name or password before the host. Write clientId and clientSecret.';
  }
  if (url.hash !== '') return 'has a # in it, and what follows is never sent. Remove it.';
  return portProblem(text);
}

function parametersProblem(parameters: unknown): string | undefined {
  if (!isPlainObject(parameters)) return 'must be a map of names and texts, for example { audience: crm }.';
  for (const [name, value] of Object.entries(parameters)) {
    if (Object.hasOwn(OWN_PARAMETERS, name)) return `has ${name}, which ${OWN_PARAMETERS[name]}. Remove it.`;
    if (typeof value !== 'string') return 'must hold texts only. Put them in quotes.';
  }
  return undefined;
}

export class CrmHttpAuthOptions {
  @IsIn(AUTH_TYPES, { message: `is not a kind of auth. Write ${AUTH_TYPES.join(', ')}. Default: none.` })
  readonly type: AuthType;

  @AuthText((text, { type }) => {
    if (type === 'oauth2-password') return lineProblem(text);
    return text.includes(':') || CONTROL.test(text)
      ? 'has a colon or a control character, which Basic auth cannot carry.'
      : undefined;
  })
  readonly username?: string;

  /** May be empty: some APIs expect the key as the user name. */
  @AuthText((text) =>
    CONTROL.test(text) ? 'has a line end or another control character. Remove it.' : undefined,
  )
  readonly password?: string;

  @AuthText(wordProblem)
  readonly token?: string;

  @AuthText(authHeaderNameProblem)
  readonly name?: string;

  @AuthText((text) =>
    text.trim() !== '' && isHeaderText(text)
      ? undefined
      : 'must be text of one line in Latin-1. Is it empty, or is there a line end in it?',
  )
  readonly value?: string;

  /** The request that signs in. */
  @AuthKey(mapProblem)
  @ValidateNested()
  @Type(() => CrmHttpLoginOptions)
  readonly login?: CrmHttpLoginOptions;

  /** The header with the token of the login. */
  @AuthKey(mapProblem)
  @ValidateNested()
  @Type(() => CrmHttpSessionHeaderOptions)
  readonly header?: CrmHttpSessionHeaderOptions;

  @AuthText(tokenUrlProblem)
  readonly tokenUrl?: string;

  @AuthText(lineProblem)
  readonly clientId?: string;

  @AuthText((text, auth) => (auth.clientId == null ? 'needs clientId beside it.' : lineProblem(text)))
  readonly clientSecret?: string;

  /** Where a token request contains clientId and clientSecret: in its body (`post`, the default), or as `basic` auth. */
  @AuthKey(
    (value, auth) => {
      if (value !== 'post' && value !== 'basic') return 'is not known. Write post or basic. Default: post.';
      return auth.clientSecret == null ? 'needs clientSecret beside it.' : undefined;
    },
    { type: 'string', enum: ['post', 'basic'] },
  )
  readonly clientAuth?: 'post' | 'basic';

  /** As what a token request is sent. Default: `form`, as OAuth2 has it; some vendors want `json`. */
  @AuthKey(
    (value) =>
      value === 'form' || value === 'json' ? undefined : 'is not known. Write form or json. Default: form.',
    { type: 'string', enum: ['form', 'json'] },
  )
  readonly bodyType?: 'form' | 'json';

  /** Scopes, separated by blanks. */
  @AuthText(lineProblem)
  readonly scope?: string;

  /** Further parameters of the token request that a vendor requires, such as `audience` or `resource`. */
  @AuthKey(parametersProblem, { type: 'object', additionalProperties: { type: 'string' } })
  readonly parameters?: Record<string, string>;

  /** The word before the token in the header `Authorization`. Default: `Bearer`. */
  @AuthText((text) =>
    /^[A-Za-z][\w.-]*$/.test(text)
      ? undefined
      : 'must be the word before the token in the header Authorization, for example Zoho-oauthtoken. Default: Bearer.',
  )
  readonly scheme?: string;

  /** As issued to the administrator; newer ones, which replace it, are stored in the service's database. */
  @AuthText(wordProblem)
  readonly refreshToken?: string;

  /** Any secret text; the key that encrypts the data in the database is derived from it. */
  @AuthText((text) =>
    text.length >= MIN_ENCRYPTION_KEY && !CONTROL.test(text)
      ? undefined
      : `must be a secret text of one line, at least ${MIN_ENCRYPTION_KEY} characters. Make one with: openssl rand -base64 32`,
  )
  readonly encryptionKey?: string;

  /** Claim `iss`: the signer; for Salesforce the consumer key. */
  @AuthText(lineProblem)
  readonly issuer?: string;

  /** Claim `sub`: the user; for Salesforce the user's name. */
  @AuthText(lineProblem)
  readonly subject?: string;

  /** Claim `aud`: the server; for Salesforce https://login.salesforce.com. */
  @AuthText(lineProblem)
  readonly audience?: string;

  /** PEM of an RSA key (signs with RS256) or of a P-256 key (ES256). */
  @AuthText(privateKeyProblem)
  readonly privateKey?: string;
}

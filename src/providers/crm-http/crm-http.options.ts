import { ArrayNotEmpty, IsIn, IsOptional, ValidateIf } from 'class-validator';
import { SPELLINGS } from '../../plugin-api/index.js';
import type { Json, JsonObject, Spelling } from '../../plugin-api/index.js';
import { expressionProblem } from './crm-http.mapping.js';
import {
  bodyProblem,
  headerNameProblem,
  headersProblem,
  NestedMap,
  Rule,
  sizeProblem,
  statusesProblem,
  urlProblem,
} from './crm-http.rules.js';
import { isHeaderText } from './crm-http.templates.js';

/** What holds where an option is left out. */
export const DEFAULTS = {
  spellings: ['e164'],
  notFoundStatus: [404, 204],
  maxResponseSize: '1MiB',
} as const satisfies { spellings: Spelling[]; notFoundStatus: number[]; maxResponseSize: string };

const AUTH_TYPES = ['none', 'basic', 'bearer', 'header'] as const;
type AuthField = 'username' | 'password' | 'token' | 'name' | 'value';
const AUTH_FIELDS: Readonly<Record<(typeof AUTH_TYPES)[number], readonly AuthField[]>> = {
  none: [],
  basic: ['username', 'password'],
  bearer: ['token'],
  header: ['name', 'value'],
};

/** Asked for when its type needs it, refused when another type is chosen. */
function AuthText(field: AuthField, textProblem: (text: string) => string | undefined): PropertyDecorator {
  const type = AUTH_TYPES.find((candidate) => AUTH_FIELDS[candidate].includes(field))!;
  const needed = ValidateIf((auth: CrmHttpAuthOptions) => auth.type === type || auth[field] != null);
  const rule = Rule<CrmHttpAuthOptions>((value, auth) => {
    if (auth.type !== type) return `belongs to auth type ${type}. Take it out, or change type.`;
    if (value == null) return `is missing. Auth type ${type} needs ${AUTH_FIELDS[type].join(' and ')}.`;
    if (typeof value !== 'string') return 'must be text. Put it in quotes.';
    return textProblem(value);
  });
  return (target, property) => {
    needed(target, property);
    rule(target, property);
  };
}

const CONTROL = /[\x00-\x1f\x7f]/;

/** How the service proves itself to the CRM. */
export class CrmHttpAuthOptions {
  @IsIn(AUTH_TYPES, { message: `is no kind of auth. Write ${AUTH_TYPES.join(', ')}. Default: none.` })
  readonly type: (typeof AUTH_TYPES)[number];

  @AuthText('username', (text) =>
    text.includes(':') || CONTROL.test(text)
      ? 'has a colon or a control character, which Basic auth cannot carry.'
      : undefined,
  )
  readonly username?: string;

  /** May be empty: some APIs take the key as the user name. */
  @AuthText('password', (text) =>
    CONTROL.test(text) ? 'has a line end or another control character. Take it out.' : undefined,
  )
  readonly password?: string;

  @AuthText('token', (text) =>
    /^[\x21-\x7e]+$/.test(text)
      ? undefined
      : 'must be one word of ASCII characters. Is it empty, or is there a space or a line end in it?',
  )
  readonly token?: string;

  @AuthText('name', (text) => {
    const problem = headerNameProblem(text);
    return problem === undefined ? undefined : `${problem}, for example X-Api-Key.`;
  })
  readonly name?: string;

  @AuthText('value', (text) =>
    text.trim() !== '' && isHeaderText(text)
      ? undefined
      : 'must be text of one line in Latin-1. Is it empty, or is there a line end in it?',
  )
  readonly value?: string;
}

/** What says "nobody by that number", besides an expression that yields nothing. */
export class CrmHttpNotFoundOptions {
  @IsOptional()
  @Rule(statusesProblem, { type: 'array', items: { type: 'integer', minimum: 201, maximum: 499 } })
  readonly status?: number[];
}

const KNOWN_SPELLINGS = `Known: ${SPELLINGS.join(', ')}. Default: [e164].`;
const SPELLINGS_RULE = `must be a list of spellings, tried in order, for example [e164, national]. ${KNOWN_SPELLINGS}`;

/**
 * The options of a provider of `kind: crm-http`. Plain data throughout, without hidden state: a set of them can be laid
 * over another, so a ready-made CRM is nothing but such a set.
 */
export class CrmHttpOptions {
  /** Template of the address that finds a contact. Scheme and host are fixed; values are percent-encoded. */
  @Rule(urlProblem)
  readonly url: string;

  @IsOptional()
  @IsIn(['GET', 'POST'], { message: 'is no method for a lookup. Write GET or POST. Default: GET.' })
  readonly method?: 'GET' | 'POST';

  /** Name -> template. Credentials stand under `auth`. */
  @IsOptional()
  @Rule(headersProblem, { type: 'object', additionalProperties: { type: 'string' } })
  readonly headers?: Record<string, string>;

  /** JSON: a map or list whose texts are templates, or one template whose result is JSON. */
  @IsOptional()
  @Rule(bodyProblem, { type: ['object', 'array', 'string'] })
  readonly body?: string | JsonObject | Json[];

  @IsOptional()
  @NestedMap(() => CrmHttpAuthOptions, 'must be a map, for example { type: bearer, token: "${CRM_TOKEN}" }.')
  readonly auth?: CrmHttpAuthOptions;

  /** How `number` is written, tried in order until one finds somebody. Default: E.164. */
  @IsOptional()
  @ArrayNotEmpty({ message: SPELLINGS_RULE })
  @IsIn(SPELLINGS, { each: true, message: `is not a spelling. ${KNOWN_SPELLINGS}` })
  readonly spellings?: Spelling[];

  /** JSONata expression: an answer -> a record, several, or nothing. */
  @Rule((value) =>
    typeof value !== 'string' || value.trim() === ''
      ? 'is missing. Write a JSONata expression that makes a record of an answer, for example contacts.{ "tier": level, "name": name }.'
      : expressionProblem(value),
  )
  readonly record: string;

  @IsOptional()
  @NestedMap(() => CrmHttpNotFoundOptions, 'must be a map, for example { status: [404, 204] }.')
  readonly notFound?: CrmHttpNotFoundOptions;

  /** JSONata expression: whatever it yields means that the answer, though its status says success, is a failure. */
  @IsOptional()
  @Rule((value) =>
    typeof value !== 'string' || value.trim() === ''
      ? 'must be a JSONata expression that yields something when the answer is a failure, for example errors.'
      : expressionProblem(value),
  )
  readonly errorPath?: string;

  /** Bytes, or a text such as `256KiB`. */
  @IsOptional()
  @Rule(sizeProblem, { type: ['string', 'integer'] })
  readonly maxResponseSize?: number | string;

  /** The number that health checks ask for. Default: an example number of the provider's country. */
  @IsOptional()
  @Rule((value) =>
    typeof value === 'string' && /\d/.test(value)
      ? undefined
      : 'must be a number in quotes that health checks may ask for, for example "+12025550123".',
  )
  readonly probe?: string;
}

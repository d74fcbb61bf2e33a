import { Type } from 'class-transformer';
import { ArrayNotEmpty, IsBoolean, IsOptional, ValidateNested } from 'class-validator';
import { isPlainObject, isSpellingPattern, Rule, sameTier, SPELLINGS } from '../../plugin-api/index.js';
import type { JsonSchema, Spelling, SpellingPattern } from '../../plugin-api/index.js';
import { CrmHttpAuthOptions } from './crm-http.auth.options.js';
import { presetProblem, presetSchema } from './crm-http.preset.js';
import { rateLimitProblem } from './crm-http.rate-limit.js';
import { Expression, requestOptions, sizeProblem, statusesProblem } from './crm-http.rules.js';
import { CALLER_VARIABLES } from './crm-http.templates.js';
import { CrmHttpSyncOptions, syncHostProblem } from './sync/sync.options.js';

export const DEFAULTS = {
  spellings: ['e164'],
  notFoundStatus: [404, 204],
  maxResponseSize: '1MiB',
} as const satisfies { spellings: Spelling[]; notFoundStatus: number[]; maxResponseSize: string };

/** A slash in a value would leave the path, so no caller could ever be looked up. */
function slashInPathProblem(spellings: unknown, { url }: CrmHttpOptions): string | undefined {
  const slashed = [spellings]
    .flat()
    .find((one): one is string => typeof one === 'string' && one.includes('/'));
  const path = typeof url === 'string' ? url.split('?', 1)[0]! : '';
  return slashed !== undefined && /\{\{-?\s*(number|caller)\b/.test(path)
    ? `has "${slashed}", and url has the number in its path, where a slash begins another part. Write the number into the query, or spell it without a slash.`
    : undefined;
}

/** What means "nobody by that number", besides an expression that yields nothing. */
export class CrmHttpNotFoundOptions {
  @IsOptional()
  @Rule(statusesProblem, { type: 'array', items: { type: 'integer', minimum: 201, maximum: 499 } })
  readonly status?: number[];
}

const KNOWN_SPELLINGS = `Known: ${SPELLINGS.join(', ')}, or a pattern such as (###) ###-####. Default: [e164].`;
const SPELLINGS_RULE = `must be a list of spellings, tried in order, for example [e164, national]. ${KNOWN_SPELLINGS}`;
const SPELLING_SCHEMA: JsonSchema = {
  anyOf: [{ enum: [...SPELLINGS] }, { type: 'string', pattern: '#' }],
};

function spellingProblem(spelling: unknown): string | undefined {
  if (typeof spelling !== 'string') return `is not a spelling. ${KNOWN_SPELLINGS}`;
  if ((SPELLINGS as readonly string[]).includes(spelling) || isSpellingPattern(spelling)) return undefined;
  return spelling.includes('#')
    ? 'is not a pattern of a number. Write # for each digit, and between them blanks and ( ) - . / only; + at the beginning, for example +## (###) ###-####.'
    : `is not a spelling. ${KNOWN_SPELLINGS}`;
}

const TIERS_SCHEMA: JsonSchema = { type: 'array', minItems: 1, uniqueItems: true };
const TIERS_RULE = 'must be a list of tiers, the highest first, for example [platinum, gold, silver].';

function tierProblem(tier: unknown): string | undefined {
  return typeof tier === 'string' && tier.trim() !== ''
    ? undefined
    : 'is not the name of a tier. Write text, for example gold.';
}

/**
 * The options of a provider of `kind: crm-http`. Plain data without hidden state: one set of options can override
 * another, so a preset is nothing but such a set.
 */
export class CrmHttpOptions extends requestOptions('lookup', CALLER_VARIABLES) {
  /** Name of a shipped preset, or path of a preset file; `completeOptions` has already filled in its options. */
  @IsOptional()
  @Rule(presetProblem, presetSchema)
  readonly preset?: string;

  /** Values for the preset's parameters: name -> text. */
  @IsOptional()
  @Rule<CrmHttpOptions>(
    (parameters, { preset }) => {
      if (!isPlainObject(parameters)) return 'must be a map, for example { tierField: vip_tier }.';
      return preset == null ? 'belongs to a preset. Write preset: and its name, or remove it.' : undefined;
    },
    { type: 'object', additionalProperties: { type: ['string', 'number'] } },
  )
  readonly parameters?: Record<string, string | number>;

  @IsOptional()
  @ValidateNested()
  @Type(() => CrmHttpAuthOptions)
  readonly auth?: CrmHttpAuthOptions;

  /** How `number` is written, tried in order until one finds somebody. Default: E.164. */
  @IsOptional()
  @ArrayNotEmpty({ message: SPELLINGS_RULE })
  @Rule(spellingProblem, SPELLING_SCHEMA, { each: true })
  @Rule<CrmHttpOptions>(slashInPathProblem)
  readonly spellings?: (Spelling | SpellingPattern)[];

  /** JSONata expression: an answer -> a record, several, or nothing. */
  @Expression(
    'is missing. Write a JSONata expression that makes a record of an answer, for example contacts.{ "tier": level, "name": name }.',
  )
  readonly record: string;

  /**
   * If several contacts have the caller's number, the first tier of this list wins. Others come last, in the CRM's
   * order.
   */
  @IsOptional()
  @Rule((tiers) => {
    if (!Array.isArray(tiers) || tiers.length === 0) return TIERS_RULE;
    return new Set(tiers.map((tier) => (typeof tier === 'string' ? sameTier(tier) : tier) as unknown)).size <
      tiers.length
      ? 'names a tier twice. Keep the first.'
      : undefined;
  }, TIERS_SCHEMA)
  @Rule(tierProblem, { type: 'string' }, { each: true })
  readonly tierOrder?: string[];

  /** For an API that is asked for one number and answers without numbers: its entries are assumed to be the caller. */
  @IsOptional()
  @IsBoolean({ message: 'must be true or false. Default: false.' })
  readonly trustAnswer?: boolean;

  @IsOptional()
  @ValidateNested()
  @Type(() => CrmHttpNotFoundOptions)
  readonly notFound?: CrmHttpNotFoundOptions;

  /** JSONata expression: if it yields anything, the answer is a failure although its status says success. */
  @IsOptional()
  @Expression(
    'must be a JSONata expression that yields something when the answer is a failure, for example errors.',
  )
  readonly errorPath?: string;

  /** Bytes, or a text such as `256KiB`. */
  @IsOptional()
  @Rule(sizeProblem, { type: ['string', 'integer'] })
  readonly maxResponseSize?: number | string;

  /** Maximum rate of requests to the CRM, such as `5/s`. */
  @IsOptional()
  @Rule(rateLimitProblem, { type: 'string', pattern: '^\\d+/[smh]$', examples: ['5/s', '100/m'] })
  readonly rateLimit?: string;

  /**
   * JSONata expression: if it yields anything for an unsuccessful answer, the CRM's limit is reached, and a pause
   * begins.
   */
  @IsOptional()
  @Expression(
    'must be a JSONata expression that yields something when the CRM says that it is asked too much, for example errorCode = "REQUEST_LIMIT_EXCEEDED".',
  )
  readonly limitReached?: string;

  /** A copy of the CRM's VIPs, pulled ahead of the calls. */
  @IsOptional()
  @ValidateNested()
  @Type(() => CrmHttpSyncOptions)
  @Rule(syncHostProblem)
  readonly sync?: CrmHttpSyncOptions;

  /** The number that health checks ask for. Default: an example number of the provider's country. */
  @IsOptional()
  @Rule((value) =>
    typeof value === 'string' && /\d/.test(value)
      ? undefined
      : 'must be a number in quotes that health checks may ask for, such as "+35850…".',
  )
  readonly probe?: string;
}

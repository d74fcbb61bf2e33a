import { Type } from 'class-transformer';
import { IsBoolean, IsIn, IsOptional, ValidateNested } from 'class-validator';
import { IsDuration, Rule } from '../../../plugin-api/index.js';
import type { Json, JsonObject } from '../../../plugin-api/index.js';
import { RequestTemplate } from '../crm-http.request.js';
import { bodyProblem, Expression, headersProblem, urlProblem } from '../crm-http.rules.js';
import type { TemplateScope, TemplateVariables } from '../crm-http.templates.js';
import { splitUrl } from '../crm-http.request.js';

/** Defaults of options. `$started`: changes since this pull began. */
export const SYNC_DEFAULTS = { fullEvery: '24h', maxShrink: '30%', live: true, cursor: '$started' } as const;

/** The fraction that a text such as `30%` means; `undefined` if it is not a percentage. */
export function readPercent(text: unknown): number | undefined {
  const [, amount] = (typeof text === 'string' && /^(\d{1,3})%$/.exec(text.trim())) || [];
  const part = Number(amount) / 100;
  return part <= 1 ? part : undefined;
}

function percentProblem(text: unknown): string | undefined {
  return readPercent(text) === undefined
    ? 'is not a share. Write a whole number from 0 to 100 with a percent sign, for example 30%. Default: 30%.'
    : undefined;
}

const NAMES = ['page', 'cursor'];
/** The first page, which has no `page` value, and a later one. */
const AS_TEXT: TemplateVariables = {
  names: NAMES,
  samples: [{ cursor: 'sample' }, { page: 'sample', cursor: 'sample' }],
};
/** CRMs count pages and contacts, and some require a number to be a JSON number. */
const AS_NUMBER: TemplateVariables = { names: NAMES, samples: [{ cursor: 7 }, { page: 7, cursor: 7 }] };

function pageBodyProblem(body: unknown, options: { method?: unknown }): string | undefined {
  const problem = bodyProblem(body, options, AS_TEXT);
  return problem === undefined || bodyProblem(body, options, AS_NUMBER) === undefined ? undefined : problem;
}

/** A request that is sent for each page. */
export class CrmHttpPageOptions {
  /** Template of the address, at the host of the provider's own `url`. */
  @Rule((url, options) => urlProblem(url, options, AS_TEXT))
  readonly url: string;

  @IsOptional()
  @IsIn(['GET', 'POST'], { message: 'is not a method for a pull. Write GET or POST. Default: GET.' })
  readonly method?: 'GET' | 'POST';

  /** Name -> template. Credentials are written under the provider's `auth`. */
  @IsOptional()
  @Rule((headers, options) => headersProblem(headers, options, AS_TEXT), {
    type: 'object',
    additionalProperties: { type: 'string' },
  })
  readonly headers?: Record<string, string>;

  /** JSON: a map or list whose texts are templates, or one template whose result is JSON. */
  @IsOptional()
  @Rule(pageBodyProblem, { type: ['object', 'array', 'string'] })
  readonly body?: string | JsonObject | Json[];
}

const example = (text: string): string => `must be a JSONata expression, for example ${text}.`;

/** The options `sync` of a provider of `kind: crm-http`: a copy of its VIPs, pulled ahead of the calls. */
export class CrmHttpSyncOptions {
  /** How often it is pulled. Without it there is no copy, so a preset can contain all the rest. */
  @IsOptional()
  @IsDuration({ min: '10s' })
  @Rule<CrmHttpSyncOptions>((_, { full, records }) => {
    const missing = [full == null ? 'full' : '', records == null ? 'records' : ''].filter(Boolean);
    return missing.length === 0
      ? undefined
      : `needs ${missing.join(' and ')} beside it: the request that lists the VIPs, and what makes records of its answer. A preset may bring them; here none does.`;
  })
  readonly every?: string;

  /** The request that lists all VIPs, page by page. */
  @IsOptional()
  @ValidateNested()
  @Type(() => CrmHttpPageOptions)
  @Rule((full) =>
    templateOf(full)?.uses('cursor')
      ? 'names {{ cursor }}, which belongs to changes: a full pull begins anew.'
      : firstPageProblem(full, {}),
  )
  readonly full?: CrmHttpPageOptions;

  /** The request that lists changes since `cursor`. Without it each pull is a full one. */
  @IsOptional()
  @ValidateNested()
  @Type(() => CrmHttpPageOptions)
  @Rule((changes) => firstPageProblem(changes, { cursor: 'sample' }))
  readonly changes?: CrmHttpPageOptions;

  /** JSONata expression: a page -> contacts, each with the CRM's own `id` and the fields of a record. */
  @IsOptional()
  @Expression(example('contacts.{ "id": id, "number": [phone, mobile], "tier": level }'))
  readonly records?: string;

  /** JSONata expression: a page -> `{{ page }}` of the next one, or its address; nothing at the end. */
  @IsOptional()
  @Expression(example('paging.next.after'))
  readonly next?: string;

  /** JSONata expression: a page -> `{{ cursor }}` of the next pull of changes. Default: when this pull began. */
  @IsOptional()
  @Expression(example('deltaToken'))
  readonly cursor?: string;

  /** JSONata expression: a page -> ids of deleted contacts. */
  @IsOptional()
  @Expression(example('contacts[deleted].id'))
  readonly deleted?: string;

  /** A pull that would shrink the copy by more is refused until it is confirmed. */
  @IsOptional()
  @Rule(percentProblem, { type: 'string', pattern: '^\\d{1,3}%$', examples: ['30%'] })
  readonly maxShrink?: string;

  /** How often everything is pulled if pulls otherwise fetch `changes`. */
  @IsOptional()
  @IsDuration({ min: '10s', default: SYNC_DEFAULTS.fullEvery })
  readonly fullEvery?: string;

  /** Whether the CRM is asked about callers who are not in the copy. */
  @IsOptional()
  @IsBoolean({ message: 'must be true or false. Default: true.' })
  readonly live?: boolean;
}

/** Credentials are sent only to the host of the provider's `url`. */
export function syncHostProblem(sync: unknown, { url }: { url?: unknown }): string | undefined {
  const origin = originOf({ url });
  const { full, changes } = (sync ?? {}) as { full?: unknown; changes?: unknown };
  const stray = Object.entries({ full, changes }).find(([, request]) => {
    const asked = originOf(request);
    return origin !== undefined && asked !== undefined && asked !== origin;
  });
  return stray === undefined
    ? undefined
    : `asks another host under ${stray[0]} than url does. Ask ${origin}: the credentials are sent there only.`;
}

function originOf(request: unknown): string | undefined {
  const { url } = (request ?? {}) as { url?: unknown };
  return typeof url === 'string' ? splitUrl(url)?.origin : undefined;
}

function firstPageProblem(request: unknown, scope: TemplateScope): string | undefined {
  const template = templateOf(request);
  return template !== undefined && template.fill(scope) === undefined
    ? 'names {{ page }} where there is none yet, in the first request. Write {% if page %}…{% endif %} or {{ page | default: 1 }}.'
    : undefined;
}

/** `undefined` if it cannot be read; the rules of its own options say why. */
function templateOf(request: unknown): RequestTemplate | undefined {
  const options = (request ?? {}) as CrmHttpPageOptions;
  const { url, headers, body } = options;
  const isUsable =
    urlProblem(url, options, AS_TEXT) === undefined &&
    (headers == null || headersProblem(headers, options, AS_TEXT) === undefined) &&
    (body == null || pageBodyProblem(body, options) === undefined);
  return isUsable ? new RequestTemplate(options) : undefined;
}

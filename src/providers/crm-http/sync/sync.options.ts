import { Type } from 'class-transformer';
import { IsBoolean, IsOptional, ValidateNested } from 'class-validator';
import { IsDuration, Rule } from '../../../plugin-api/index.js';
import type { OptionProblem } from '../../../plugin-api/index.js';
import { RequestTemplate } from '../crm-http.request.js';
import { Expression, requestOptions, splitUrl } from '../crm-http.rules.js';
import type { TemplateScope } from '../crm-http.templates.js';

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

/** The first page, which has no `page` value, and a later one. */
const pagesOf = (sample: string | number): TemplateScope[] => [
  { cursor: sample },
  { page: sample, cursor: sample },
];
/** CRMs count pages and contacts, and some require a number to be a JSON number. */
const PAGE_VARIABLES = { names: ['page', 'cursor'], samples: [pagesOf('sample'), pagesOf(7)] };

/** A request that is sent for each page, to the host of the provider's own `url`. */
export class CrmHttpPageOptions extends requestOptions('pull', PAGE_VARIABLES) {}

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

/** What pulls cannot notice with these options. */
export function adviseSync({
  errorPath,
  sync,
}: {
  readonly errorPath?: string;
  readonly sync?: CrmHttpSyncOptions;
}): OptionProblem[] {
  if (sync?.every == null) return [];
  const advice: OptionProblem[] = [];
  if (errorPath == null) {
    const message =
      'has no errorPath beside it. A CRM that reports an error with HTTP status 200 may then end a pull early; errors under common names, and pages unlike those before, are noticed. Write for example errorPath: $not($exists(contacts)).';
    advice.push({ path: ['sync'], message });
  }
  if (sync.changes != null && sync.deleted == null && sync.fullEvery == null) {
    const message = `has no deleted beside it. A contact that was deleted in the CRM stays a VIP until everything is pulled, every ${SYNC_DEFAULTS.fullEvery} unless fullEvery says otherwise. Write deleted, or fullEvery.`;
    advice.push({ path: ['sync', 'changes'], message });
  }
  return advice;
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

/** Says nothing of a request that cannot be filled in later either: the rules of its own options say why. */
function firstPageProblem(request: unknown, scope: TemplateScope): string | undefined {
  const template = templateOf(request);
  const needsPage =
    template?.fill(scope) === undefined && template?.fill({ page: 'sample', ...scope }) !== undefined;
  return needsPage
    ? 'names {{ page }} where there is none yet, in the first request. Write {% if page %}…{% endif %} or {{ page | default: 1 }}.'
    : undefined;
}

function templateOf(request: unknown): RequestTemplate | undefined {
  try {
    return new RequestTemplate(request as CrmHttpPageOptions);
  } catch {
    return undefined; // as above
  }
}

import { setTimeout as sleep } from 'node:timers/promises';
import { durationMs } from '../../../plugin-api/index.js';
import type { ProviderContext } from '../../../plugin-api/index.js';
import { DEFAULTS } from '../crm-http.options.js';
import type { CrmHttpOptions } from '../crm-http.options.js';
import { readRate } from '../crm-http.rate-limit.js';
import { TextTemplate } from '../crm-http.templates.js';
import { TEMPO } from '../crm-http.tempo.js';
import type { CrmTransport } from '../crm-http.transport.js';
import type { Evaluator } from '../crm-http.evaluator.js';
import { READING } from './contact.js';
import { digest, PAGE_LIMITS, PageReader, PageRequest } from './page-reader.js';
import type { Pace } from './page-reader.js';
import { readPercent, SYNC_DEFAULTS } from './sync.options.js';
import type { CrmHttpPageOptions } from './sync.options.js';
import { SyncedCopy } from './synced-copy.js';

/** For a page, only this status means "nothing"; 404 means a wrong address, or a truncated list. */
const NO_CONTENT = 204;

/**
 * Maximum result of an expression on a page, as a multiple of the largest answer: its contacts may be longer than
 * those of the answer.
 */
const LONGER = 4;
/** 12 s. */
const MAX_PAGE_TICKS = 120;

/** The other half of the CRM's limit is left for calls. */
const PULLS_PART = 1 / 2;

/** The JSONata expressions that interpret a page, in the order of evaluation. */
export function pageExpressionsOf({ errorPath, sync }: CrmHttpOptions) {
  return {
    errorPath,
    'sync.records': sync?.records,
    'sync.deleted': sync?.deleted,
    'sync.next': sync?.next,
    'sync.cursor': sync?.cursor ?? SYNC_DEFAULTS.cursor,
  };
}

/**
 * The copy that the options configure; `undefined` if none.
 * @param evaluator of `pageExpressionsOf`
 */
export function makeCopy(
  context: ProviderContext<CrmHttpOptions>,
  transport: Pick<CrmTransport, 'ask'>,
  evaluator: Evaluator,
  tempo = TEMPO,
): SyncedCopy | undefined {
  const { options, country, timezone } = context;
  const { every, full, changes, records, next, cursor, deleted, ...sync } = options.sync ?? {};
  if (every == null || full == null) return undefined;
  const expressions = { records: records!, next, cursor: cursor ?? SYNC_DEFAULTS.cursor, deleted };
  const nothing = (options.notFound?.status ?? DEFAULTS.notFoundStatus).filter(
    (status) => status === NO_CONTENT,
  );
  const asked = Object.keys(pageExpressionsOf(options));
  const limits = { maxTicks: MAX_PAGE_TICKS, maxCharacters: LONGER * evaluator.maxResponseBytes };
  const asking = {
    full: withHeadersOf(options, full),
    changes: changes == null ? undefined : withHeadersOf(options, changes),
  };
  const source = {
    full: new PageRequest('sync.full', asking.full),
    changes: asking.changes && new PageRequest('sync.changes', asking.changes),
    pages: new PageReader(
      (request, bindings, signal) =>
        transport.ask(
          request,
          signal,
          'owe',
          (body) => evaluator.evaluate(body, asked, bindings, limits, signal),
          nothing,
        ),
      PAGE_LIMITS,
      tempo,
      paceOf(options.rateLimit),
    ),
    locale: { country, timezone },
    fingerprint: digest([
      READING,
      asking.full,
      asking.changes ?? null,
      expressions,
      country ?? null,
      timezone,
    ]).slice(0, 22),
  };
  return new SyncedCopy(context, source, {
    everyMs: durationMs(every),
    fullEveryMs: durationMs(sync.fullEvery ?? SYNC_DEFAULTS.fullEvery),
    maxShrink: readPercent(sync.maxShrink ?? SYNC_DEFAULTS.maxShrink)!,
    pollMs: tempo.pollMs,
  });
}

/** Headers that the CRM wants with each request are written once. Those with something of a caller are for lookups only. */
export function withHeadersOf(
  { headers }: Pick<CrmHttpOptions, 'headers'>,
  page: CrmHttpPageOptions,
): CrmHttpPageOptions {
  const own = Object.keys(page.headers ?? {}).map((name) => name.toLowerCase());
  const inherited = Object.entries(headers ?? {}).filter(([name, value]) => {
    const lower = name.toLowerCase();
    const isOfBody = lower === 'content-type' && page.body == null;
    return !own.includes(lower) && !isOfBody && new TextTemplate(value, 'header').variables().length === 0;
  });
  if (inherited.length === 0) return page;
  return { ...page, headers: { ...Object.fromEntries(inherited), ...page.headers } };
}

/**
 * Pages begin only so often that half of the limit is left. Their tokens may be owed, so that calls never make a page
 * fail.
 */
export function paceOf(rateLimit: string | null | undefined): Pace {
  const perMs = rateLimit == null ? undefined : readRate(rateLimit)?.perMs;
  const apartMs = perMs === undefined ? 0 : 1 / (perMs * PULLS_PART);
  let nextMs = 0;
  return async (signal) => {
    const waitMs = nextMs - performance.now();
    if (waitMs > 0) await sleep(waitMs, undefined, { signal });
    nextMs = performance.now() + apartMs;
  };
}

import { createHash } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { durationMs } from '../../../plugin-api/index.js';
import type { ProviderContext } from '../../../plugin-api/index.js';
import { DEFAULTS } from '../crm-http.options.js';
import type { CrmHttpOptions } from '../crm-http.options.js';
import { readRate } from '../crm-http.rate-limit.js';
import { TEMPO } from '../crm-http.tempo.js';
import { RequestTemplate } from '../crm-http.request.js';
import type { CrmTransport } from '../crm-http.transport.js';
import { PageExpressions } from './page-expressions.js';
import { PAGE_LIMITS, PageReader, PageRequest } from './page-reader.js';
import type { Pace } from './page-reader.js';
import { readPercent, SYNC_DEFAULTS } from './sync.options.js';
import type { CrmHttpPageOptions } from './sync.options.js';
import { SyncedCopy } from './synced-copy.js';

/** Of a page only this says that there is nothing; 404 means a wrong address, or half a list. */
const NO_CONTENT = 204;

/** Calls keep the other half of what the CRM allows. */
const PULLS_PART = 1 / 2;

/** The copy that the options ask for; `undefined` when they ask for none. */
export function makeCopy(
  context: ProviderContext<CrmHttpOptions>,
  transport: Pick<CrmTransport, 'ask'>,
  pageExpressions: PageExpressions,
  tempo = TEMPO,
): SyncedCopy | undefined {
  const { options, country } = context;
  const { every, full, changes, records, next, cursor, deleted, ...sync } = options.sync ?? {};
  if (every == null || full == null) return undefined;
  const expressions = { records: records!, next, cursor: cursor ?? SYNC_DEFAULTS.cursor, deleted };
  const nothing = (options.notFound?.status ?? DEFAULTS.notFoundStatus).filter(
    (status) => status === NO_CONTENT,
  );
  const source = {
    full: pageRequest('sync.full', full),
    changes: changes == null ? undefined : pageRequest('sync.changes', changes),
    pages: new PageReader(
      (request, bindings, signal) =>
        transport.ask(
          request,
          signal,
          'owe',
          (body) => pageExpressions.read(body, bindings, signal),
          nothing,
        ),
      PAGE_LIMITS,
      tempo,
      paceOf(options.rateLimit),
    ),
    country,
    fingerprint: fingerprintOf([full, changes ?? null, expressions, country ?? null]),
  };
  return new SyncedCopy(context, source, {
    everyMs: durationMs(every),
    fullEveryMs: durationMs(sync.fullEvery ?? SYNC_DEFAULTS.fullEvery),
    maxShrink: readPercent(sync.maxShrink ?? SYNC_DEFAULTS.maxShrink)!,
    pollMs: tempo.pollMs,
  });
}

function pageRequest(key: string, options: CrmHttpPageOptions): PageRequest {
  const template = new RequestTemplate(options);
  return new PageRequest(key, template, template.uses('page'));
}

/** A page begins only so often that half of the limit is left; then it is owed, so that calls never make it fail. */
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

/** Tells copies apart that were pulled in different ways. */
function fingerprintOf(parts: unknown): string {
  return createHash('sha256').update(JSON.stringify(parts)).digest('base64url').slice(0, 22);
}

import { createHash } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { isPlainObject, VipLookupError, withTimeLimit } from '../../../plugin-api/index.js';
import type { Json } from '../../../plugin-api/index.js';
import { messageOf } from '../crm-http.failures.js';
import { RefusedError } from '../crm-http.refused.js';
import { RequestTemplate } from '../crm-http.request.js';
import type { CrmRequest } from '../crm-http.request.js';
import type { CrmTempo } from '../crm-http.tempo.js';
import { MappingError } from '../crm-http.evaluator.js';
import type { Content, Yield } from '../crm-http.evaluator.js';
import type { CrmHttpPageOptions } from './sync.options.js';
import { readDeletedId } from './contact.js';
import { PageShapes } from './page-shape.js';

/** Variables of expressions besides the answer: `$page`, `$cursor`, `$started`. */
type PageBindings = Readonly<{
  page: Json | undefined;
  cursor: Json | undefined;
  /** ISO 8601. */
  started: string;
}>;

/** Waits until the next request of a pull may be sent. */
export type Pace = (signal: AbortSignal) => Promise<void>;

type Waiting = (why: string) => void;

export interface Page {
  /** The results of `records`, one by one. */
  readonly entries: readonly Json[];
  /** Ids of deleted contacts. */
  readonly deleted: readonly string[];
  /** Where the next pull of changes begins, if this page says so. */
  readonly cursor: Json | undefined;
  /** Whether `next` leads to another page. */
  readonly goesOn: boolean;
}

export const PAGE_LIMITS = { pages: 20_000, contacts: 500_000 };

/** How long a pull waits while the CRM asks for a pause. */
const BUSY_PATIENCE_MS = 15 * 60_000;
const MAX_CURSOR_CHARACTERS = 10_000;
/** A CRM may skip many contacts that do not match, and return empty pages, but not forever. */
const MAX_EMPTY_PAGES = 100;
const MAX_SHOWN_CHARACTERS = 120;

/** Reads the pages of one pull, one after the other. */
export class PageReader {
  /** @param ask sends a request and evaluates the expressions on the answer; `undefined`: it says that there is nothing */
  constructor(
    private readonly ask: (
      request: CrmRequest,
      bindings: PageBindings,
      signal: AbortSignal,
    ) => Promise<Yield | undefined>,
    private readonly limits: typeof PAGE_LIMITS,
    private readonly tempo: Pick<CrmTempo, 'pageMs' | 'pageLimitMs' | 'busyMs'>,
    private readonly pace: Pace = async () => undefined,
  ) {}

  /**
   * @param cursor where the last pull ended; `undefined` for a full one
   * @param started ISO 8601; what the expressions know as `$started`
   * @param waiting told why a page is not requested yet, one sentence
   * @throws VipLookupError if a page cannot be fetched or read, or a limit is reached
   */
  async *pages(
    request: PageRequest,
    cursor: Json | undefined,
    started: string,
    signal: AbortSignal,
    waiting: Waiting = () => undefined,
  ): AsyncGenerator<Page, void, undefined> {
    let found = cursor;
    let contacts = 0;
    let next: Json | undefined;
    const read = new PagesRead();
    const shapes = new PageShapes();
    for (let count = 1; ; count++) {
      if (count > this.limits.pages)
        throw new VipLookupError(`there are more than ${this.limits.pages} pages; does sync.next ever end?`);
      const filled = request.forPage(next, cursor);
      read.asking(filled, next);
      const page = request.uses('page') ? next : undefined;
      const answer = await this.#ask(filled, { page, cursor: found, started }, signal, waiting);
      if (answer === undefined) return;
      const { values } = answer;
      const told = values['sync.cursor'];
      const entries = listOf(values['sync.records']);
      const deleted = listOf(values['sync.deleted']).map(readDeletedId);
      shapes.read(count, answer.content!.shape, entries.length + deleted.length);
      contacts += entries.length;
      if (contacts > this.limits.contacts) {
        throw new VipLookupError(
          `there are more than ${this.limits.contacts} contacts; pull only those that are VIPs`,
        );
      }
      if (JSON.stringify(told ?? null).length > MAX_CURSOR_CHARACTERS) {
        throw new VipLookupError(`mapping: sync.cursor is longer than ${MAX_CURSOR_CHARACTERS} characters`);
      }
      found = told ?? found;
      next = values['sync.next'];
      const goesOn = !isNothing(next);
      yield { entries, deleted, cursor: found, goesOn };
      if (!goesOn) return;
      read.read(answer.content!);
    }
  }

  async #ask(
    request: CrmRequest,
    bindings: PageBindings,
    signal: AbortSignal,
    waiting: Waiting,
  ): Promise<Yield | undefined> {
    let busyUntilMs = performance.now() + BUSY_PATIENCE_MS;
    for (let failures = 0; ;) {
      try {
        // Does not count towards the page's time or the patience: with a slow rate limit, the wait alone is longer
        // than both.
        const beganMs = performance.now();
        await this.pace(signal);
        busyUntilMs += performance.now() - beganMs;
        return await withTimeLimit(this.tempo.pageLimitMs, [signal], (limited) =>
          this.ask(request, bindings, limited),
        );
      } catch (error) {
        signal.throwIfAborted();
        if (error instanceof MappingError || error instanceof RefusedError) throw error;
        const isBusy = (error as { name?: unknown }).name === 'VipLookupBusyError';
        if (isBusy && performance.now() > busyUntilMs) throw error;
        const pauseMs = isBusy ? this.tempo.busyMs : this.tempo.pageMs[failures++];
        if (pauseMs === undefined) throw error;
        waiting(isBusy ? messageOf(error) : `${messageOf(error)}; trying again in ${pauseMs / 1_000} s`);
        await sleep(pauseMs, undefined, { signal }).catch(() => signal.throwIfAborted());
      }
    }
  }
}

/** The requests and results of one pull, so that it notices when the pages lead nowhere. */
export class PagesRead {
  /** Request -> number of its page, from 1. */
  readonly #requests = new Map<string, number>();
  readonly #contents = new Set<string>();
  #emptyInARow = 0;

  /**
   * Call it before a page is requested.
   * @param next the value that led to it
   * @throws VipLookupError if it was read before
   */
  asking(request: CrmRequest, next: Json | undefined): void {
    const key = digest(sameFor(request));
    const before = this.#requests.get(key);
    if (before !== undefined) {
      throw new VipLookupError(
        `mapping: sync.next leads from page ${this.#requests.size} back to page ${before}: ${shown(next)}`,
      );
    }
    this.#requests.set(key, this.#requests.size + 1);
  }

  /**
   * Call it after a page that has a next one.
   * @throws VipLookupError if its content equals that of an earlier page, or there were too many empty pages
   */
  read(answer: Content): void {
    if (answer.isEmpty) {
      if (++this.#emptyInARow < MAX_EMPTY_PAGES) return;
      throw new VipLookupError(`mapping: sync.next continues after ${MAX_EMPTY_PAGES} empty pages in a row`);
    }
    this.#emptyInARow = 0;
    // An answer may also contain the time. A single contact may well appear on two pages.
    const contents = [answer.digest, answer.recordsDigest].filter((one) => one !== undefined);
    if (contents.some((content) => this.#contents.has(content))) {
      throw new VipLookupError(
        `mapping: page ${this.#requests.size} has the same content as an earlier page; does the CRM use the value of sync.next?`,
      );
    }
    for (const content of contents) this.#contents.add(content);
  }
}

/** A configured request, and how to get its further pages. */
export class PageRequest extends RequestTemplate {
  constructor(
    private readonly key: string,
    options: CrmHttpPageOptions,
  ) {
    super(options);
  }

  /**
   * @param next the previous page's `next`, a value for `{{ page }}` if that is used, otherwise the address of the next page;
   *   `undefined` for the first page
   * @throws VipLookupError if the templates need a missing value, or the link leads to another host
   */
  forPage(next: Json | undefined, cursor: Json | undefined): CrmRequest {
    const request = this.fill({
      ...(next !== undefined && { page: next }),
      ...(cursor !== undefined && { cursor }),
    });
    if (request === undefined) {
      throw new VipLookupError(
        `${this.key} names {{ page }} or {{ cursor }} where there is none yet; write {% if page %}…{% endif %} or {{ page | default: 1 }}`,
      );
    }
    if (next === undefined || this.uses('page')) return request;
    if (typeof next !== 'string') {
      throw new VipLookupError(
        'mapping: sync.next must yield the address of the next page, as no template of the request names {{ page }}',
      );
    }
    const here = `${request.origin}${request.path}`;
    const url = URL.canParse(next, here) ? new URL(next, here) : undefined;
    if (url?.origin !== request.origin) {
      throw new VipLookupError(
        `mapping: sync.next leads to another host than ${request.origin}; credentials stay with the configured one`,
      );
    }
    return { ...request, path: `${url.pathname}${url.search}` };
  }
}

function isNothing(next: Json | undefined): boolean {
  return next == null || next === false || next === '' || (Array.isArray(next) && next.length === 0);
}

function listOf(value: Json | undefined): readonly Json[] {
  if (value == null) return [];
  if (Array.isArray(value)) return value;
  return isPlainObject(value) || typeof value !== 'object' ? [value] : [];
}

/** Another order of a query's parameters is not another page. */
function sameFor({ origin, path, headers, body = '' }: CrmRequest): Json {
  const { pathname, searchParams } = new URL(path, origin);
  searchParams.sort();
  return [pathname, searchParams.toString(), { ...headers }, body];
}

/** SHA-256 of a value as JSON. */
export function digest(value: unknown): string {
  return createHash('sha256').update(JSON.stringify(value)).digest('base64url');
}

/** Without possible secrets or telephone numbers: values of parameters, and long texts. */
function shown(next: Json | undefined): string {
  const text = typeof next === 'string' ? next : JSON.stringify(next ?? null);
  return text
    .replace(/([?&][^=&]+=)[^&]{7,}/g, '$1…')
    .replace(/\+?\d{7,}|[^/?&=#:.,{}"]{13,}/g, '…')
    .slice(0, MAX_SHOWN_CHARACTERS);
}

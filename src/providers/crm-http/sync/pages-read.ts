import { createHash } from 'node:crypto';
import { VipLookupError } from '../../../plugin-api/index.js';
import type { Json } from '../../../plugin-api/index.js';
import type { Content } from '../crm-http.evaluator.js';
import type { CrmRequest } from '../crm-http.request.js';

/** A CRM may skip many contacts that do not match, and return empty pages, but not forever. */
const MAX_EMPTY_PAGES = 100;
const MAX_SHOWN_CHARACTERS = 120;

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

/** Another order of a query's parameters is not another page. */
function sameFor({ origin, path, headers, body = '' }: CrmRequest): Json {
  const { pathname, searchParams } = new URL(path, origin);
  searchParams.sort();
  return [pathname, searchParams.toString(), { ...headers }, body];
}

function digest(value: Json): string {
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

import { VipLookupError } from '../../../plugin-api/index.js';

/** A CRM may return a contact more than once, even on several pages, but not forever. */
const MAX_STALE_PAGES = 100;

/** What a pull has found so far. A contact may come twice; the last entry counts. */
export class Tally {
  readonly contacts = new Set<string>();
  readonly gone = new Set<string>();
  skipped = 0;
  problem: string | undefined;
  pages = 0;
  #known = 0;
  #stalePages = 0;
  #lastWithNew = 0;

  count(id: string | undefined, isVip: boolean, problem?: string): void {
    if (id !== undefined) {
      this[isVip ? 'contacts' : 'gone'].add(id);
      this[isVip ? 'gone' : 'contacts'].delete(id);
    }
    if (problem === undefined) return;
    this.skipped++;
    this.problem ??= problem;
  }

  /**
   * Call it after a page that has a next one. Pages without contacts do not count, because `records` may select only
   * a few from a large CRM.
   * @param contacts on the page, VIPs or not
   * @throws VipLookupError if too many pages in a row had contacts, but none that was new to this pull
   */
  endPage(contacts: number): void {
    const seen = this.contacts.size + this.gone.size;
    if (seen > this.#known) {
      this.#known = seen;
      this.#stalePages = 0;
      this.#lastWithNew = this.pages;
    } else if (contacts > 0 && ++this.#stalePages === MAX_STALE_PAGES) {
      throw new VipLookupError(
        `mapping: ${MAX_STALE_PAGES} pages in a row, up to page ${this.pages}, hold only contacts that were on the pages before (the last new one is on page ${this.#lastWithNew}); does the CRM use the value of sync.next? Check sync.next, and where the request names the page`,
      );
    }
  }
}

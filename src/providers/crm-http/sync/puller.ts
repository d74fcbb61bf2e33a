import { randomBytes } from 'node:crypto';
import { VipLookupError } from '../../../plugin-api/index.js';
import type { ExclusiveRight, SyncOptions, SyncReport } from '../../../plugin-api/index.js';
import type { Locale } from '../crm-http.mapping.js';
import { readContact } from './contact.js';
import { unreadDocument } from './copy-index.js';
import type { CopyIndex } from './copy-index.js';
import type { CopyState, CopyStore, PartWriter, UnnamedContacts } from './copy-store.js';
import type { Page, PageReader, PageRequest } from './page-reader.js';
import { PageSizes } from './shrink.js';
import { withTurns } from './with-turns.js';
import { NotVips } from './without-vips.js';

/** A finished pull; nothing takes effect before `state` is committed. */
export interface Pulled {
  readonly state: CopyState;
  readonly report: SyncReport;
  /** Why it has no VIP although there were contacts; `undefined` if it has some, or there were none. */
  readonly lacksVips: string | undefined;
}

/** Where a pull takes its pages from. */
export interface PullSource {
  readonly full: PageRequest;
  readonly changes: PageRequest | undefined;
  readonly pages: PageReader;
  readonly locale: Locale;
  /** See `CopyState.source`. */
  readonly fingerprint: string;
}

/**
 * Clocks differ, and a CRM may show a change late: changes from this long before the pull are requested again next
 * time.
 */
const OVERLAP_MS = 2 * 60_000;

/** A CRM may return a contact more than once, even on several pages, but not forever. */
const MAX_STALE_PAGES = 100;
/** How many contacts without an id are named one by one. */
const MAX_FIRST = 3;

/**
 * Pulls everything into a new generation, or the changes since the last pull as further parts of its generation.
 * @param before the current copy, if changes are enough
 */
export async function pull(
  source: PullSource,
  store: CopyStore,
  before: { readonly state: CopyState; readonly index: CopyIndex } | undefined,
  right: ExclusiveRight,
  signal: AbortSignal,
  onProgress: SyncOptions['onProgress'] = () => undefined,
): Promise<Pulled> {
  const kind = before === undefined ? ('full' as const) : ('changes' as const);
  const { generation, parts } = before?.state ?? { generation: randomBytes(6).toString('hex'), parts: 0 };
  const writer = store.writer(generation, parts, right);
  const tally = new Tally();
  const sizes = new PageSizes();
  const begun = new Date();
  const started = new Date(begun.getTime() - OVERLAP_MS).toISOString();
  let cursor = before?.state.cursor;
  const soFar = () => ({ pages: tally.pages, entries: tally.contacts.size });
  const waiting = (why: string): void => onProgress({ ...soFar(), waiting: why });
  for await (const page of source.pages.pages(source[kind]!, cursor, started, signal, waiting)) {
    tally.pages++;
    cursor = page.cursor;
    await take(page, source.locale, writer, tally);
    onProgress(soFar());
    sizes.page(page);
    if (page.goesOn) tally.endPage(page.entries.length);
    signal.throwIfAborted();
  }
  await writer.flush();
  const { contacts: found, gone, skipped, problem, pages } = tally;
  if (kind === 'full' && found.size === 0 && problem !== undefined) {
    throw new VipLookupError(`none of ${skipped} contacts can be read: ${problem}`);
  }
  let contacts = before?.state.contacts ?? 0;
  for (const id of found) if (!before?.index.has(id)) contacts++;
  for (const id of gone) if (before?.index.has(id)) contacts--;
  const pulledAt = begun.toISOString();
  const state = {
    generation,
    parts: writer.parts,
    contacts,
    fullAt: before?.state.fullAt ?? pulledAt,
    pulledAt,
    source: source.fingerprint,
    pages: before === undefined ? sizes.pulled : before.state.pages,
    ...unnamedOf(before?.state.unnamed, tally.unnamed),
    ...(cursor !== undefined && { cursor }),
  };
  const { notVips } = tally;
  const hasNoVips = contacts === 0 && (before?.state.hasNoVips ?? (kind === 'full' && notVips.areSeveral));
  const changed = found.size + (before ? gone.size : 0);
  const report = {
    kind,
    entries: contacts,
    changed,
    pages,
    skipped,
    ...(notVips.count > 0 && { notVips: notVips.count }),
    ...(problem !== undefined && { problem }),
  };
  return {
    state: { ...state, ...(hasNoVips && { hasNoVips }) },
    report,
    lacksVips: hasNoVips && kind === 'full' ? notVips.sentence : undefined,
  };
}

/** Those of a pull of changes are added to those before, until a full pull. */
function unnamedOf(
  before: UnnamedContacts | undefined,
  now: UnnamedContacts | undefined,
): Pick<CopyState, 'unnamed'> {
  const both = [before ?? [], now ?? []].flat();
  if (both.length === 0) return {};
  const count = both.reduce((sum, one) => sum + one.count, 0);
  return { unnamed: { count, first: both.flatMap(({ first }) => first).slice(0, MAX_FIRST) } };
}

async function take(
  { entries, deleted }: Page,
  locale: Locale,
  writer: PartWriter,
  tally: Tally,
): Promise<void> {
  let place = 0;
  let unnamed = 0;
  for await (const entry of withTurns(entries)) {
    const { id, document, problem } = readContact(entry, locale);
    tally.count(id, document !== undefined, problem);
    if (document === undefined && problem === undefined) tally.notVips.add(entry);
    place++;
    if (id !== undefined) {
      await writer.add(id, problem === undefined ? document : unreadDocument(problem));
      continue;
    }
    tally.addUnnamed(`${place} on page ${tally.pages}`, problem!);
    // If there is only one, the contact is unusual rather than the expression wrong; it must not block all other
    // changes.
    if (++unnamed === entries.length && unnamed > 1) throw new VipLookupError(`mapping: ${problem}`);
  }
  for (const id of deleted) {
    tally.count(id, false);
    await writer.add(id, undefined);
  }
}

/** What a pull has found so far. A contact may come twice; the last entry counts. */
export class Tally {
  readonly contacts = new Set<string>();
  readonly gone = new Set<string>();
  readonly notVips = new NotVips();
  skipped = 0;
  unnamed: UnnamedContacts | undefined;
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

  addUnnamed(place: string, problem: string): void {
    const { count = 0, first = [] } = this.unnamed ?? {};
    const all = first.length < MAX_FIRST ? [...first, [place, problem] as const] : first;
    this.unnamed = { count: count + 1, first: all };
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

import { setImmediate as nextTurn } from 'node:timers/promises';
import { randomBytes } from 'node:crypto';
import { VipLookupError } from '../../../plugin-api/index.js';
import type { ExclusiveRight } from '../../../plugin-api/index.js';
import type { Locale } from '../crm-http.mapping.js';
import { readContact } from './contact.js';
import type { CopyIndex } from './copy-index.js';
import type { CopyState, CopyStore, PartWriter } from './copy-store.js';
import type { Page, PageReader, PageRequest } from './page-reader.js';
import { Tally } from './tally.js';

export type PullKind = 'full' | 'changes';

/** A finished pull; nothing takes effect before `state` is committed. */
export interface Pulled {
  readonly kind: PullKind;
  readonly state: CopyState;
  /** Contacts that the pull wrote or removed. */
  readonly changed: number;
  /** Contacts that could not be read and are left out. */
  readonly skipped: number;
  /** The problem of the first of them. */
  readonly problem: string | undefined;
  readonly pages: number;
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

/** Calls wait while contacts are read, so there is a pause after this time. */
const SLICE_MS = 4;
/**
 * Clocks differ, and a CRM may show a change late: changes from this long before the pull are requested again next
 * time.
 */
const OVERLAP_MS = 2 * 60_000;

/** Pulls contacts into parts of the copy. */
export class Puller {
  constructor(
    private readonly source: PullSource,
    private readonly store: CopyStore,
  ) {}

  /**
   * Pulls everything into a new generation, or the changes since the last pull as further parts of its generation.
   * @param before the current copy, if changes are enough
   */
  async pull(
    before: { readonly state: CopyState; readonly index: CopyIndex } | undefined,
    right: ExclusiveRight,
    signal: AbortSignal,
  ): Promise<Pulled> {
    const kind = before === undefined ? 'full' : 'changes';
    const { generation, parts } = before?.state ?? { generation: randomBytes(6).toString('hex'), parts: 0 };
    const writer = this.store.writer(generation, parts, right);
    const tally = new Tally();
    const begun = new Date();
    const started = new Date(begun.getTime() - OVERLAP_MS).toISOString();
    let cursor = before?.state.cursor;
    for await (const page of this.source.pages.pages(this.source[kind]!, cursor, started, signal)) {
      tally.pages++;
      cursor = page.cursor;
      await this.#take(page, writer, tally);
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
      source: this.source.fingerprint,
      ...(cursor !== undefined && { cursor }),
    };
    return { kind, state, changed: found.size + (before ? gone.size : 0), skipped, problem, pages };
  }

  async #take({ entries, deleted }: Page, writer: PartWriter, tally: Tally): Promise<void> {
    let sliceMs = performance.now();
    let unnamed = 0;
    for (const entry of entries) {
      const { id, document, problem } = readContact(entry, this.source.locale);
      tally.count(id, document !== undefined, problem);
      if (id !== undefined) await writer.add(id, document);
      // If there is only one, the contact is unusual rather than the expression wrong; it must not block all other
      // changes.
      else if (++unnamed === entries.length && unnamed > 1) throw new VipLookupError(`mapping: ${problem}`);
      if (performance.now() - sliceMs > SLICE_MS) {
        await nextTurn();
        sliceMs = performance.now();
      }
    }
    for (const id of deleted) {
      tally.count(id, false);
      await writer.add(id, undefined);
    }
  }
}

import { setImmediate as nextTurn } from 'node:timers/promises';
import { randomBytes } from 'node:crypto';
import { VipLookupError } from '../../../plugin-api/index.js';
import type { ExclusiveRight, Json } from '../../../plugin-api/index.js';
import { readContact } from './contact.js';
import type { CopyIndex } from './copy-index.js';
import type { CopyState, CopyStore, PartWriter } from './copy-store.js';
import type { Page, PageReader, PageRequest } from './page-reader.js';
import { Tally } from './tally.js';

export type PullKind = 'full' | 'changes';

/** A pull that came to its end; nothing counts before `state` is committed. */
export interface Pulled {
  readonly kind: PullKind;
  readonly state: CopyState;
  /** Contacts that the pull wrote or removed. */
  readonly changed: number;
  /** Contacts that could not be read and are left out. */
  readonly skipped: number;
  /** What is wrong with the first of them. */
  readonly problem: string | undefined;
  readonly pages: number;
}

/** Where a pull takes its pages from. */
export interface PullSource {
  readonly full: PageRequest;
  readonly changes: PageRequest | undefined;
  readonly pages: PageReader;
  readonly country: string | undefined;
  /** See `CopyState.source`. */
  readonly fingerprint: string;
}

/** Calls wait while a contact is read, so others get their turn after this. */
const SLICE_MS = 4;
/** Clocks differ, and a CRM may show a change late: what changed this long before the pull is asked for again next time. */
const OVERLAP_MS = 2 * 60_000;

/** Pulls contacts into parts of the copy. */
export class Puller {
  constructor(
    private readonly source: PullSource,
    private readonly store: CopyStore,
  ) {}

  /** Everything, into a generation of its own. */
  async full(right: ExclusiveRight, signal: AbortSignal): Promise<Pulled> {
    const writer = this.store.writer(randomBytes(6).toString('hex'), 0, right);
    const tally = new Tally();
    const begun = new Date();
    const cursor = await this.#pull(this.source.full, undefined, begun, writer, tally, signal);
    if (tally.contacts.size === 0 && tally.problem !== undefined) {
      throw new VipLookupError(`none of ${tally.skipped} contacts can be read: ${tally.problem}`);
    }
    return this.#pulled('full', writer, tally, tally.contacts.size, {
      fullAt: begun.toISOString(),
      pulledAt: begun.toISOString(),
      cursor,
    });
  }

  /** What changed since the last pull, as further parts. @param index of the copy as it is */
  async changes(
    copy: CopyState,
    index: CopyIndex,
    right: ExclusiveRight,
    signal: AbortSignal,
  ): Promise<Pulled> {
    const writer = this.store.writer(copy.generation, copy.parts, right);
    const tally = new Tally();
    const begun = new Date();
    const request = this.source.changes!;
    const cursor = await this.#pull(request, copy.cursor, begun, writer, tally, signal);
    let contacts = copy.contacts;
    for (const id of tally.contacts) if (!index.has(id)) contacts++;
    for (const id of tally.gone) if (index.has(id)) contacts--;
    return this.#pulled('changes', writer, tally, contacts, {
      fullAt: copy.fullAt,
      pulledAt: begun.toISOString(),
      cursor,
    });
  }

  async #pull(
    request: PageRequest,
    cursor: Json | undefined,
    begun: Date,
    writer: PartWriter,
    tally: Tally,
    signal: AbortSignal,
  ): Promise<Json | undefined> {
    const started = new Date(begun.getTime() - OVERLAP_MS).toISOString();
    let last: Json | undefined = cursor;
    for await (const page of this.source.pages.pages(request, cursor, started, signal)) {
      tally.pages++;
      last = page.cursor;
      await this.#take(page, writer, tally);
      if (page.goesOn) tally.endPage(page.entries.length);
      signal.throwIfAborted();
    }
    await writer.flush();
    return last;
  }

  async #take({ entries, deleted }: Page, writer: PartWriter, tally: Tally): Promise<void> {
    let sliceMs = performance.now();
    let unnamed = 0;
    for (const entry of entries) {
      const { id, document, problem } = readContact(entry, this.source.country);
      tally.count(id, document !== undefined, problem);
      if (id !== undefined) await writer.add(id, document);
      // One alone is a contact that is odd, and not the expression; it must not keep all other changes out.
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

  #pulled(
    kind: PullKind,
    writer: PartWriter,
    { contacts: { size }, gone, skipped, problem, pages }: Tally,
    contacts: number,
    { cursor, ...times }: { fullAt: string; pulledAt: string; cursor: Json | undefined },
  ): Pulled {
    const { generation, parts } = writer;
    const state = {
      generation,
      parts,
      contacts,
      ...times,
      source: this.source.fingerprint,
      ...(cursor !== undefined && { cursor }),
    };
    return { kind, state, changed: size + (kind === 'full' ? 0 : gone.size), skipped, problem, pages };
  }
}

import { VipLookupError } from '../../../plugin-api/index.js';
import type { SyncReport } from '../../../plugin-api/index.js';
import type { CopyState, PagesPulled } from './copy-store.js';
import type { Page } from './page-reader.js';

/** How the reason in `/health` begins. */
const HEALTH_REASON = 'a pull was refused';

/** A pull found so many fewer contacts than the copy has that somebody must confirm it. */
export class ShrinkError extends VipLookupError {}

/**
 * Refuses a copy without a VIP where there were contacts: `records` may yield the CRM's own objects. Asked once, until
 * the settings change.
 * @param provider for the command that confirms
 * @throws ShrinkError
 */
export function refuseWithoutVips(
  { state, lacksVips }: { readonly state: CopyState; readonly lacksVips: string | undefined },
  before: CopyState | undefined,
  provider: string,
): void {
  if (lacksVips === undefined || (before?.hasNoVips && before.source === state.source)) return;
  throw new ShrinkError(
    `${HEALTH_REASON}: ${lacksVips}. If none of them is to be a VIP, confirm it with the command sync ${provider} --full --confirm`,
  );
}

/**
 * @param maxShrink part of the contacts that may be missing
 * @param provider for the command that confirms
 * @throws ShrinkError
 */
export function refuseShrink(
  { report, state }: { readonly report: SyncReport; readonly state: CopyState },
  before: CopyState | undefined,
  maxShrink: number,
  provider: string,
): void {
  const had = before?.contacts ?? 0;
  const { kind, entries: has } = report;
  if (had === 0) return;
  const percent = Math.round((1 - has / had) * 100);
  const isFarFewer = has === 0 || has < had * (1 - maxShrink);
  const why = isFarFewer
    ? `${percent} % fewer, and sync.maxShrink is ${Math.round(maxShrink * 100)}%`
    : kind === 'full' && oddPages(had - has, state.pages, before?.pages);
  if (!why) return;
  throw new ShrinkError(
    `${HEALTH_REASON}: it leaves ${has} of ${had} contacts, ${why}. If that is correct, confirm it with the command sync ${provider}${kind === 'full' ? ' --full' : ''} --confirm`,
  );
}

/**
 * Why pages that came with fewer contacts than before look cut short; `undefined` if they do not. CRMs that select after they
 * have divided into pages, or end with an empty one, always do, so that alone is no sign.
 * @param lost contacts that the copy would lose
 */
function oddPages(
  lost: number,
  now: PagesPulled | undefined,
  before: PagesPulled | undefined,
): string | undefined {
  if (now === undefined || before === undefined || lost <= 0 || lost < now.size * LOST_OF_PAGE)
    return undefined;
  if (now.uneven !== undefined && before.uneven === undefined)
    return `page ${now.uneven} is shorter or longer than the first one although others follow, which was not so before`;
  return now.endsEmpty && !before.endsEmpty
    ? 'the last page is empty although the one before announced it, which was not so before'
    : undefined;
}

/** Fewer are an ordinary change, whatever the pages look like. */
const LOST_OF_PAGE = 1 / 2;

/** Notes the sizes of the pages of one pull. */
export class PageSizes {
  #count = 0;
  #size = 0;
  #last: Page | undefined;
  #uneven: number | undefined;

  page(page: Page): void {
    this.#count++;
    if (this.#count === 1) this.#size = page.entries.length;
    else if (page.goesOn && page.entries.length !== this.#size) this.#uneven ??= this.#count;
    this.#last = page;
  }

  get pulled(): PagesPulled {
    const last = this.#last;
    // A page that goes on is the last one where the next has no content (204).
    const endsEmpty = last !== undefined && (last.goesOn || (this.#count > 1 && last.entries.length === 0));
    return {
      size: this.#size,
      ...(this.#uneven !== undefined && { uneven: this.#uneven }),
      ...(endsEmpty && { endsEmpty }),
    };
  }
}

import { VipLookupError } from '../../../plugin-api/index.js';
import type { CopyState } from './copy-store.js';
import type { Pulled } from './puller.js';

const HEALTH_REASON = 'a pull was refused';

/** A pull found so many fewer contacts than the copy has that somebody must confirm it. */
export class ShrinkError extends VipLookupError {}

/**
 * @param maxShrink part of the contacts that may be missing
 * @param provider for the command that confirms
 * @throws ShrinkError
 */
export function refuseShrink(
  { kind, state }: Pulled,
  before: CopyState | undefined,
  maxShrink: number,
  provider: string,
): void {
  const had = before?.contacts ?? 0;
  const has = state.contacts;
  if (had === 0 || (has > 0 && has >= had * (1 - maxShrink))) return;
  const percent = Math.round((1 - has / had) * 100);
  const allowed = Math.round(maxShrink * 100);
  throw new ShrinkError(
    `${HEALTH_REASON}: it leaves ${has} of ${had} contacts, ${percent} % fewer, and sync.maxShrink is ${allowed}%. If that is correct, confirm it with the command sync ${provider}${kind === 'full' ? ' --full' : ''} --confirm`,
  );
}

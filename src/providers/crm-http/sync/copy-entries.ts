import { setImmediate as nextTurn } from 'node:timers/promises';
import { EntryTally, SeenNumbers } from '../../../plugin-api/index.js';
import type { ContactDocument, CopyIndex } from './copy-index.js';

/** Calls wait while contacts are counted, so they get their turn after this. */
const SLICE_MS = 4;
/** `CopyIndex` finds these by the caller's digits. */
const DIGITS_OF_E164 = /^[1-9]\d{2,14}$/;

/** Counts the entries of a copy: each number of each contact. */
export async function countContacts(index: CopyIndex, signal: AbortSignal): Promise<EntryTally> {
  const tally = new EntryTally('contact');
  const seen = new SeenNumbers();
  let sliceMs = performance.now();
  for (const [id, document] of index.contacts) {
    const [numbers, details] = JSON.parse(document) as ContactDocument;
    for (const written of numbers) {
      const record = { ...details, number: DIGITS_OF_E164.test(written) ? `+${written}` : written };
      tally.add(record, id);
      if (seen.isRepeat(record)) tally.addRepeat(id);
    }
    if (performance.now() - sliceMs < SLICE_MS) continue;
    await nextTurn();
    signal.throwIfAborted();
    sliceMs = performance.now();
  }
  return tally;
}

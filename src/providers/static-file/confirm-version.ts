import { VipLookupError } from '../../plugin-api/index.js';
import type { ProviderContext, SyncReport } from '../../plugin-api/index.js';
import { minShareOf, reasonOf, whatFor } from './collapse-guard.js';
import { hasCollapsed } from './collapse.js';
import { versionOf } from './kept-count.js';
import type { KeptCount } from './kept-count.js';
import { digestOf, readListBytes } from './list-bytes.js';
import { Pace } from './pace.js';
import { readConfiguredList } from './record-file.js';
import type { StaticFileOptions } from './static-file.options.js';

/**
 * Reads a list as a running instance would, and says whether that would use it.
 * @param confirm have running instances use this version of the file, and no other, however few entries it has. Also where
 *   the kept count asks for none: an instance may have more entries, and not have been able to keep their number
 * @throws VipLookupError when it would not be used, or the database cannot be
 */
export async function confirmVersion(
  context: ProviderContext<StaticFileOptions>,
  kept: KeptCount,
  confirm: boolean,
  signal: AbortSignal | undefined,
): Promise<SyncReport> {
  const { options } = context;
  const { file, onBadRow } = options;
  const path = context.resolvePath(file);
  const bytes = await readListBytes(path, file, signal);
  const digest = await digestOf(bytes, new Pace(signal));
  const list = await readConfiguredList(bytes, path, context, signal);
  const { problems, problemCount, leftOut, leftOutCount } = list;
  if (problemCount > 0 && onBadRow !== 'skip') {
    throw new VipLookupError([`${file} is not usable:`, ...problems].join('\n- '));
  }
  const version = versionOf(digest, list, true);
  const { entries } = version;
  const { entries: before, confirmed } = (await kept.read()) ?? {};
  const hasToBe = hasCollapsed(before ?? 0, entries, minShareOf(options));
  if (confirm) await kept.confirm(version);
  else if (hasToBe && confirmed !== digest) {
    throw new VipLookupError(whatFor(reasonOf(context, before!, version)));
  }
  const skipped = problemCount + leftOutCount;
  const problem = problems[0] ?? leftOut[0];
  return {
    kind: 'full',
    entries,
    ...(before !== undefined && { before }),
    ...(hasToBe && { confirmed: true }),
    changed: 0,
    pages: 0,
    skipped,
    ...(problem !== undefined && { problem }),
  };
}

import type { VipAnswer } from './port/vip-lookup-provider.js';
import type { VipRecord } from './port/vip-record.js';

/** The records of one number, best first; empty = known not to be a VIP. */
export type Answer = readonly VipRecord[];

/** Whether a provider has the answer yet to come. */
export function isPromise(answer: VipAnswer | Promise<VipAnswer>): answer is Promise<VipAnswer> {
  return typeof (answer as { then?: unknown } | null | undefined)?.then === 'function';
}

/**
 * What a provider answered, one record or several.
 * @throws TypeError when it is something else
 */
export function readAnswer(answer: VipAnswer): Answer {
  if (answer === null) return [];
  const records = Array.isArray(answer) ? (answer as Answer) : [answer as VipRecord];
  for (const record of records) {
    // A decision looks at no more of it than this, so a plug-in's slip cannot break one.
    const isRecord =
      typeof record?.tier === 'string' && (record.targets === undefined || Array.isArray(record.targets));
    if (!isRecord) throw new TypeError('the provider answered something that is no VIP record');
  }
  return records;
}

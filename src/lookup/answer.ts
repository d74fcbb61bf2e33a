import { isJson, isPlainObject } from '../common/json.js';
import type { Caller } from '../plugin-api/caller.js';
import type { VipAnswer, VipLookupProvider } from '../plugin-api/vip-lookup-provider.js';
import { KINDS_OF_PROPERTIES } from '../plugin-api/vip-record.js';
import type { FieldKind, VipRecord } from '../plugin-api/vip-record.js';
import { known } from './outcome.js';
import type { Found, None } from './outcome.js';

/** The records of one number, best first; empty = known not to be a VIP. */
export type Answer = readonly VipRecord[];

export function isPromise(answer: VipAnswer | Promise<VipAnswer>): answer is Promise<VipAnswer> {
  return typeof (answer as { then?: unknown } | null | undefined)?.then === 'function';
}

const TYPES: Readonly<Record<FieldKind, string>> = {
  text: 'string',
  texts: 'object',
  instant: 'number',
  object: 'object',
};
const TYPED = KINDS_OF_PROPERTIES.map(([property, kind]) => [property, TYPES[kind]] as const);
/** Instructions that have already been checked: lists return the same objects again and again. */
const sound = new WeakSet<object>();

/**
 * What a provider answered, one record or several.
 * @throws TypeError when it is something else, and what reading it throws
 */
export function readAnswer(answer: VipAnswer): Answer {
  if (answer === null) return [];
  const records = Array.isArray(answer) ? (answer as Answer) : [answer as VipRecord];
  for (const record of records) {
    // Everything that a decision uses, so a plug-in's mistake cannot break one.
    if (!isRecord(record)) throw new TypeError('the provider answered something that is not a VIP record');
  }
  return records;
}

/** What a provider knows without asking its backend; `undefined` if it must ask. Never throws. */
export function recall(
  provider: VipLookupProvider,
  caller: Caller,
  country: string | undefined,
): Found | None | undefined {
  if (provider.recall === undefined) return undefined;
  try {
    const answer = provider.recall(caller.seenFrom(country));
    return answer === undefined ? undefined : known(readAnswer(answer), 'copy');
  } catch {
    return undefined; // `lookup` is called, and its failure is reported.
  }
}

function isRecord(record: VipRecord): boolean {
  return (
    typeof record?.tier === 'string' &&
    (record.targets === undefined || Array.isArray(record.targets)) &&
    TYPED.every(([field, type]) => record[field] === undefined || typeof record[field] === type) &&
    (record.instructions === undefined || areSound(record.instructions))
  );
}

function areSound(instructions: unknown): boolean {
  if (!isPlainObject(instructions)) return false;
  if (sound.has(instructions)) return true;
  if (!isJson(instructions)) return false;
  sound.add(instructions);
  return true;
}

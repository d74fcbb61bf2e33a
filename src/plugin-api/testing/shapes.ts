import assert from 'node:assert/strict';
import { isJson, isPlainObject } from '../../common/json.js';
import type { ProviderStatus, VipAnswer } from '../vip-lookup-provider.js';
import { KINDS_OF_PROPERTIES } from '../vip-record.js';
import type { FieldKind, VipRecord } from '../vip-record.js';

type Check = readonly [what: string, holds: (value: unknown) => boolean];

const CHECKS: Readonly<Record<FieldKind, Check>> = {
  text: ['a text that is not empty', (value) => typeof value === 'string' && value !== ''],
  texts: [
    'a list of texts',
    (value) => Array.isArray(value) && value.every((one) => typeof one === 'string'),
  ],
  instant: ['a number of milliseconds', Number.isFinite],
  object: ['a JSON object', (value) => isPlainObject(value) && isJson(value)],
};
const REQUIRED: readonly string[] = ['number', 'tier'];
/** Fewer digits of a number could be a count, a port or a date. */
const TELLING_DIGITS = 7;

/**
 * The records of an answer that is not `null`.
 * @throws AssertionError if it is neither a record nor a list of records
 */
export function recordsOf(answer: VipAnswer): readonly VipRecord[] {
  assert.ok(answer !== null && answer !== undefined, `a record, not ${answer === null ? 'null' : 'nothing'}`);
  const records = (Array.isArray(answer) ? answer : [answer]) as readonly VipRecord[];
  assert.ok(records.length > 0, 'a record, not an empty list');
  for (const record of records) assertRecord(record);
  return records;
}

function assertRecord(record: VipRecord): void {
  assert.ok(isPlainObject(record), 'an answer is a record, a list of records, or null');
  const others = new Set(Object.keys(record));
  for (const [key, kind] of KINDS_OF_PROPERTIES) {
    others.delete(key);
    const [what, holds] = CHECKS[kind];
    const value = record[key];
    if (value === undefined && !REQUIRED.includes(key)) continue;
    assert.ok(holds(value), `${key} of a record is ${what}; readVipRecord makes it so`);
  }
  assert.deepEqual(
    [...others],
    [],
    'no other keys in a record; put them under attributes, or use readVipRecord',
  );
}

/** True if the record applies to the number: it names the number, or a range that contains it. */
export function covers(record: VipRecord, key: string): boolean {
  return record.number.endsWith('*') ? key.startsWith(record.number.slice(0, -1)) : record.number === key;
}

/** @throws AssertionError if a check returned something other than a status */
export function assertStatus(status: ProviderStatus): void {
  assert.ok(isPlainObject(status), 'check answers an object with a status');
  const { status: word, reason } = status as { status?: unknown; reason?: unknown };
  assert.ok(word === 'up' || word === 'degraded', 'the status of a check is "up" or "degraded"');
  assert.ok(
    word === 'up' || (typeof reason === 'string' && reason !== ''),
    'a check that says "degraded" gives a reason',
  );
}

/** `instanceof Error` fails across realms (Jest), so the shape is checked. */
export function isError(error: unknown): error is Error {
  return typeof error === 'object' && error !== null && 'message' in error && 'name' in error;
}

export function showsNumber(text: string, number: string): boolean {
  return text.replace(/\D/g, '').includes(number.slice(-TELLING_DIGITS));
}

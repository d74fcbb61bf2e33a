/**
 * All that a VIP-lookup plug-in needs: `import { … } from 'smartrouting-vip/plugin-api'`.
 * Stable: what is exported here changes only with a major version.
 */
export type {
  ProviderContext,
  ProviderLogger,
  ProviderStatus,
  VipAnswer,
  VipLookupKind,
  VipLookupProvider,
} from '../lookup/port/vip-lookup-provider.js';
export { VipLookupError } from '../lookup/port/vip-lookup-provider.js';
export { VipLookup } from '../lookup/port/vip-lookup.decorator.js';
export { Caller, SPELLINGS } from '../lookup/port/caller.js';
export type { Spelling } from '../lookup/port/caller.js';
export { bySpecificity, readVipRecord, RECORD_FIELDS, VipRecordError } from '../lookup/port/vip-record.js';
export type { RecordProblem, VipRecord } from '../lookup/port/vip-record.js';
export {
  isWithheldNumber,
  MAX_NUMBER_LENGTH,
  numberKeys,
  readNumber,
  readRange,
} from '../lookup/port/phone-number.js';
export { durationMs, IsDuration } from '../common/duration.js';
export { isPlainObject } from '../common/json.js';
export { suggestion } from '../common/near-name.js';
export type { Json, JsonObject } from '../common/json.js';

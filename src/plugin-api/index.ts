/**
 * Everything that a VIP lookup plug-in needs: `import { … } from 'smartrouting-vip/plugin-api'`. Stable: exports from
 * here and from `./testing` change incompatibly only with a major version, before 1.0 with a minor one. Plug-ins
 * declare the versions that they support in `peerDependencies`, which the start checks.
 */
export type {
  ProviderContext,
  ProviderLogger,
  ProviderStatus,
  SyncOptions,
  SyncProgress,
  SyncReport,
  VipAnswer,
  VipLookupKind,
  VipLookupProvider,
} from './vip-lookup-provider.js';
export { EntryTally, numberProblem } from './entry-tally.js';
export type { EntryKind, EntryPlace } from './entry-tally.js';
export { SeenNumbers } from './seen-numbers.js';
export type { ExclusiveRight, ProviderState, StoredText } from './provider-state.js';
export { VipEntryError, VipFileError, VipLookupBusyError, VipLookupError } from './vip-lookup-provider.js';
export { VipLookup } from './vip-lookup.decorator.js';
export { Caller, isSpellingPattern, SPELLINGS } from './caller.js';
export type { Spelling, SpellingPattern } from './caller.js';
export {
  bySpecificity,
  readVipRecord,
  readVipRecords,
  RECORD_FIELDS,
  recordTexts,
  sameTier,
  TEXT_FIELDS,
} from './vip-record.js';
export type { DateOrder } from './instant.js';
export { VipRecordError } from './field-reader.js';
export type { RecordField, VipRecord } from './vip-record.js';
export type { RecordProblem } from './field-reader.js';
export { isWithheldNumber, MAX_NUMBER_LENGTH, numberKeys, readNumber, readRange } from './phone-number.js';
export { isNothing, readWrittenNumbers } from './written-number.js';
export type { WrittenNumbers } from './written-number.problems.js';
export type { CompletedOptions, CompletionTools, OptionProblem } from '../common/completed-options.js';
export { backoffMs } from '../common/backoff.js';
export { durationMs, IsDuration } from '../common/duration.js';
export { Rule } from '../common/rule.js';
export type { Check, JsonSchema } from '../common/rule.js';
export { FileWatcher } from '../common/file-watcher.js';
export { isPlainObject } from '../common/json.js';
export { nearName, suggestion } from '../common/near-name.js';
export { OrdinaryFileError, readOrdinaryFile, readOrdinaryFileSync } from '../common/ordinary-file.js';
export { untilAborted, withAnySignal, within, withTimeLimit } from '../common/time-limit.js';
export { readYaml } from '../common/yaml.js';
export type { Json, JsonObject } from '../common/json.js';

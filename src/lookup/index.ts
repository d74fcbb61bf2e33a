export { LookupService } from './lookup.service.js';
export type { ProviderReport } from './outcome.js';
export { Caller } from './port/caller.js';
export { isWithheldNumber } from './port/phone-number.js';
export type { VipRecord } from './port/vip-record.js';

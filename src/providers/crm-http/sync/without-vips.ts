import { isPlainObject } from '../../../plugin-api/index.js';
import type { Json } from '../../../plugin-api/index.js';
import { isWithoutTier } from '../crm-http.matching.js';
import { isWithoutNumber } from './contact.js';

const MAX_NAMES = 12;
/** Anything else may be a value, as in objects that have telephone numbers or addresses as their keys. */
const IS_NAME = /^(?!.*\d{5})[\p{L}_$@#][\p{L}\p{N}_$.:#-]{0,39}$/u;
/** A pull of a single contact who is not a VIP is no sign of a mistake. */
const MIN_CONTACTS = 2;

/** The contacts of a pull that can be read and are not VIPs, because they name no number or no tier. */
export class NotVips {
  count = 0;
  #withoutNumber = 0;
  #withoutTier = 0;
  #first: readonly string[] | undefined;

  add(entry: Json): void {
    if (!isPlainObject(entry)) return;
    const { number, tier } = entry as Record<string, Json>;
    this.count++;
    if (isWithoutNumber(number)) this.#withoutNumber++;
    if (isWithoutTier(tier)) this.#withoutTier++;
    this.#first ??= Object.keys(entry);
  }

  /** Whether they are so many that, where there is no VIP, the expression may be wrong. */
  get areSeveral(): boolean {
    return this.count >= MIN_CONTACTS;
  }

  /** Why none of them is a VIP, and the cure: without their values. */
  get sentence(): string {
    const names = (this.#first ?? []).filter((name) => IS_NAME.test(name)).slice(0, MAX_NAMES);
    const others = (this.#first?.length ?? 0) - names.length;
    const shown = [...names, ...(others > 0 ? [`${others} more`] : [])].join(', ');
    const lacking = [
      this.#withoutNumber > 0 && `${this.#withoutNumber} name no number`,
      this.#withoutTier > 0 && `${this.#withoutTier} name no tier`,
    ].filter((part) => part !== false);
    return `none of its ${this.count} contacts is a VIP: ${lacking.join(', ')}. The first has the properties ${shown}; sync.records must yield number and tier, for example { "id": id, "number": [phone, mobile], "tier": level }`;
  }
}

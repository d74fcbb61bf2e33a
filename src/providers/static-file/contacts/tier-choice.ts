import { sameTier } from '../../../plugin-api/index.js';
import type { ContactOptions } from './contact-options.js';

/** Which tier a contact has, or why it has none: `noGroup` and `severalGroups` are told, `notAmongThem` is what `tiers` is for. */
export type TierChoice =
  { readonly tier: string } | { readonly reason: 'noGroup' | 'severalGroups' | 'notAmongThem' };

/** What parts the groups in one value: Outlook `;`, Google ` ::: `, Zendesk and vCard a comma; `R+D` and `A/B` are one each. */
const SEPARATOR = /:::|[;,|\n]|\s[/+]\s/;
/** Groups that Google has for itself: `* myContacts`. */
const PROVIDERS_OWN = /^\*\s/;

export function groupsIn(values: readonly string[]): readonly string[] {
  const groups = values
    .flatMap((value) => value.split(SEPARATOR))
    .map((group) => group.trim())
    .filter((group) => group !== '' && !PROVIDERS_OWN.test(group));
  return [...new Map(groups.map((group) => [sameTier(group), group])).values()];
}

export class TierChooser {
  readonly #tiers: readonly (readonly [group: string, tier: string])[] | undefined;
  readonly #others: string | undefined;
  readonly #unseen: Map<string, string>;

  constructor({ tier, tiers }: ContactOptions) {
    this.#tiers =
      tiers == null ? undefined : Object.entries(tiers).map(([group, name]) => [sameTier(group), name]);
    this.#others = tier ?? undefined;
    this.#unseen = new Map(Object.keys(tiers ?? {}).map((group) => [sameTier(group), group]));
  }

  /** The groups that `tiers` names and that no contact was in so far. */
  get unseen(): readonly string[] {
    return [...this.#unseen.values()];
  }

  /** @param values as the file has them; each may name several groups */
  choose(values: readonly string[]): TierChoice {
    if (this.#tiers !== undefined) {
      // A group may have a comma in its name.
      const groups = new Set([...groupsIn(values), ...values].map(sameTier));
      for (const group of groups) this.#unseen.delete(group);
      const fitting = this.#tiers.find(([group]) => groups.has(group));
      if (fitting !== undefined) return { tier: fitting[1] };
    }
    if (this.#others !== undefined) return { tier: this.#others };
    if (this.#tiers !== undefined) return { reason: 'notAmongThem' };
    const [only, ...more] = groupsIn(values);
    if (only === undefined) return { reason: 'noGroup' };
    return more.length === 0 ? { tier: only } : { reason: 'severalGroups' };
  }
}

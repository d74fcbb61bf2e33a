import { setImmediate as nextTurn } from 'node:timers/promises';
import { nearName } from '../common/near-name.js';
import { maskNumbersIn } from '../observability/masking.js';
import type { EntryKind, EntryPlace, EntryTally } from '../plugin-api/entry-tally.js';
import { sameTier } from '../plugin-api/vip-record.js';
import { decidedBy, DEFAULT_TARGET } from './targets.config.js';
import type { TargetConfig } from './targets.config.js';

/** What of a list can never match: sentences with count and first places, those with most entries first. */
export interface NeverMatching {
  /** How many entries were looked at. */
  readonly entries: number;
  /** Mistakes, in the list or in the routes. */
  readonly faults: readonly string[];
  /** What is no mistake, or may be none. */
  readonly notes: readonly string[];
}

export interface Judging {
  readonly targets: ReadonlyMap<string, TargetConfig>;
  /** Names of those that have the entries. */
  readonly providers: readonly string[];
  readonly nowMs: number;
  /** How texts of the list are shown. There may be telephone numbers in any of them. */
  readonly show?: (text: string) => string;
}

interface Verdict {
  readonly what: string;
  readonly isFault: boolean;
}

interface Finding extends Verdict {
  readonly places: readonly EntryPlace[];
  readonly count: number;
}

const MAX_SENTENCES = 8;
const MAX_PLACES = 3;
const MAX_NAMES = 3;
/** How long kinds are judged before calls get a turn. */
const SLICE_MS = 8;

const NOT_ASKED = 'in a list that no target asks';
const EXPIRED = 'expired';
const REPEATED = 'with the number of another entry and another tier, for the same targets and time';
const UNREADABLE = 'not readable';
const NOT_JUDGED = 'not examined, because the list has too many different tiers, targets and dates';

/** Judges entries by the routes that they could come to. */
export async function judgeEntries(tally: EntryTally, judging: Judging): Promise<NeverMatching> {
  const judge = new Judge(judging);
  const findings = new Map<string, Finding>();
  const add = ({ what, isFault }: Verdict, count: number, places: readonly EntryPlace[]): void => {
    const before = findings.get(what);
    const known = before?.places ?? [];
    const all = known.length < MAX_PLACES ? [...known, ...places].slice(0, MAX_PLACES) : known;
    findings.set(what, { what, isFault, count: (before?.count ?? 0) + count, places: all });
  };
  let sinceMs = performance.now();
  for (const kind of tally.kinds) {
    if (performance.now() - sinceMs >= SLICE_MS) {
      await nextTurn();
      sinceMs = performance.now();
    }
    const verdict = judge.verdictOn(kind);
    if (verdict !== undefined) add(verdict, kind.count, kind.places);
  }
  const { repeats, unreadable, ofFurtherKinds } = tally;
  if (repeats.count > 0) add({ what: REPEATED, isFault: false }, repeats.count, repeats.places);
  if (ofFurtherKinds > 0) add({ what: NOT_JUDGED, isFault: false }, ofFurtherKinds, []);
  const sorted = [...findings.values()].sort((a, b) => b.count - a.count);
  const [faults, notes] = [true, false].map((isFault) =>
    sentences(
      sorted.filter((one) => one.isFault === isFault),
      tally.place,
      judge.show,
    ),
  ) as [string[], string[]];
  if (unreadable.count > 0) {
    const problems = unreadable.problems.map(judge.show).join('; ');
    faults.push(`${UNREADABLE}: ${entries(unreadable.count)} (${problems})`);
  }
  return { entries: tally.entries, faults, notes };
}

function sentences(findings: readonly Finding[], place: string, show: (text: string) => string): string[] {
  const told = findings.slice(0, MAX_SENTENCES).map(({ what, count, places }) => {
    const first = places.map((one) => `${place} ${typeof one === 'string' ? show(one) : one}`);
    const more = count > places.length && first.length > 0 ? [...first, '…'] : first;
    return `${what}: ${entries(count)}${more.length === 0 ? '' : ` (${more.join(', ')})`}`;
  });
  const others = findings.slice(MAX_SENTENCES).reduce((sum, { count }) => sum + count, 0);
  return others === 0 ? told : [...told, `for other such reasons: ${entries(others)}`];
}

function entries(count: number): string {
  return count === 1 ? '1 entry' : `${count} entries`;
}

const NO_TARGETID = `target "${DEFAULT_TARGET}", which is never a targetid; leave targets empty for calls to all`;

/** What the targets that ask a provider do with its entries. */
class Judge {
  readonly show: (text: string) => string;
  /** Name of a target -> the tiers that its routes name; `undefined`: there is a route for any. */
  readonly #tiers = new Map<string, ReadonlySet<string> | undefined>();
  /** All that are named, as written. */
  readonly #named = new Set<string>();
  /** Target -> why it cannot be used: the same mistake is made in many entries, and a near name is dear to find. */
  readonly #why = new Map<string, string>();

  constructor(private readonly judging: Judging) {
    this.show = judging.show ?? maskNumbersIn;
    for (const target of judging.targets.values()) {
      if (!judging.providers.some((name) => target.providers.includes(name))) continue;
      const tiers = target.routes.map((route) => route.tiers);
      const named = tiers.flatMap((names) => names ?? []);
      for (const name of named) this.#named.add(name);
      this.#tiers.set(target.name, tiers.includes(undefined) ? undefined : new Set(named.map(sameTier)));
    }
  }

  verdictOn({ tier, targets, endMs, numberProblem }: EntryKind): Verdict | undefined {
    if (endMs !== undefined && endMs <= this.judging.nowMs) return { what: EXPIRED, isFault: false };
    if (numberProblem !== undefined) return { what: numberProblem, isFault: true };
    if (this.#tiers.size === 0) return { what: NOT_ASKED, isFault: false };
    const deciding = targets === undefined ? [...this.#tiers.keys()] : this.#deciding(targets);
    if (deciding.length === 0) return { what: `limited to ${this.#unusable(targets!)}`, isFault: true };
    const wanted = sameTier(tier);
    const canMatch = deciding.some((name) => this.#tiers.get(name)?.has(wanted) ?? true);
    if (!canMatch) return { what: this.#noRoute(wanted, targets && deciding), isFault: true };
    const isFallback =
      targets !== undefined && !targetidsIn(targets).some((name) => this.judging.targets.has(name));
    return isFallback ? { what: `limited to ${this.#unusable(targets)}`, isFault: false } : undefined;
  }

  /** The targets that decide about the calls to which an entry is limited, and ask the provider. */
  #deciding(targetids: readonly string[]): string[] {
    const { targets } = this.judging;
    const names = new Set(targetidsIn(targetids).map((targetid) => decidedBy(targetid, targets)));
    return [...names].filter((name) => this.#tiers.has(name));
  }

  #unusable(targetids: readonly string[]): string {
    const said = targetids.slice(0, MAX_NAMES).map((targetid) => {
      const why = this.#why.get(targetid) ?? this.#whyUnusable(targetid);
      this.#why.set(targetid, why);
      return why;
    });
    const more = targetids.length - said.length;
    return [...said, ...(more > 0 ? [`${more} more`] : [])].join(', and ');
  }

  #whyUnusable(targetid: string): string {
    const { targets } = this.judging;
    if (targetid === DEFAULT_TARGET) return NO_TARGETID;
    if (targets.has(targetid)) return `target ${this.#quoted(targetid)}, which does not ask this provider`;
    const near = nearName(targetid, targets.keys());
    const hint = near === undefined ? '' : `; did you mean ${JSON.stringify(near)}?`;
    return `target ${this.#quoted(targetid)}, which is not configured${hint}`;
  }

  #noRoute(tier: string, deciding: readonly string[] | undefined): string {
    const others = [...this.#named].filter((name) => sameTier(name) !== tier);
    const near = nearName(tier, others);
    const of = deciding === undefined ? '' : ` of ${deciding.slice(0, MAX_NAMES).join(', ')}`;
    const hint =
      near === undefined || others.length < this.#named.size ? '' : `; did you mean ${JSON.stringify(near)}?`;
    return `tier ${this.#quoted(tier)}, which no route${of} names${hint}`;
  }

  #quoted(text: string): string {
    return JSON.stringify(this.show(text));
  }
}

function targetidsIn(names: readonly string[]): readonly string[] {
  return names.filter((name) => name !== DEFAULT_TARGET);
}

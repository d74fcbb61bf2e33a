import { msUntil } from '../common/elapsed.js';
import { NO_TIME } from './outcome.js';
import type { LookupResult, LookupUnderWay, ProviderOutcome, ProviderReport } from './outcome.js';
import type { CallTrace, LookupSpan } from '../observability/tracer.js';
import type { Caller } from '../plugin-api/caller.js';
import type { VipRecord } from '../plugin-api/vip-record.js';

export interface Askable {
  readonly name: string;
  /**
   * Never throws. @param mayWait false: only an immediate answer is wanted, so nothing may be started that takes time
   */
  ask(caller: Caller, mayWait: boolean): ProviderOutcome | LookupUnderWay;
}

export interface ClockSettings {
  /** How long a provider may be busy before the next one starts as well, milliseconds. */
  readonly staggerMs: number;
  /** Time left for the whole decision, milliseconds. */
  readonly deadlineMs: number;
  /** Picks the record to use from those found; `undefined` if none applies to this call. */
  readonly pick: (records: readonly VipRecord[]) => VipRecord | undefined;
  /** The call's trace; absent: traces are off. */
  readonly trace?: Pick<CallTrace, 'lookup'> | undefined;
}

interface Turn {
  readonly startedMs: number;
  endedMs?: number;
  outcome?: ProviderOutcome;
  /** Set while the decision waits for it. */
  underWay?: LookupUnderWay | undefined;
  record?: VipRecord;
  readonly span: LookupSpan | undefined;
}

/**
 * Asks providers in order on one clock: each starts when the one before has answered "not a VIP", failed, or has been
 * busy for the stagger time (RFC 8305's idea, for lookups). The earliest provider in the order that has a record
 * wins. At the deadline the best answer so far wins, including the old record of a provider that is still busy, and
 * providers whose turn has not come are asked for what they know without waiting. Lookups that are no longer needed
 * are told so. Leaves no timer behind. @returns the result itself if all providers that had to be asked answered at
 * once
 */
export function askInOrder(
  providers: readonly Askable[],
  caller: Caller,
  settings: ClockSettings,
): LookupResult | Promise<LookupResult> {
  return new RunningDecision(providers, caller, settings).run();
}

class RunningDecision {
  /** The providers asked so far, in their order. */
  readonly #turns: Turn[] = [];
  /** Fixed before the first provider is asked: one that blocks the thread uses up the decision's time. */
  readonly #endMs: number;
  #isOver = false;
  #result: LookupResult | undefined;
  #resolve: ((result: LookupResult) => void) | undefined;
  #staggerTimer: NodeJS.Timeout | undefined;
  #deadlineTimer: NodeJS.Timeout | undefined;

  constructor(
    private readonly providers: readonly Askable[],
    private readonly caller: Caller,
    private readonly settings: ClockSettings,
  ) {
    this.#endMs = performance.now() + settings.deadlineMs;
  }

  run(): LookupResult | Promise<LookupResult> {
    this.#goOn(false);
    if (this.#result !== undefined) return this.#result;
    this.#deadlineTimer = setTimeout(() => this.#deadline(), msUntil(this.#endMs));
    return new Promise((resolve) => (this.#resolve = resolve));
  }

  /**
   * Decides, or asks the providers that are due.
   * @param isDue the last one asked has been busy long enough
   */
  #goOn(isDue: boolean): void {
    for (;;) {
      const front = this.#turns.find(({ outcome, record }) => outcome === undefined || record !== undefined);
      const areAllAsked = this.#turns.length === this.providers.length;
      if (front === undefined ? areAllAsked : front.record !== undefined) return this.#decide();
      // Once there is a record, only providers before it in the order can still win.
      if (areAllAsked || this.#hasRecord) return;
      const last = this.#turns.at(-1);
      if (last !== undefined && last.outcome === undefined && !isDue) return;
      this.#askNext();
      isDue = this.settings.staggerMs === 0;
    }
  }

  #askNext(): void {
    clearTimeout(this.#staggerTimer);
    const provider = this.providers[this.#turns.length]!;
    const span = this.settings.trace?.lookup(provider.name);
    const startedMs = performance.now();
    const turn: Turn = { startedMs, span };
    // The first one may wait even if the call is late: data in memory behind a promise still comes in time.
    const mayWait = this.#turns.length === 0 || (!this.#isOver && startedMs < this.#endMs);
    this.#turns.push(turn);
    const asked = span
      ? span.run(() => provider.ask(this.caller, mayWait))
      : provider.ask(this.caller, mayWait);
    if ('kind' in asked) return this.#answered(turn, asked);
    turn.underWay = asked;
    void asked.outcome.then((outcome) => {
      if (this.#result !== undefined) return;
      turn.underWay = undefined;
      this.#answered(turn, outcome);
      this.#goOn(false);
    });
    if (this.#turns.length < this.providers.length) {
      const dueMs = startedMs + this.settings.staggerMs;
      this.#staggerTimer = setTimeout(() => this.#goOn(true), msUntil(dueMs));
    }
  }

  #answered(turn: Turn, outcome: ProviderOutcome): void {
    turn.endedMs = performance.now();
    turn.outcome = outcome;
    turn.record = outcome.kind === 'found' ? this.settings.pick(outcome.records) : undefined;
  }

  #deadline(): void {
    this.#isOver = true;
    for (const turn of this.#turns) {
      const old = turn.underWay?.standIn();
      if (old !== undefined) this.#answered(turn, old);
    }
    const before = this.#turns.length;
    while (!this.#hasRecord && this.#turns.length < this.providers.length) this.#askNext();
    // Data in memory behind a promise arrives before the event loop's next turn.
    const mayTell = this.#turns.slice(before).some(({ underWay }) => underWay !== undefined);
    if (mayTell) setImmediate(() => this.#result ?? this.#decide());
    else this.#decide();
  }

  get #hasRecord(): boolean {
    return this.#turns.some(({ record }) => record !== undefined);
  }

  #decide(): void {
    clearTimeout(this.#staggerTimer);
    clearTimeout(this.#deadlineTimer);
    for (const { underWay } of this.#turns) underWay?.leave();
    this.#result = summarise(this.providers, this.#turns);
    if (this.settings.trace !== undefined) this.#endSpans(this.#result.reports);
    this.#resolve?.(this.#result);
  }

  #endSpans(reports: readonly ProviderReport[]): void {
    this.#turns.forEach(({ span, endedMs }, index) => span?.end(reports[index]!, endedMs));
  }
}

function summarise(providers: readonly Askable[], turns: readonly Turn[]): LookupResult {
  const nowMs = performance.now();
  const reports = providers.map(({ name }, index) => report(name, turns[index], nowMs));
  const winner = turns.findIndex(({ record }) => record !== undefined);
  if (winner >= 0)
    return { reason: 'matched', record: turns[winner]!.record!, provider: providers[winner]!.name, reports };
  const untold = providers.map((_, index) => turns[index]?.outcome).filter((outcome) => !isKnown(outcome));
  if (untold.length === 0) return { reason: 'no-match', reports };
  const isLate = untold.every((outcome) => outcome === undefined || isTimeout(outcome));
  return { reason: isLate ? 'timeout' : 'lookup-failed', reports };
}

/** Whether a provider's answer without a usable record means "not a VIP"; for an old record that is not known. */
function isKnown(outcome: ProviderOutcome | undefined): boolean {
  return outcome?.kind === 'none' || (outcome?.kind === 'found' && outcome.source !== 'stale');
}

function isTimeout(outcome: ProviderOutcome): boolean {
  return (outcome.kind === 'found' ? outcome.insteadOf : outcome.kind) === 'timeout';
}

function report(provider: string, turn: Turn | undefined, nowMs: number): ProviderReport {
  if (turn === undefined || turn.outcome === NO_TIME) return { provider, outcome: 'not-asked' };
  const ms = Math.round(((turn.endedMs ?? nowMs) - turn.startedMs) * 1000) / 1000;
  const { outcome, record } = turn;
  switch (outcome?.kind) {
    case undefined:
      return { provider, outcome: 'unanswered', ms };
    case 'found': {
      const { source, reason, records } = outcome;
      const said = record === undefined ? 'not-applicable' : 'found';
      const many = records.length > 1 ? { records: records.length } : undefined;
      return { provider, outcome: said, source, ...many, ...(reason !== undefined && { reason }), ms };
    }
    case 'none':
      return { provider, outcome: 'none', source: outcome.source, ms };
    case 'failed':
    case 'timeout':
    case 'rejected':
      return { provider, outcome: outcome.kind, reason: outcome.reason, ms };
  }
}

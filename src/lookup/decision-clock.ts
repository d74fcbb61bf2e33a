import type { LookupResult, ProviderOutcome, ProviderReport } from './outcome.js';
import type { VipRecord } from './port/vip-record.js';

/** One provider as the clock sees it. `ask` never rejects. */
export interface Askable {
  readonly name: string;
  ask(): ProviderOutcome | Promise<ProviderOutcome>;
}

export interface ClockSettings {
  /** How long a provider may be busy before the next one starts as well, milliseconds. */
  readonly staggerMs: number;
  /** Time left for the whole decision, milliseconds. */
  readonly deadlineMs: number;
  /** Picks the record to use of those found; `undefined` when none applies to this call. */
  readonly pick: (records: readonly VipRecord[]) => VipRecord | undefined;
}

interface Turn {
  startedMs?: number;
  endedMs?: number;
  outcome?: ProviderOutcome;
  record?: VipRecord;
}

/**
 * Asks providers in order on one clock: each starts when the one before has answered "not a VIP", failed, or has been
 * busy for the stagger time (RFC 8305's idea, for lookups). The earliest provider in the order that has a record wins;
 * at the deadline the best answer so far does. Leaves no timer behind; answers that come later are not waited for.
 */
export function askInOrder(providers: readonly Askable[], settings: ClockSettings): Promise<LookupResult> {
  return new Promise((resolve) => {
    const turns: Turn[] = providers.map(() => ({}));
    let next = 0;
    let decided = false;
    let staggerTimer: NodeJS.Timeout | undefined;

    const decide = (reachedDeadline: boolean): void => {
      decided = true;
      clearTimeout(staggerTimer);
      clearTimeout(deadlineTimer);
      resolve(summarise(providers, turns, reachedDeadline));
    };

    const startNext = (): void => {
      clearTimeout(staggerTimer);
      const index = next++;
      const turn = turns[index]!;
      turn.startedMs = performance.now();
      const outcome = providers[index]!.ask();
      if (outcome instanceof Promise) {
        void outcome.then((late) => settle(index, late));
        if (next < providers.length) staggerTimer = setTimeout(startNext, settings.staggerMs);
      } else settle(index, outcome);
    };

    const settle = (index: number, outcome: ProviderOutcome): void => {
      if (decided) return;
      const turn = turns[index]!;
      turn.endedMs = performance.now();
      turn.outcome = outcome;
      if (outcome.kind === 'found') {
        const record = settings.pick(outcome.records);
        if (record !== undefined) {
          turn.record = record;
          clearTimeout(staggerTimer); // nobody further down the order could win over it
        }
      }
      for (let i = 0; i < next; i++) {
        if (turns[i]!.record !== undefined) return decide(false);
        if (turns[i]!.outcome === undefined) {
          // An earlier one is still busy: a record of this one must wait for it, a "no" lets the next one start.
          if (turn.record === undefined && index === next - 1 && next < providers.length) startNext();
          return;
        }
      }
      if (next < providers.length) startNext();
      else decide(false);
    };

    const deadlineTimer = setTimeout(() => decide(true), Math.max(0, settings.deadlineMs));
    if (providers.length === 0) decide(false);
    else startNext();
  });
}

function summarise(
  providers: readonly Askable[],
  turns: readonly Turn[],
  reachedDeadline: boolean,
): LookupResult {
  const nowMs = performance.now();
  const reports = turns.map((turn, index) => report(providers[index]!.name, turn, nowMs));
  const winner = turns.findIndex((turn) => turn.record !== undefined);
  if (winner >= 0)
    return { reason: 'matched', record: turns[winner]!.record!, provider: providers[winner]!.name, reports };
  const untold = turns.filter(({ outcome }) => outcome?.kind !== 'found' && outcome?.kind !== 'none');
  if (untold.length === 0) return { reason: 'no-match', reports };
  const late = reachedDeadline || untold.every(({ outcome }) => outcome?.kind === 'timeout');
  return { reason: late ? 'timeout' : 'lookup-failed', reports };
}

function report(provider: string, turn: Turn, nowMs: number): ProviderReport {
  if (turn.startedMs === undefined) return { provider, outcome: 'not-asked' };
  const ms = Math.round(((turn.endedMs ?? nowMs) - turn.startedMs) * 1000) / 1000;
  const outcome = turn.outcome;
  if (outcome === undefined) return { provider, outcome: 'unanswered', ms };
  switch (outcome.kind) {
    case 'found':
      return { provider, outcome: turn.record ? 'found' : 'not-applicable', source: outcome.source, ms };
    case 'none':
      return { provider, outcome: 'none', source: outcome.source, ms };
    case 'failed':
    case 'timeout':
    case 'rejected':
      return { provider, outcome: outcome.kind, reason: outcome.reason, ms };
  }
}

import type { Kind, PhoneCall, VipKind } from './callers.js';
import type { WireAnswer } from './phone-system.js';

const EXAMPLES = 5;

/** What became of the calls of one phase. */
export class Tally {
  sent = 0;
  inTime = 0;
  late = 0;
  lost = 0;
  right = 0;
  wrong = 0;
  shed = 0;
  /** Right answers in time that say that the deadline came before all answers had, or a provider's limit. */
  timeouts = 0;
  /** Calls that the generator did not get to: it was behind its schedule, or all its connections were busy. */
  leftOut = 0;
  /** Calls that went wrong while the machine gave the programs no processor; they count as nothing else. */
  void = 0;
  slowestMs = 0;
  readonly vips = new Map<VipKind, { calls: number; recognised: number }>();
  /** The first calls that were late, wrong or lost, for the message of a failing test. */
  readonly examples: string[] = [];
  readonly #rightOf = new Map<Kind, number>();

  /** Right answers to callers of this kind. */
  rightOf(kind: Kind): number {
    return this.#rightOf.get(kind) ?? 0;
  }

  time(tookMs: number, isLate: boolean): void {
    this.slowestMs = Math.max(this.slowestMs, tookMs);
    if (!isLate) this.inTime++;
    else {
      this.late++;
      this.#example(`late: ${Math.round(tookMs)} ms`);
    }
  }

  sighted(kind: VipKind, recognised: boolean): void {
    const seen = this.vips.get(kind) ?? { calls: 0, recognised: 0 };
    this.vips.set(kind, { calls: seen.calls + 1, recognised: seen.recognised + (recognised ? 1 : 0) });
  }

  served(kind: Kind): void {
    this.right++;
    this.#rightOf.set(kind, this.rightOf(kind) + 1);
  }

  blame({ kind, number }: PhoneCall, { status, reason, body }: WireAnswer, tookMs: number): void {
    this.wrong++;
    this.#example(
      `wrong, ${kind} ${number}: ${status} ${reason ?? '-'} ${body.slice(0, 120)} after ${Math.round(tookMs)} ms`,
    );
  }

  lose({ kind, number }: PhoneCall, message: string): void {
    this.lost++;
    this.#example(`lost, ${kind} ${number}: ${message}`);
  }

  /** Recognised of calling, of these kinds together. */
  recognised(kinds: readonly VipKind[]): { calls: number; recognised: number } {
    const sum = { calls: 0, recognised: 0 };
    for (const kind of kinds) {
      const seen = this.vips.get(kind);
      sum.calls += seen?.calls ?? 0;
      sum.recognised += seen?.recognised ?? 0;
    }
    return sum;
  }

  #example(text: string): void {
    if (this.examples.length < EXAMPLES) this.examples.push(text);
  }
}

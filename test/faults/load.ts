import { setTimeout as sleep } from 'node:timers/promises';
import { bodyOf, dice, judge } from './callers.js';
import type { Callers, PhoneCall, VipKind } from './callers.js';
import type { PhoneSystem, WireAnswer } from './phone-system.js';
import type { MachineTime } from './machine.js';
import { Tally } from './tally.js';

/** The target's deadline, as configured. */
export const DEADLINE_MS = 1_500;
/** What a call may take longer than the deadline and still be in time: generator and service share the machine. */
export const ALLOWANCE_MS = 500;
/** Likewise where both processors are kept full on purpose: calls wait in the kernel before the service can read them. */
export const CROWDED_ALLOWANCE_MS = 1_500;
/** Core gives up after this; no answer by then is a lost call. */
export const CORE_PATIENCE_MS = 5_000;
/** A generator that is this far behind its schedule leaves calls out rather than blame the service for its own delay. */
const BEHIND_MS = 250;

/** What may be expected of calls at the moment. */
export interface Expectation {
  /** Where the calls are counted. */
  readonly tally: Tally;
  /** VIPs that may go unrecognised, provided the answer says that it could not tell. */
  readonly mayMiss: ReadonlySet<VipKind>;
  /** Something is broken: "could not tell" is a right answer for a stranger. */
  readonly faulty: boolean;
  /** Calls may be shed. */
  readonly mayShed: boolean;
}

/** A VIP call that could not be answered, or could. `atMs` is its scheduled arrival. */
export interface Sighting {
  readonly kind: VipKind;
  readonly atMs: number;
  readonly recognised: boolean;
}

interface InHand {
  readonly call: PhoneCall;
  readonly dueMs: number;
  /** Likewise, by the clock on the wall. */
  readonly dueWallMs: number;
  readonly atArrival: Expectation;
}

/**
 * Calls that arrive on a schedule, at random intervals, and do not wait for answers. Times count from the scheduled arrival,
 * so a call that had to wait for the generator or a connection is not flattered. The schedule is by the machine's time: one
 * that has no processor to spare gets fewer calls. A call that is late by the clock on the wall alone counts as void.
 */
export class Load {
  /** Every VIP call that was answered since this was last emptied. */
  sightings: Sighting[] = [];
  readonly #roll = dice(7);
  /** The oldest first. */
  readonly #inHand = new Set<InHand>();
  #running: Promise<void> | undefined;
  #stopped = false;

  /** @param rate calls a second */
  constructor(
    private readonly phones: PhoneSystem,
    readonly callers: Callers,
    readonly time: MachineTime,
    public rate: number,
    public expectation: Expectation,
  ) {}

  start(): void {
    this.#running = this.#run();
  }

  /** No more arrivals; waits for the calls in hand, as long as Core would. */
  async stop(): Promise<void> {
    this.#stopped = true;
    await this.#running;
  }

  async #run(): Promise<void> {
    let dueMs = this.time.nowMs();
    while (!this.#stopped || this.#inHand.size > 0) {
      const nowMs = this.time.nowMs();
      while (dueMs <= nowMs && !this.#stopped) {
        if (nowMs - dueMs > BEHIND_MS || !this.phones.hasRoom) this.expectation.tally.leftOut++;
        else this.#call(this.callers.next(), dueMs);
        dueMs += (-Math.log(1 - this.#roll()) / this.rate) * 1_000;
      }
      this.#giveUp(nowMs - CORE_PATIENCE_MS);
      await sleep(Math.min(20, Math.max(1, dueMs - this.time.nowMs())));
    }
  }

  #call(call: PhoneCall, dueMs: number): void {
    const dueWallMs = this.time.wallMs() - (this.time.nowMs() - dueMs);
    const one: InHand = { call, dueMs, dueWallMs, atArrival: this.expectation };
    one.atArrival.tally.sent++;
    this.#inHand.add(one);
    this.phones.post(bodyOf(call)).then(
      (answer) => this.#inHand.delete(one) && this.#count(one, answer),
      (error: Error) => this.#inHand.delete(one) && this.#broken(one, error),
    );
  }

  #giveUp(arrivedBeforeMs: number): void {
    for (const one of this.#inHand) {
      if (one.dueMs > arrivedBeforeMs) return;
      this.#inHand.delete(one);
      const { tally, mayShed } = one.atArrival;
      if (this.time.starved(one.dueMs, mayShed)) tally.void++;
      else tally.lose(one.call, 'no answer within 5 s');
    }
  }

  /** The service cuts off what takes longer than Core waits, by the clock on the wall: on a starved machine that proves nothing. */
  #broken({ call, dueMs, dueWallMs, atArrival: { tally, mayShed } }: InHand, { message }: Error): void {
    const isOver = this.time.wallMs() - dueWallMs > CORE_PATIENCE_MS;
    if (isOver && this.time.starved(dueMs, mayShed)) tally.void++;
    else tally.lose(call, message);
  }

  #count({ call, dueMs, dueWallMs, atArrival }: InHand, answer: WireAnswer): void {
    const { tally } = atArrival;
    // A call that was under way when something broke, or was mended, may have felt it.
    const felt = [atArrival, this.expectation];
    const faulty = felt.some((one) => one.faulty);
    const verdict = judge(call, answer, faulty);
    const isCrowded = felt.some(({ mayShed }) => mayShed);
    const { kind } = call;
    const isRecognised = verdict === 'recognised';
    const isRight =
      isRecognised ||
      verdict === 'stranger' ||
      (verdict === 'shed' && isCrowded) ||
      (verdict === 'missed' && felt.some(({ mayMiss }) => mayMiss.has(kind as VipKind)));
    const limitMs = DEADLINE_MS + (isCrowded ? CROWDED_ALLOWANCE_MS : ALLOWANCE_MS);
    const machineMs = this.time.nowMs() - dueMs;
    // In a crowd all that the machine has is used, and a slow one takes longer for it.
    const tookMs = isCrowded ? machineMs : this.time.wallMs() - dueWallMs;
    const isLate = tookMs > limitMs;
    // Whatever the machine does, it does not make somebody a VIP, or nobody.
    const couldNotTell = answer.status === 204 && answer.reason !== 'no-match';
    const isInQuestion = isRight ? isLate : couldNotTell;
    const isSlowed = isRight && machineMs <= limitMs;
    if (isInQuestion && (isSlowed || this.time.starved(dueMs, isCrowded))) {
      tally.void++;
      return;
    }
    if (verdict === 'shed') tally.shed++;
    tally.time(tookMs, isLate);
    if (kind !== 'stranger') {
      tally.sighted(kind, isRecognised);
      this.sightings.push({ kind, atMs: dueMs, recognised: isRecognised });
    }
    if (isRight && !isLate && answer.reason === 'timeout') tally.timeouts++;
    if (isRight) tally.served(kind);
    else tally.blame(call, answer, tookMs);
  }
}

import type { OnApplicationShutdown, OnModuleInit } from '@nestjs/common';
import { Inject, Injectable } from '@nestjs/common';
import type { Logger } from './logger.js';
import { LOGGER } from './logger.js';
import { MetricsService } from './metrics.service.js';

const HEALTH_REASON = 'more calls came than could be decided; the others were shed';

/** How often the delay of the event loop is measured. */
const MEASURE_MS = 50;
/**
 * One turn of the event loop may be late by this. Calls that were not read in it have waited as long, and will wait
 * again.
 */
const MAX_DELAY_MS = 200;
/**
 * After this much shedding, calls are decided again, even in the same turn: a shed client may ask again at once, and
 * a turn that only sheds would never end.
 */
const SHED_MS = 100;
/** With fewer calls in a turn, something else keeps the event loop busy, and shedding would not help. */
const MANY_CALLS = 100;
/** Maximum of decisions at a time; providers could not answer more of them in time. */
const MAX_IN_FLIGHT = 2_000;
/** How long health reports that calls were shed, so that monitors notice it. */
const REMEMBERED_MS = 60_000;
/** How often the log has a line with the count of shed calls, instead of a line for each. */
const SUMMARY_MS = 1_000;

/**
 * Detects when more calls come than this process can decide: the calls of one turn of the event loop take too long,
 * or too many decisions are in progress. Both end by themselves when the load drops.
 */
@Injectable()
export class LoadMeter implements OnModuleInit, OnApplicationShutdown {
  #inFlight = 0;
  #delayMs = 0;
  /**
   * When this process began to decide calls (in this turn of the event loop if turns are long), and how many have
   * come since.
   */
  #decidingMs = 0;
  #calls = 0;
  #measuredMs = 0;
  #timer: NodeJS.Timeout | undefined;
  #shed = 0;
  #shedLogged = 0;
  #loggedMs = 0;
  #shedAtMs = Number.NEGATIVE_INFINITY;
  #since: string | undefined;

  constructor(
    @Inject(LOGGER) private readonly logger: Logger,
    metrics: MetricsService,
  ) {
    metrics.measure('smartrouting_decisions_in_flight', () => this.#inFlight);
  }

  onModuleInit(): void {
    this.#measuredMs = performance.now();
    this.#decideAgain();
    this.#timer = setInterval(() => this.#measure(), MEASURE_MS).unref();
  }

  onApplicationShutdown(): void {
    clearInterval(this.#timer);
  }

  /** A decision begins; `leave` must be called when it is made. */
  enter(): void {
    this.#inFlight++;
  }

  leave(): void {
    this.#inFlight--;
  }

  /** True if the next call must be shed; counts it. */
  mustShed(): boolean {
    // One turn reads all connections that are ready, so its length must be checked while it lasts.
    const lateMs = performance.now() - this.#decidingMs - MEASURE_MS - MAX_DELAY_MS;
    if (lateMs > SHED_MS) this.#decideAgain();
    const isLate = ++this.#calls > MANY_CALLS && lateMs > 0;
    const isTooMuch = isLate || this.#inFlight >= MAX_IN_FLIGHT;
    if (isTooMuch) this.#count();
    return isTooMuch;
  }

  /**
   * How busy this process is. `eventLoopDelayMs`: by how much the event loop was late when last measured; `shed`: calls since
   * the start; `reason` and `since`: only while calls are shed, and for a minute after.
   */
  get load() {
    return {
      inFlight: this.#inFlight,
      eventLoopDelayMs: Math.round(this.#delayMs),
      shed: this.#shed,
      ...(this.#since !== undefined && { reason: HEALTH_REASON, since: this.#since }),
    };
  }

  #count(): void {
    this.#shed++;
    this.#shedAtMs = performance.now();
    if (this.#since !== undefined) return;
    this.#since = new Date().toISOString();
    this.logger.error(
      {
        inFlight: this.#inFlight,
        eventLoopDelayMs: Math.round(this.#shedAtMs - this.#measuredMs - MEASURE_MS),
      },
      'overloaded: calls beyond capacity are told to proceed normally',
    );
  }

  #decideAgain(): void {
    this.#decidingMs = performance.now();
    this.#calls = 0;
  }

  #measure(): void {
    const nowMs = performance.now();
    this.#delayMs = Math.max(0, nowMs - this.#measuredMs - MEASURE_MS);
    this.#measuredMs = nowMs;
    this.#decideAgain();
    if (this.#since === undefined) return;
    if (this.#shed > this.#shedLogged && nowMs - this.#loggedMs >= SUMMARY_MS) {
      this.logger.warn(
        { outcome: 204, reason: 'overloaded', calls: this.#shed - this.#shedLogged },
        'decisions',
      );
      this.#shedLogged = this.#shed;
      this.#loggedMs = nowMs;
    }
    if (nowMs - this.#shedAtMs < REMEMBERED_MS) return;
    this.logger.info({ since: this.#since }, 'no call was shed for a minute');
    this.#since = undefined;
  }
}

import type { OnApplicationShutdown, OnModuleInit } from '@nestjs/common';
import { Inject, Injectable } from '@nestjs/common';
import type { Logger } from './logger.js';
import { LOGGER } from './logger.js';
import { MetricsService } from './metrics.service.js';

/** How often the delay of the event loop is measured. */
const MEASURE_MS = 50;
/** A measurement later than this, twice in a row, means that calls wait for longer than they can be let wait. */
const MAX_DELAY_MS = 200;
/** Calls between two measurements below which it is something else that keeps the event loop busy: shedding them is no help. */
const MANY_CALLS = 100;
/** Decisions at a time; more than that wait for providers that will not come to answer them all. */
const MAX_IN_FLIGHT = 2_000;
/** How long health goes on to tell that calls were shed, so that monitors get to see it. */
const REMEMBERED_MS = 60_000;

/** How busy this process is. */
export interface Load {
  /** Decisions under way. */
  readonly inFlight: number;
  /** By how much the event loop was late when last measured, milliseconds. */
  readonly eventLoopDelayMs: number;
  /** Calls shed since the start. */
  readonly shed: number;
  /** Why it is degraded: calls are shed now, or were within the last minute. */
  readonly reason?: string;
  /** Since when, ISO 8601. */
  readonly since?: string;
}

/**
 * Tells when more calls come than this process can decide: its event loop lags behind its calls for longer than one hiccup,
 * or too many decisions are under way. Both pass by themselves as soon as less is asked.
 */
@Injectable()
export class LoadMeter implements OnModuleInit, OnApplicationShutdown {
  #inFlight = 0;
  #delayMs = 0;
  #delayBeforeMs = 0;
  #calls = 0;
  #callsBefore = 0;
  #measuredMs = 0;
  #timer: NodeJS.Timeout | undefined;
  #shed = 0;
  #shedBefore = 0;
  #shedAtMs = Number.NEGATIVE_INFINITY;
  #since: string | undefined;

  constructor(
    @Inject(LOGGER) private readonly logger: Logger,
    metrics: MetricsService,
  ) {
    metrics.decisionsInFlight(() => this.#inFlight);
  }

  onModuleInit(): void {
    this.#measuredMs = performance.now();
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

  /** True when a further call must be shed; counts it. */
  mustShed(): boolean {
    this.#calls++;
    const lagsBehind =
      Math.min(this.#delayMs, this.#delayBeforeMs) > MAX_DELAY_MS && this.#callsBefore >= MANY_CALLS;
    const isTooMuch = lagsBehind || this.#inFlight >= MAX_IN_FLIGHT;
    if (isTooMuch) this.#count();
    return isTooMuch;
  }

  get load(): Load {
    const load = { inFlight: this.#inFlight, eventLoopDelayMs: Math.round(this.#delayMs), shed: this.#shed };
    return this.#since === undefined
      ? load
      : {
          ...load,
          reason: 'more calls came than could be decided; the others were shed',
          since: this.#since,
        };
  }

  #count(): void {
    this.#shed++;
    this.#shedAtMs = performance.now();
    if (this.#since !== undefined) return;
    this.#since = new Date().toISOString();
    this.#shedBefore = this.#shed - 1;
    this.logger.error(
      { inFlight: this.#inFlight, eventLoopDelayMs: Math.round(this.#delayMs) },
      'more calls come than can be decided; those in excess are told to proceed normally',
    );
  }

  #measure(): void {
    const nowMs = performance.now();
    this.#callsBefore = this.#calls;
    this.#calls = 0;
    this.#delayBeforeMs = this.#delayMs;
    this.#delayMs = Math.max(0, nowMs - this.#measuredMs - MEASURE_MS);
    this.#measuredMs = nowMs;
    if (this.#since === undefined || nowMs - this.#shedAtMs < REMEMBERED_MS) return;
    this.logger.info(
      { shed: this.#shed - this.#shedBefore, since: this.#since },
      'no call was shed for a minute',
    );
    this.#since = undefined;
  }
}

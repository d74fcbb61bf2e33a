import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { stopClocks } from '../../test/support/stopped-clock.js';
import { LoadMeter } from './load-meter.js';
import { createLogger } from './logger.js';
import { MetricsService } from './metrics.service.js';

const MEASURE_MS = 50;
let nowMs: number;

/** Keeps the event loop busy, as too many calls would: time goes by, and no timer comes. */
function block(ms: number): void {
  nowMs += ms;
}

/** Lets the timers come that are due. */
function turn(): void {
  jest.advanceTimersByTime(MEASURE_MS);
}

function idle(ms: number): void {
  for (let passedMs = 0; passedMs < ms; passedMs += MEASURE_MS) {
    nowMs += MEASURE_MS;
    turn();
  }
}

describe('the load meter', () => {
  stopClocks();
  let meter: LoadMeter;
  let metrics: MetricsService;
  let log: string[];
  beforeEach(() => {
    nowMs = 1_000;
    jest.spyOn(performance, 'now').mockImplementation(() => nowMs);
    log = [];
    metrics = new MetricsService();
    const logger = createLogger(
      { level: 'info', numbers: 'masked' },
      { write: (line) => void log.push(line) },
    );
    meter = new LoadMeter(logger, metrics);
    meter.onModuleInit();
  });
  afterEach(() => {
    meter.onApplicationShutdown();
    jest.restoreAllMocks();
  });

  it('lets calls pass while there is time for them', () => {
    idle(150);
    expect(meter.mustShed()).toBe(false);
    expect(meter.load).toEqual({ inFlight: 0, eventLoopDelayMs: 0, shed: 0 });
    expect(log).toEqual([]);
  });

  it('takes a hiccup for what it is, whoever is to blame', () => {
    idle(100);
    block(400);
    // Calls that are read in the same turn, and those of the next.
    for (let call = 0; call < 50; call++) expect(meter.mustShed()).toBe(false);
    turn();
    expect(meter.load).toMatchObject({ eventLoopDelayMs: 350 });
    for (let call = 0; call < 500; call++) expect(meter.mustShed()).toBe(false);
  });

  it('sheds what is left when the calls of one turn take too long, says so once, and begins anew', () => {
    let decided = 0;
    for (let call = 0; call < 1_000; call++) {
      if (meter.mustShed()) continue;
      decided++;
      block(1);
    }
    expect(decided).toBeGreaterThanOrEqual(100);
    expect(decided).toBeLessThan(400);
    expect(meter.load).toMatchObject({
      shed: 1_000 - decided,
      reason: 'more calls came than could be decided; the others were shed',
      since: expect.stringMatching(/^\d{4}-.*Z$/),
    });
    expect(log).toHaveLength(1);
    expect(JSON.parse(log[0]!)).toMatchObject({
      level: 'error',
      inFlight: 0,
      msg: 'overloaded: calls beyond capacity are told to proceed normally',
    });
    idle(150);
    expect(meter.mustShed()).toBe(false);
    expect(log.slice(1).map((line) => JSON.parse(line) as unknown)).toEqual([
      expect.objectContaining({ level: 'warn', outcome: 204, reason: 'overloaded', calls: 1_000 - decided }),
    ]);
    // Monitors still get to see it.
    expect(meter.load.reason).toBeDefined();
  });

  it('goes on deciding for most of the time, even if those who were shed come back at once', () => {
    const endMs = nowMs + 1_500;
    let decidingMs = 0;
    while (nowMs < endMs) {
      if (meter.mustShed()) {
        block(0.1);
      } else {
        block(1);
        decidingMs += 1;
      }
    }
    expect(meter.load.shed).toBeGreaterThan(0);
    // By the clock of this test, which only `block` moves.
    expect(decidingMs).toBeGreaterThan(750);
  });

  it('sheds what comes beyond two thousand decisions under way', async () => {
    for (let call = 0; call < 2_000; call++) meter.enter();
    expect(meter.mustShed()).toBe(true);
    meter.leave();
    expect(meter.mustShed()).toBe(false);
    expect(await metrics.registry.metrics()).toContain('\nsmartrouting_decisions_in_flight 1999\n');
  });
});

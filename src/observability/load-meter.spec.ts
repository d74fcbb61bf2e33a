import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { setTimeout as sleep } from 'node:timers/promises';
import { LoadMeter } from './load-meter.js';
import { createLogger } from './logger.js';
import { MetricsService } from './metrics.service.js';

/** Keeps the event loop busy, as too many calls would. */
function block(ms: number): void {
  const endMs = performance.now() + ms;
  while (performance.now() < endMs);
}

/** Lets pending timers and callbacks run once. */
const turn = (): Promise<void> => new Promise((done) => setTimeout(done, 0));

describe('the load meter', () => {
  let meter: LoadMeter;
  let metrics: MetricsService;
  let log: string[];
  beforeEach(() => {
    log = [];
    metrics = new MetricsService();
    const logger = createLogger(
      { level: 'info', numbers: 'masked' },
      { write: (line) => void log.push(line) },
    );
    meter = new LoadMeter(logger, metrics);
    meter.onModuleInit();
  });
  afterEach(() => meter.onApplicationShutdown());

  it('lets calls pass while there is time for them', async () => {
    await sleep(150);
    expect(meter.mustShed()).toBe(false);
    expect(meter.load).toEqual({ inFlight: 0, eventLoopDelayMs: expect.any(Number), shed: 0 });
    expect(log).toEqual([]);
  });

  it('takes one hiccup for what it is', async () => {
    await sleep(120);
    block(400);
    await turn();
    expect(meter.mustShed()).toBe(false);
  });

  it('does not make calls pay for other work that keeps the event loop busy', async () => {
    for (let round = 0; round < 3; round++) {
      block(300);
      await turn();
    }
    for (let call = 0; call < 50; call++) expect(meter.mustShed()).toBe(false);
  });

  it('sheds while the event loop lags behind again and again, says so once, and recovers', async () => {
    for (let round = 0; round < 3; round++) {
      for (let call = 0; call < 200; call++) meter.mustShed();
      block(400);
      await turn();
    }
    const { shed } = meter.load;
    expect([meter.mustShed(), meter.mustShed()]).toEqual([true, true]);
    expect(meter.load).toMatchObject({
      shed: shed + 2,
      reason: 'more calls came than could be decided; the others were shed',
      since: expect.stringMatching(/^\d{4}-.*Z$/),
    });
    expect(log).toHaveLength(1);
    expect(JSON.parse(log[0]!)).toMatchObject({
      level: 'error',
      inFlight: 0,
      msg: 'more calls come than can be decided; those in excess are told to proceed normally',
    });
    for (let tries = 0; meter.mustShed() && tries < 100; tries++) await sleep(50);
    expect(meter.mustShed()).toBe(false);
    // Monitors still get to see it.
    expect(meter.load.reason).toBeDefined();
  });

  it('sheds what comes beyond two thousand decisions under way', async () => {
    for (let call = 0; call < 2_000; call++) meter.enter();
    expect(meter.mustShed()).toBe(true);
    meter.leave();
    expect(meter.mustShed()).toBe(false);
    expect(await metrics.registry.metrics()).toContain('\nsmartrouting_decisions_in_flight 1999\n');
  });
});

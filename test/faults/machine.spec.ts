import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { Machine, SAMPLE_MS } from './machine.js';

const SERVICE = 4711;
let wallMs: number;
let own: { ranMs: number; waitedMs: number };
let service: { ranMs: number; waitedMs: number } | undefined;
let machine: Machine;

beforeEach(() => {
  jest.useFakeTimers();
  wallMs = 1_000;
  own = { ranMs: 50, waitedMs: 500 };
  service = { ranMs: 50, waitedMs: 700 };
  machine = new Machine([SERVICE], {
    wallMs: () => wallMs,
    mainThread: (pid) => (pid === process.pid ? { ...own } : service && { ...service }),
  });
});
afterEach(() => {
  machine.stop();
  jest.useRealTimers();
});

/** Time passes, in steps of `stepMs` on the wall; of each step the programs have something. */
function passes(ms: number, ofStep: () => void = () => undefined, stepMs = SAMPLE_MS): void {
  for (let passed = 0; passed < ms; passed += stepMs) {
    wallMs += stepMs;
    ofStep();
    jest.advanceTimersByTime(SAMPLE_MS);
  }
}

describe("the machine's time", () => {
  it('is that of the wall while every program gets a processor when it wants one', () => {
    passes(1_000, () => (own.ranMs += SAMPLE_MS));
    expect(machine.nowMs()).toBe(1_000);
    expect(machine.starved(0, false)).toBe(false);
  });

  it('runs slow while the service is ready to run and may not, and tells who suffered from it', () => {
    passes(1_000, () => (service!.waitedMs += SAMPLE_MS * 0.8));
    expect(machine.nowMs()).toBeCloseTo(200, 3);
    expect(machine.starved(machine.nowMs() - 50, false)).toBe(true);
    passes(2_000);
    expect(machine.starved(machine.nowMs() - 100, false)).toBe(false);
  });

  it('runs slow while this program does, that wakes up late though it has not run', () => {
    passes(1_000, undefined, 500);
    expect(machine.nowMs()).toBe(4 * SAMPLE_MS);
    expect(machine.starved(0, false)).toBe(true);
  });

  it('goes on while this program keeps itself busy, or the service does', () => {
    passes(1_000, () => (own.ranMs += 500), 500);
    passes(1_000, () => (service!.ranMs += SAMPLE_MS));
    expect(machine.nowMs()).toBe(2_000);
    expect(machine.starved(0, false)).toBe(false);
  });

  it('does not stand still, whatever is lost', () => {
    passes(1_000, () => (service!.waitedMs += SAMPLE_MS));
    expect(machine.nowMs()).toBeGreaterThan(0);
  });

  it('takes waiting for each other in a crowd as a part of the play', () => {
    passes(2_000, () => (service!.waitedMs += SAMPLE_MS * 0.2));
    expect([machine.starved(0, true), machine.starved(0, false)]).toEqual([false, true]);
    passes(2_000, () => (service!.waitedMs += SAMPLE_MS * 0.6));
    expect(machine.starved(machine.nowMs(), true)).toBe(true);
  });

  it('goes on when a program has ended', () => {
    passes(500);
    service = undefined;
    passes(500);
    expect(machine.nowMs()).toBe(1_000);
  });
});

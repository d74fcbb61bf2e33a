import { describe, expect, it } from '@jest/globals';
import { LoginThrottle } from './login-throttle.js';

function withClock() {
  const clock = { ms: 1_000_000 };
  return { clock, throttle: new LoginThrottle(() => clock.ms) };
}

function fail(throttle: LoginThrottle, address: string, times: number): number[] {
  return Array.from({ length: times }, () => throttle.failed(address));
}

describe('LoginThrottle', () => {
  it('lets twenty failures within a minute be, and not the twenty-first', () => {
    const { throttle } = withClock();
    expect(fail(throttle, '203.0.113.9', 20)).toEqual(new Array(20).fill(0));
    expect(throttle.failed('203.0.113.9')).toBe(60);
  });

  it('says when the next failure is within the limit again, in whole seconds', () => {
    const { clock, throttle } = withClock();
    fail(throttle, '203.0.113.9', 10);
    clock.ms += 30_000;
    fail(throttle, '203.0.113.9', 10);
    clock.ms += 29_500;
    // Ten failures are 59.5 s old, and this one takes the place of the first: the second is over in half a second.
    expect(throttle.failed('203.0.113.9')).toBe(1);
    clock.ms += 1_000;
    expect(throttle.failed('203.0.113.9')).toBe(0);
  });

  it('keeps to what it said: a failure after that time counts as a first one', () => {
    const { clock, throttle } = withClock();
    fail(throttle, '203.0.113.9', 20);
    const seconds = throttle.failed('203.0.113.9');
    clock.ms += seconds * 1000;
    expect(throttle.failed('203.0.113.9')).toBe(0);
  });

  it('goes on while failures go on', () => {
    const { clock, throttle } = withClock();
    fail(throttle, '203.0.113.9', 20);
    const answers = Array.from({ length: 200 }, () => {
      clock.ms += 1_000;
      return throttle.failed('203.0.113.9');
    });
    expect(answers).not.toContain(0);
    expect(Math.min(...answers)).toBeGreaterThanOrEqual(1);
    expect(Math.max(...answers)).toBeLessThanOrEqual(60);
  });

  it('counts each client by itself', () => {
    const { throttle } = withClock();
    fail(throttle, '203.0.113.9', 30);
    expect(throttle.failed('203.0.113.10')).toBe(0);
    expect(throttle.failed('::ffff:203.0.113.9')).toBe(60);
  });

  it('takes an IPv6 /64 for one client', () => {
    const { throttle } = withClock();
    for (let host = 1; host <= 20; host++) throttle.failed(`2001:db8:1:2::${host.toString(16)}`);
    expect(throttle.failed('2001:db8:1:2:ffff::')).toBe(60);
    expect(throttle.failed('2001:db8:1:3::1')).toBe(0);
  });

  it('forgets the client that failed longest ago when ten thousand others fail', () => {
    const { throttle } = withClock();
    fail(throttle, '203.0.113.9', 20);
    for (let client = 0; client < 10_000; client++) throttle.failed(`10.1.${client >> 8}.${client & 255}`);
    expect(throttle.failed('203.0.113.9')).toBe(0);
  });
});

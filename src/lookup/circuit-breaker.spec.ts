import { describe, expect, it, jest } from '@jest/globals';
import { pass, stopClocks } from '../../test/support/stopped-clock.js';
import { BREAKER, CircuitBreaker } from './circuit-breaker.js';

const PATIENCE_MS = 2_500;

function breaker() {
  const changes: string[] = [];
  const subject = new CircuitBreaker(PATIENCE_MS, (state, before) => changes.push(`${before} > ${state}`));
  const fail = (): void => subject.failed(subject.enter(), new Error('down'));
  const succeed = (): void => subject.succeeded(subject.enter());
  return { subject, changes, fail, succeed };
}

async function halfOpen() {
  const parts = breaker();
  for (let i = 0; i < BREAKER.failures; i++) parts.fail();
  await pass(BREAKER.openMs - 1);
  expect(parts.subject.state).toBe('open');
  await pass(1);
  expect(parts.subject.state).toBe('half-open');
  return parts;
}

describe('a circuit breaker', () => {
  stopClocks();

  it('opens after failures in a row, not after as many with a success between', () => {
    const { subject, fail, succeed } = breaker();
    const almost = Array<() => void>(BREAKER.failures - 1).fill(fail);
    for (const act of [...almost, succeed, ...almost]) act();
    expect(subject.state).toBe('closed');
    fail();
    expect(subject.state).toBe('open');
    expect(subject.admits).toBe(false);
    subject.close();
  });

  it('does not open for what does not count, but takes it for the end of a trial', async () => {
    const { subject } = breaker();
    for (let i = 0; i < 10; i++) subject.failed(subject.enter(), new Error('too slow'), false);
    expect(subject.state).toBe('closed');
    const { subject: trying } = await halfOpen();
    trying.failed(trying.enter(), new Error('too slow'), false);
    expect(trying.state).toBe('open');
    trying.close();
  });

  it('opens for what does not count when nothing succeeds for as long as it bears that', async () => {
    const { subject, succeed } = breaker();
    const failUncounted = (): void => subject.failed(subject.enter(), new Error('too slow'), false);
    failUncounted();
    await pass(PATIENCE_MS);
    failUncounted();
    expect(subject.state).toBe('closed'); // they may be far between
    succeed();
    for (let i = 0; i < 10; i++) failUncounted();
    await pass(PATIENCE_MS - 1);
    failUncounted();
    expect(subject.state).toBe('closed');
    await pass(1);
    failUncounted();
    expect(subject.state).toBe('open');
    subject.close();
  });

  it('lets one lookup try when its time is over, and closes when that succeeds', async () => {
    const { subject, changes } = await halfOpen();
    expect(subject.admits).toBe(true);
    const permit = subject.enter();
    expect(subject.admits).toBe(false);
    subject.succeeded(permit);
    expect(subject.admits).toBe(true);
    expect(changes).toEqual(['closed > open', 'open > half-open', 'half-open > closed']);
  });

  it('opens again when the one that tries fails, and lets the next one try', async () => {
    const { subject, fail, succeed } = await halfOpen();
    fail();
    expect(subject.state).toBe('open');
    await pass(BREAKER.openMs);
    succeed();
    expect(subject.state).toBe('closed');
  });

  it('takes no notice of what was begun before it last changed', async () => {
    const { subject, fail } = breaker();
    const old = Array.from({ length: 10 }, () => subject.enter());
    for (let i = 0; i < BREAKER.failures; i++) fail();
    subject.succeeded(old[0]!);
    expect(subject.state).toBe('open');
    await pass(BREAKER.openMs);
    subject.failed(old[1]!, undefined);
    subject.succeeded(old[2]!);
    expect(subject.state).toBe('half-open');
    subject.succeeded(subject.enter());
    for (const permit of old) subject.failed(permit, undefined);
    expect(subject.state).toBe('closed');
  });

  it('has no timer any more once it is closed', () => {
    const { subject, fail } = breaker();
    for (let i = 0; i < BREAKER.failures; i++) fail();
    expect(jest.getTimerCount()).toBe(1);
    subject.close();
    expect(jest.getTimerCount()).toBe(0);
  });
});

describe('the timer of a circuit breaker', () => {
  it('keeps no process alive', () => {
    const timers = () => process.getActiveResourcesInfo().filter((kind) => kind === 'Timeout').length;
    const before = timers();
    const { subject, fail } = breaker();
    for (let i = 0; i < BREAKER.failures; i++) fail();
    expect(timers()).toBe(before);
    subject.close();
  });
});

import { describe, expect, it } from '@jest/globals';
import { Callers, instructionsOf, judge, KINDS, nameOf, numberOf } from './callers.js';
import type { PhoneCall } from './callers.js';
import type { WireAnswer } from './phone-system.js';

const vip: PhoneCall = { kind: 'crm new', number: numberOf('crm', 7) };
const stranger: PhoneCall = { kind: 'stranger', number: numberOf('stranger', 7) };
const said = (status: number, reason: string | undefined, body = ''): WireAnswer => ({
  status,
  reason,
  body,
});
const own = instructionsOf('crm new', vip.number);

describe('an answer is held against what is known of the caller', () => {
  it.each([
    ['own instructions', vip, said(200, 'matched', own), 'recognised'],
    ['"could not tell" for a VIP', vip, said(204, 'lookup-failed'), 'missed'],
    ['"too late" for a VIP', vip, said(204, 'timeout'), 'missed'],
    ['"overloaded"', vip, said(204, 'overloaded'), 'shed'],
    ['"is not a VIP" for a VIP', vip, said(204, 'no-match'), 'wrong'],
    [
      'the instructions of another VIP',
      vip,
      said(200, 'matched', own.replace(nameOf('crm', 7), nameOf('crm', 8))),
      'wrong',
    ],
    ['half the instructions', vip, said(200, 'matched', own.slice(0, 40)), 'wrong'],
    ['instructions for a stranger', stranger, said(200, 'matched', own), 'wrong'],
    ['a fault of the service', stranger, said(500, undefined), 'wrong'],
    ['a refusal', vip, said(401, undefined), 'wrong'],
    ['an answer without a reason', stranger, said(204, undefined), 'wrong'],
    ['"could not tell" for a stranger while all is well', stranger, said(204, 'lookup-failed'), 'wrong'],
    ['"is not a VIP" for a stranger', stranger, said(204, 'no-match'), 'stranger'],
  ])('%s', (_, call, answer, verdict) => {
    expect(judge(call, answer, false)).toBe(verdict);
  });

  it('"could not tell" for a stranger while something is broken', () => {
    expect(judge(stranger, said(204, 'timeout'), true)).toBe('stranger');
  });
});

describe('callers', () => {
  it('are of every kind, and a new VIP calls once only', () => {
    const callers = new Callers(1);
    const calls = Array.from({ length: 2_000 }, () => callers.next());
    expect(new Set(calls.map(({ kind }) => kind))).toEqual(new Set(KINDS));
    const fresh = calls.filter(({ kind }) => kind.endsWith('new')).map(({ number }) => number);
    expect(new Set(fresh).size).toBe(fresh.length);
  });
});

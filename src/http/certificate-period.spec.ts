import { describe, expect, it } from '@jest/globals';
import { certificateTrouble } from './certificate-period.js';

const DAY_MS = 24 * 60 * 60 * 1000;
const START = Date.parse('2026-01-01T00:00:00Z');
const END = Date.parse('2026-04-01T00:00:00Z');
const at = (nowMs: number, inUseSinceMs = START) =>
  certificateTrouble({ validFromMs: START, validUntilMs: END, inUseSinceMs }, nowMs);

describe('the time of a certificate', () => {
  it('is no trouble until 14 days before its end', () => {
    expect(at(START)).toBeUndefined();
    expect(at(END - 14 * DAY_MS - 1)).toBeUndefined();
  });

  it('is told in the last 14 days, since they began or since the certificate is in use', () => {
    const reason =
      'the certificate ends 2026-04-01T00:00:00.000Z, within 14 days. Replace the files; they are read again.';
    expect(at(END - 14 * DAY_MS)).toEqual({ reason, sinceMs: END - 14 * DAY_MS });
    expect(at(END - 1, END - DAY_MS)).toEqual({ reason, sinceMs: END - DAY_MS });
  });

  it('is told when it is over, and before it begins', () => {
    expect(at(END)).toEqual({
      reason: expect.stringContaining('the certificate ended 2026-04-01T00:00:00.000Z'),
      sinceMs: END,
    });
    expect(at(START - 1, START - DAY_MS)).toEqual({
      reason: expect.stringContaining('not valid before 2026-01-01T00:00:00.000Z'),
      sinceMs: START - DAY_MS,
    });
  });
});

import { describe, expect, it } from '@jest/globals';
import { digestOf, lineOfInvalidText } from './list-bytes.js';
import { Pace } from './pace.js';

describe('the bytes of a long list', () => {
  const line = `${'👋'.repeat(24)}äö\n`;

  it.each([0, 1, 2, 3])('are UTF-8 wherever they are cut into pieces (%d bytes further)', async (shift) => {
    const good = Buffer.from('x'.repeat(shift) + line.repeat(15_000));
    expect(good.length).toBeGreaterThan(1_500_000);
    expect(await lineOfInvalidText(good, new Pace())).toBeUndefined();
    const bad = Buffer.concat([good, Buffer.from('P\xe4ivi\n', 'latin1'), good]);
    expect(await lineOfInvalidText(bad, new Pace())).toBe(15_001);
  });

  it('are no UTF-8 where a character is cut off, or has no beginning', async () => {
    const good = Buffer.from(line.repeat(3));
    expect(await lineOfInvalidText(good.subarray(0, -2), new Pace())).toBe(3);
    expect(await lineOfInvalidText(Buffer.alloc(2_000_000, 0x80), new Pace())).toBe(1);
    expect(await lineOfInvalidText(Buffer.alloc(0), new Pace())).toBeUndefined();
  });

  it('are told from others by every byte', async () => {
    const bytes = Buffer.alloc(2_000_000, 'x');
    const digests = new Set([await digestOf(bytes, new Pace())]);
    for (const at of [0, 524_287, 524_288, 1_999_999]) {
      const other = Buffer.from(bytes);
      other[at] = 0;
      digests.add(await digestOf(other, new Pace()));
    }
    expect(digests.size).toBe(5);
    expect(digests).toContain(await digestOf(Buffer.from(bytes), new Pace()));
  });
});

import { expect, it } from '@jest/globals';
import { setTimeout as sleep } from 'node:timers/promises';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { Pace } from './pace.js';
import { RecordIndexBuilder } from './record-index.js';

setFlagsFromString('--expose-gc');
const collectGarbage = runInNewContext('gc') as () => void;

/** What is in use when no more can be collected: a suite before this one, in the same process, may go piece by piece. */
async function usedBytes(): Promise<number> {
  let bytes = Number.POSITIVE_INFINITY;
  for (let times = 0; times < 20; times++) {
    collectGarbage();
    await sleep(20);
    const { heapUsed, external } = process.memoryUsage();
    if (bytes - (heapUsed + external) < 10_000) return Math.min(bytes, heapUsed + external);
    bytes = heapUsed + external;
  }
  return bytes;
}

const numberAt = (at: number) => `+35840${String((at * 7_919) % 10_000_000).padStart(7, '0')}`;

async function indexOf(size: number) {
  const builder = new RecordIndexBuilder();
  for (let at = 0; at < size; at++) {
    builder.add({ number: numberAt(at), tier: at % 3 === 0 ? 'gold' : 'silver', targets: ['SALES'] }, at + 2);
  }
  return (await builder.build(new Pace())).index;
}

it('an index takes a few bytes a number where records say the same', async () => {
  const size = 300_000;
  await indexOf(1_000);
  const before = await usedBytes();
  const index = await indexOf(size);
  const bytesPerNumber = ((await usedBytes()) - before) / size;
  // A key alone has eight; what else lives in the process makes the figure vary by two or three.
  expect(bytesPerNumber).toBeGreaterThan(4);
  expect(bytesPerNumber).toBeLessThan(40);
  expect(index.size).toBe(size);
  expect(index.find(numberAt(3))).toStrictEqual({ number: numberAt(3), tier: 'gold', targets: ['SALES'] });
});

import { rm, writeFile } from 'node:fs/promises';
import { IS_LONG } from '../../support/length.js';
import { bodyOf, Callers, VIP_KINDS } from '../callers.js';
import type { Load } from '../load.js';
import type { PhoneSystem } from '../phone-system.js';
import { FLOOR } from '../result.js';
import type { Scenario } from '../scenario.js';

const TIMES = 10;
const AT_A_TIME = 64;
/** How many answers, and how long at least, tell the rate at which the service can be saturated. */
const MEASURED = IS_LONG ? { answers: 1_000, ms: 4_000 } : { answers: 150, ms: 300 };
const SHED = FLOOR * 10;
/** A service that decides fewer in a second, by the clock on the wall, takes it that something else keeps it busy, and sheds none. */
const SHEDS_FROM = 450;

interface Saturation {
  /** Calls per second that the service answers when there always is a next one. */
  readonly perSecond: number;
  /** Likewise by the clock on the wall. */
  readonly perWallSecond: number;
}

async function saturation(phones: PhoneSystem, { callers, time }: Load): Promise<Saturation> {
  const startedMs = time.nowMs();
  const wallMs = performance.now();
  let answered = 0;
  const caller = async (): Promise<void> => {
    while (answered < MEASURED.answers || time.nowMs() - startedMs < MEASURED.ms) {
      await phones.post(bodyOf(callers.next()));
      answered++;
    }
  };
  await Promise.all(Array.from({ length: AT_A_TIME }, caller));
  return {
    perSecond: (answered / (time.nowMs() - startedMs)) * 1_000,
    perWallSecond: (answered / (performance.now() - wallMs)) * 1_000,
  };
}

/** @param costMs of computing that each call costs besides; with it calls must be shed, without there may be room for all */
export function overload(fault: string, costMs: number): Scenario {
  const notes: string[] = [];
  let usual = 0;
  let most: Saturation;
  let begun = { ms: 0, sent: 0 };
  return {
    fault,
    mayMiss: VIP_KINDS,
    mayShed: true,
    kinds: ['list', 'database known', 'crm known', 'stranger'],
    lastsMs: IS_LONG ? 20_000 : 0,
    notes,
    // Connections that are opened while an overload begins may wait for long.
    prepare: ({ phones }) => phones.grow(bodyOf(Callers.known()[0]!)),
    begin: async (world, load) => {
      usual = load.rate;
      if (costMs > 0) await writeFile(world.path('cost'), String(costMs));
      load.callers.onlyKnown = true;
      load.rate = 1;
      most = await saturation(world.phones, load);
      begun = { ms: load.time.nowMs(), sent: load.expectation.tally.sent };
      load.rate = most.perSecond * TIMES;
    },
    hasShown: ({ shed, leftOut }) =>
      leftOut > 0 && (shed >= SHED || costMs === 0 || most.perWallSecond < SHEDS_FROM),
    end: async (world, load) => {
      const seconds = (load.time.nowMs() - begun.ms) / 1_000;
      const reached = (load.expectation.tally.sent - begun.sent) / seconds;
      load.rate = usual;
      load.callers.onlyKnown = false;
      await rm(world.path('cost'), { force: true });
      notes.push(
        `saturates at ${Math.round(most.perSecond)} calls/s; asked for ${TIMES} times that, ${Math.round(reached)} calls/s (${(reached / most.perSecond).toFixed(1)} times) were sent`,
      );
    },
  };
}

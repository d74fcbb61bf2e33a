import { rm, writeFile } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { bodyOf, VIP_KINDS } from './callers.js';
import type { Callers } from './callers.js';
import type { PhoneSystem } from './phone-system.js';
import { IS_LONG } from './run.js';
import type { Scenario } from './run.js';
import type { Group } from './scenarios.js';
import { SlowClients } from './slow-clients.js';
import type { World } from './world.js';

const BLOCKED_MS = 400;
const HEAP_MIB = 128;
/** Node gives up where collecting garbage no longer frees anything, some way below the limit. */
const NEAR_THE_LIMIT_MIB = 112;
const TIMES = 10;
const OVERLOAD_MS = IS_LONG ? 20_000 : 3_000;
const AT_A_TIME = 64;
const COST_MS = 2;

const blocked: Scenario = {
  fault: `event loop blocked ${BLOCKED_MS} ms by a plug-in`,
  begin: (world) => writeFile(world.path('block'), String(BLOCKED_MS)),
  end: async () => undefined,
};

let slow: SlowClients | undefined;
const slowNotes: string[] = [];
const slowClients: Scenario = {
  fault: '2,000 slow clients (slowloris, slow body, slow read)',
  notes: slowNotes,
  lastsMs: IS_LONG ? 15_000 : undefined,
  begin: async (world) => {
    slow = await SlowClients.start(world.serviceUrl, 2_000);
  },
  end: async () => {
    slowNotes.push(`the service cut ${slow!.cutOff} of the slow clients off`);
    slow!.stop();
  },
};

const heapNotes: string[] = [];
const heap: Scenario = {
  fault: 'heap near its limit',
  notes: heapNotes,
  begin: (world) => writeFile(world.path('ballast'), String(NEAR_THE_LIMIT_MIB)),
  end: async (world) => {
    const metrics = await (await fetch(new URL('/metrics', world.serviceUrl))).text();
    const used = Number(/^nodejs_heap_size_used_bytes (\S+)/m.exec(metrics)?.[1]);
    heapNotes.push(`${Math.round(used / 2 ** 20)} MiB used with --max-old-space-size=${HEAP_MIB}`);
    await rm(world.path('ballast'));
  },
};

/** Calls per second that the service answers when there always is a next one. */
async function saturation(phones: PhoneSystem, callers: Callers, lastsMs: number): Promise<number> {
  const startedMs = performance.now();
  let answered = 0;
  const caller = async (): Promise<void> => {
    while (performance.now() - startedMs < lastsMs) {
      await phones.post(bodyOf(callers.next()));
      answered++;
    }
  };
  await Promise.all(Array.from({ length: AT_A_TIME }, caller));
  return (answered / (performance.now() - startedMs)) * 1_000;
}

const overload = (fault: string, prepare: (world: World) => Promise<void>): Scenario => {
  let rate = 0;
  const notes: string[] = [];
  return {
    fault,
    mayMiss: VIP_KINDS,
    mayShed: true,
    lastsMs: OVERLOAD_MS,
    notes,
    begin: async (world, load) => {
      rate = load.rate;
      await prepare(world);
      load.callers.onlyKnown = true;
      load.rate = 1;
      await world.phones.grow(bodyOf(load.callers.next()));
      await sleep(500);
      const most = await saturation(world.phones, load.callers, IS_LONG ? 4_000 : 1_000);
      load.rate = most * TIMES;
      const { tally } = load.expectation;
      const sentBefore = tally.sent;
      setTimeout(() => {
        const reached = ((tally.sent - sentBefore) / OVERLOAD_MS) * 1_000;
        notes.push(
          `saturates at ${Math.round(most)} calls/s; asked for ${TIMES} times that, ${Math.round(reached)} calls/s (${(reached / most).toFixed(1)} times) were sent`,
        );
      }, OVERLOAD_MS - 50);
    },
    end: async (world, load) => {
      load.rate = rate;
      load.callers.onlyKnown = false;
      await rm(world.path('cost'), { force: true });
    },
  };
};

const twice = ({ balancer }: World): string => `the balancer sent ${balancer!.retries} calls a second time`;

const sigtermNotes: string[] = [];
const sigterm: Scenario = {
  fault: 'SIGTERM during load, two instances behind a balancer',
  notes: sigtermNotes,
  begin: async ({ services }) => services[0]!.signal('SIGTERM'),
  end: async (world) => {
    const { code } = await world.services[0]!.finished;
    sigtermNotes.push(twice(world));
    if (code !== 0) throw new Error(`the service ended with ${String(code)} at SIGTERM`);
  },
};

const sigkillNotes: string[] = [];
const sigkill: Scenario = {
  fault: 'SIGKILL of one of two instances behind a balancer',
  notes: sigkillNotes,
  begin: async ({ services }) => services[0]!.signal('SIGKILL'),
  end: async (world) => sigkillNotes.push(twice(world)),
};

/** One after the other, with nothing else going on: these need the machine. */
export const ALONE: readonly Group[] = [
  { world: { heavy: true }, scenarios: [blocked, slowClients] },
  { world: { heavy: true, heapMiB: HEAP_MIB }, scenarios: [heap] },
  { world: { instances: 2 }, scenarios: [sigterm] },
  { world: { instances: 2 }, scenarios: [sigkill] },
  {
    world: { heavy: true },
    scenarios: [
      overload('10 times the saturating rate', async () => undefined),
      overload(`10 times the saturating rate, each call costing ${COST_MS} ms`, (world) =>
        writeFile(world.path('cost'), String(COST_MS)),
      ),
    ],
  },
];

import { rm, writeFile } from 'node:fs/promises';
import { existsSync } from 'node:fs';
import { IS_LONG } from '../../support/length.js';
import type { Group, Scenario } from '../scenario.js';
import { SlowClients } from '../slow-clients.js';
import type { World } from '../world.js';
import { overload } from './overload.js';

const BLOCKED_MS = 400;
const HEAP_MIB = 128;
/** Node gives up where collecting garbage no longer frees anything, some way below the limit. */
const NEAR_THE_LIMIT_MIB = 112;

const blocked: Scenario = {
  fault: `event loop blocked ${BLOCKED_MS} ms by a plug-in`,
  isBrief: true,
  begin: (world) => writeFile(world.path('block'), String(BLOCKED_MS)),
  // The plug-in takes the file away when it obeys.
  hasShown: (_, world) => !existsSync(world.path('block')),
  end: async () => undefined,
};

let slow: SlowClients | undefined;
const slowNotes: string[] = [];
const slowClients: Scenario = {
  fault: '2,000 slow clients (slowloris, slow body, slow read)',
  notes: slowNotes,
  ...(IS_LONG && { lastsMs: 15_000 }),
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
  hasShown: async (_, world) => (await heapUsedMiB(world)) > NEAR_THE_LIMIT_MIB * 0.9,
  end: async (world) => {
    const used = Math.round(await heapUsedMiB(world));
    heapNotes.push(`${used} MiB used with --max-old-space-size=${HEAP_MIB}`);
    await rm(world.path('ballast'));
  },
};

async function heapUsedMiB(world: World): Promise<number> {
  const metrics = await (await fetch(new URL('/metrics', world.serviceUrl))).text();
  return Number(/^nodejs_heap_size_used_bytes (\S+)/m.exec(metrics)?.[1]) / 2 ** 20;
}

const COST_MS = IS_LONG ? 2 : 1;

/** The machine that the service runs on, and its own thread and memory. */
export const ownMachine: Group = {
  family: 'the own machine',
  world: { heavy: true },
  scenarios: [
    blocked,
    slowClients,
    overload('10 times the saturating rate', 0),
    { ...overload(`10 times the saturating rate, each call costing ${COST_MS} ms`, COST_MS), isBrief: true },
  ],
};

export const ownHeap: Group = {
  family: 'its heap',
  world: { heavy: true, heapMiB: HEAP_MIB },
  scenarios: [heap],
};

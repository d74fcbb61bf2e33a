import type { Group, Scenario } from '../scenario.js';
import type { Instance, World } from '../world.js';

const twice = ({ balancer }: World): string => `the balancer sent ${balancer!.retries} calls a second time`;

const ends = (fault: string, signal: 'SIGTERM' | 'SIGKILL'): Scenario => {
  const notes: string[] = [];
  let victim: Instance;
  return {
    fault,
    isBrief: true,
    notes,
    prepare: (world) => world.standBehindBalancer(2),
    begin: async ({ instances }) => {
      victim = instances[0]!;
      victim.program.signal(signal);
    },
    end: async (world) => {
      const code = await world.ended(victim);
      notes.push(twice(world));
      // The balancer alone would save all calls; see test/e2e/process.e2e-spec.ts for the service's part.
      const finished = victim.program.stdout.includes('"msg":"stopped"');
      if (signal === 'SIGTERM' && !(code === 0 && finished))
        throw new Error(
          `at SIGTERM the service ended with ${String(code)}, calls in hand ${finished ? '' : 'not '}finished`,
        );
    },
  };
};

/** The process of one of two instances. Not its own: it stays the last of the families, for its service is another one afterwards. */
export const service: Group = {
  family: 'the service',
  world: {},
  scenarios: [
    ends('SIGTERM during load, two instances behind a balancer', 'SIGTERM'),
    ends('SIGKILL of one of two instances behind a balancer', 'SIGKILL'),
  ],
};

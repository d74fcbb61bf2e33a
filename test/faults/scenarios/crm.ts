import type { CrmMode } from '../../support/crm-server.js';
import type { Group, Scenario } from '../scenario.js';
import { CRM_TIMEOUT_MS } from '../world.js';
import type { World } from '../world.js';

const FEW = 3;

const crmFault = (
  fault: string,
  begin: (crm: World['crm'], world: World) => unknown,
  end: (crm: World['crm'], world: World) => unknown,
): Scenario => ({
  fault: `CRM: ${fault}`,
  mayMiss: ['crm new'],
  begin: async (world) => begin(world.crm, world),
  end: async (world) => end(world.crm, world),
});
const crmAnswers = (fault: string, mode: CrmMode): Scenario =>
  crmFault(
    fault,
    (crm) => crm.misbehave(mode),
    (crm) => crm.behave(),
  );

/** A look-up may take longer than that, and its callers wait until it comes. */
const AT_THE_DEADLINE: Pick<Scenario, 'hasShown' | 'lingersMs'> = {
  hasShown: ({ timeouts }) => timeouts >= FEW,
  lingersMs: CRM_TIMEOUT_MS,
};

/** What lies between the service and the CRM, and what the CRM answers. */
export const crm: Group = {
  family: 'the CRM',
  world: {},
  scenarios: [
    crmFault(
      'refuses',
      (crm) => crm.refuse(),
      (crm) => crm.open(),
    ),
    crmFault(
      'hangs at connect',
      (crm) => crm.hangAtConnect(),
      (crm) => crm.letConnect(),
    ),
    { ...crmAnswers('hangs at first byte', 'hang'), ...AT_THE_DEADLINE, isBrief: true },
    { ...crmAnswers('hangs mid-body', 'hang-body'), ...AT_THE_DEADLINE },
    crmFault(
      'certificate expired',
      (crm) => crm.expire(),
      (crm) => crm.renew(),
    ),
    {
      ...crmFault(
        'DNS gone',
        async (crm, world) => {
          await world.pull({ dns: 'gone' });
          crm.cut(); // a connection that is open needs no name
        },
        (_, world) => world.pull({ dns: 'ok' }),
      ),
      // The last known address is used.
      hasShown: (_, world) => world.hasAskedForNames(),
    },
    crmAnswers('answers 500', '500'),
    crmAnswers('answers 429', '429'),
    crmAnswers('answers HTML', 'html'),
    { ...crmAnswers('answers truncated JSON', 'truncated'), isBrief: true },
    crmAnswers('answers 50 MB and more', 'huge'),
  ],
};

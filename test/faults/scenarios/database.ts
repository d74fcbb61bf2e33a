import type { Group } from '../scenario.js';

const mayMiss = ['database new'] as const;

/** The customers' own database. */
export const database: Group = {
  family: 'the database',
  world: {},
  scenarios: [
    {
      fault: 'MariaDB killed, restarted',
      mayMiss,
      begin: ({ database: { server } }) => server.kill(),
      end: ({ database: { server } }) => server.restart(),
    },
    {
      fault: 'MariaDB frozen, thawed',
      isBrief: true,
      mayMiss,
      begin: async ({ database: { server } }) => server.freeze(),
      end: async ({ database: { server } }) => server.thaw(),
    },
    {
      fault: 'MariaDB: table locked',
      mayMiss,
      begin: ({ database: customers }) => customers.lockTable(),
      end: ({ database: customers }) => customers.unlockTable(),
    },
    {
      fault: 'MariaDB: connections exhausted',
      mayMiss,
      begin: ({ database: customers }) => customers.exhaustConnections(),
      end: ({ database: customers }) => customers.freeConnections(),
    },
    {
      fault: 'MariaDB: disk full',
      mayMiss,
      begin: ({ database: customers }) => customers.fillDisk(),
      // Reading needs no disk, so VIPs are recognised until the server ends.
      hasShown: async (_, { database: customers }) => customers.isFull,
      end: ({ database: customers }) => customers.emptyDisk(),
    },
  ],
};

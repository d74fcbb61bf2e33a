import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { writeFile } from 'node:fs/promises';
import { cli } from '../support/command-line.js';
import { eventually } from '../support/eventually.js';
import type { MariaDb } from '../support/mariadb.js';
import { startPostgres } from '../support/postgres.js';
import { KEY, RunningService } from '../support/service.js';
import { withTemporaryFolder } from '../support/temporary-folder.js';

const AINO = '+358501231234';
const ONNI = '+358501231235';
const folder = withTemporaryFolder();

describe('a service whose database is PostgreSQL', () => {
  let server: MariaDb;
  let service: RunningService;
  beforeAll(async () => {
    server = await startPostgres();
  });
  afterAll(async () => {
    await service?.stop();
    await server.stop();
  });

  const call = async (anum: string): Promise<unknown> => {
    const { status, body } = await service.call({ anum, bnum: '+358942415000' });
    return status === 200 ? JSON.parse(body) : status;
  };

  it('imports and exports its list, and answers from it and from a table that is there', async () => {
    const env = { DATABASE_URL: server.url };
    const list = `number,tier,name\n${AINO},gold,Aino\n+3589123*,silver,\n`;
    await writeFile(folder.path('vips.csv'), list);
    expect(await cli(['import', folder.path('vips.csv')], env)).toMatchObject({ code: 0, stderr: '' });
    const exported = await cli(['export'], env);
    expect(exported).toMatchObject({ code: 0, stdout: expect.stringContaining(`${AINO},gold,Aino`) });

    await server.sql(`
      CREATE TABLE customers (phone TEXT, vip BOOLEAN);
      INSERT INTO customers VALUES ('0501231235', true), ('0501231236', false)`);
    service = await RunningService.start(
      {
        'vips.csv': 'number,tier\n+358401231234,bronze\n',
        'smartrouting.yaml': `
country: FI
credentials: [{ id: core, apiKey: ${KEY} }]
providers:
  list: { kind: static-file, file: ./vips.csv }
  own: { kind: database }
  customers:
    kind: database
    connection: ${server.url}
    table: customers
    columns: { number: phone, tier: vip }
    spellings: [national]
targets: { default: { providers: [list, own, customers], routes: [{ instructions: { Tier: '{{ tier }}' } }] } }
`,
      },
      env,
    );
    expect(await call(AINO)).toEqual({ Tier: 'gold' });
    expect(await call('+3589123456')).toEqual({ Tier: 'silver' });
    expect(await call(ONNI)).toEqual({ Tier: 'true' });
    expect(await call('+358501231236')).toBe(204);
    expect(await call('+358401231234')).toEqual({ Tier: 'bronze' });
    const { body } = await service.get('/health');
    expect(JSON.parse(body)).toMatchObject({
      details: { own: { status: 'up', entries: 2 }, customers: { status: 'up' } },
    });
  });

  it('keeps the number of entries of a list there', async () => {
    const kept = `SELECT provider FROM provider_state WHERE provider = 'list'`;
    await eventually(async () => (await server.sql(kept)).length > 0);
  });

  it('answers without it while it is down, says why, and finds again after its restart', async () => {
    await server.kill();
    await eventually(async () => (await call(AINO)) === 204);
    await eventually(async () => {
      const { status, body } = await service.get('/health');
      expect(status).toBe(200);
      expect(body).toContain('database is not reachable (ECONNREFUSED)');
    });
    expect(await call('+358401231234')).toEqual({ Tier: 'bronze' });
    await server.restart();
    await eventually(async () => JSON.stringify(await call(AINO)) === '{"Tier":"gold"}');
  });
});

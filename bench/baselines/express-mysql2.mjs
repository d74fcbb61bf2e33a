// Bare Express 5 and bare mysql2: the statement that the service asks its own table, prepared once by `execute`, and the
// instructions when there is a row. No credentials, no validation, no log, no timeout.
import express from 'express';
import { createPool } from 'mysql2/promise';
import { pathToFileURL } from 'node:url';

const { BENCH_DIST, BENCH_DATABASE_URL, BENCH_SETTINGS, PORT } = process.env;
const dist = (path) => import(pathToFileURL(`${BENCH_DIST}/${path}`).href);
const { numberKeys } = await dist('plugin-api/index.js');
const { OWN_TABLE, TableStatements } = await dist('providers/database/vip-table.js');
const { POOL_SIZE } = await dist('database/data-source.js');

const { instructions } = JSON.parse(BENCH_SETTINGS).targets.SALES_QUEUE.routes[0];
const statements = new TableStatements(OWN_TABLE, (name) => `\`${name}\``);
const pool = createPool({ uri: BENCH_DATABASE_URL, connectionLimit: POOL_SIZE });

const app = express();
app.use(express.json());
app.post('/smartrouting', async (request, response) => {
  const keys = numberKeys(request.body.anum);
  const [rows] = await pool.execute(statements.find(keys.length), keys);
  if (rows.length === 0) response.sendStatus(204);
  else response.json(instructions);
});
app.listen(Number(PORT), '127.0.0.1');

// Side-by-side figures, each a ratio within one run: npm run bench [-- group … --quick]. What they mean: docs/benchmarks.md
import { spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { availableParallelism, cpus } from 'node:os';
import { auth } from './groups/auth.mjs';
import { builds } from './groups/builds.mjs';
import { latency } from './groups/latency.mjs';
import { list } from './groups/list.mjs';
import { mariadb } from './groups/mariadb.mjs';
import { processes } from './groups/processes.mjs';
import { throughput } from './groups/throughput.mjs';
import { LOAD_CORE } from './harness/start.mjs';
import { printFigures, printRows, table } from './harness/table.mjs';
import { needProgram } from './harness/wrk.mjs';

const GROUPS = { throughput, list, latency, mariadb, processes, auth };
/** Groups that run only if they are named. */
const MORE = { builds };
const ALL = { ...GROUPS, ...MORE };
const RESULTS = new URL('results.json', import.meta.url);

const names = process.argv.slice(2).filter((argument) => argument !== '--quick');
const quick = process.argv.includes('--quick');
const chosen = names.length > 0 ? names : Object.keys(GROUPS);
const unknown = names.find((name) => !Object.hasOwn(ALL, name));
if (unknown !== undefined) {
  console.error(`"${unknown}" is not a group. Known: ${Object.keys(ALL).join(', ')}; and --quick.`);
  process.exit(1);
}
const machine = { cores: availableParallelism(), processor: cpus()[0]?.model };
if (machine.cores < 2) {
  console.error('The bench needs two cores: one for what is measured, one for the load.');
  process.exit(1);
}
if (chosen.some((name) => name !== 'auth')) needProgram('wrk', 'apt-get install -y wrk');
needProgram('taskset', 'apt-get install -y util-linux');
if (chosen.includes('mariadb') || chosen.includes('builds')) {
  needProgram('mariadbd', 'apt-get install -y --no-install-recommends mariadb-server');
}
// Processes without a core of their own, such as databases, share the load's core.
spawnSync('taskset', ['-pc', LOAD_CORE, String(process.pid)]);

const groups = {};
for (const name of chosen) {
  const startedMs = performance.now();
  const { rows, figures, tables = [] } = await ALL[name](quick);
  console.log(`${name}, ${Math.round((performance.now() - startedMs) / 1000)} s\n`);
  printRows(rows);
  printFigures(figures);
  for (const { header, rows: cells } of tables) console.log(`${table(header, cells)}\n`);
  groups[name] = { rows, figures, tables };
}
writeFileSync(
  RESULTS,
  `${JSON.stringify({ at: new Date().toISOString(), node: process.version, machine, quick, groups }, null, 2)}\n`,
);
console.log('The same, machine-readable: bench/results.json');
process.exit(0);

import { checkAnswers, checkVip } from '../harness/answers.mjs';
import { numbers } from '../harness/call.mjs';
import { fill, startDatabase } from '../harness/mariadb.mjs';
import { interleaved, rowsOf, tell } from '../harness/rounds.mjs';
import { startBaseline, startService } from '../harness/start.mjs';
import { ratios } from '../harness/statistics.mjs';

/** Holds the table and its index, so that this is about the service and not about a disk. */
const BUFFER_POOL_BYTES = 256 * 1024 * 1024;

/** Decisions per second from MariaDB, the cache off, against the same query through mysql2 behind Express. */
export async function mariadb(quick) {
  const set = numbers(quick ? 100_000 : 1_000_000);
  const database = await startDatabase();
  try {
    const service = await startService(
      'service',
      { kind: 'database' },
      { env: { DATABASE_URL: database.url } },
    );
    tell(`filling vip_caller with ${set.count} rows`);
    await database.sql(`SET GLOBAL innodb_buffer_pool_size = ${BUFFER_POOL_BYTES}`);
    await fill(database, set);
    const baseline = await startBaseline('Express and mysql2', 'express-mysql2.mjs', {
      BENCH_DATABASE_URL: database.url,
    });
    const subjects = [service, baseline];
    await checkAnswers([service]);
    await checkVip(baseline);
    const results = await interleaved(subjects, {
      ...(quick ? { rounds: 5, seconds: 1, warmUpSeconds: 4 } : { rounds: 7, seconds: 2, warmUpSeconds: 8 }),
      load: set.load,
    });
    for (const subject of subjects) await subject.stop();

    const of = (name, property) => results.get(name).map((round) => round[property]);
    return {
      rows: rowsOf(subjects, results),
      figures: [
        {
          figure: `decisions/s, ${set.count.toLocaleString('en')} rows, against Express and mysql2`,
          ...ratios(of(service.name, 'perSecond'), of(baseline.name, 'perSecond')),
          byCpu: ratios(of(baseline.name, 'cpuMicroseconds'), of(service.name, 'cpuMicroseconds')).median,
          atLeast: true,
          must: 0.8,
          aim: 1,
        },
      ],
    };
  } finally {
    await database.stop();
  }
}

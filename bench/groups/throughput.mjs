import { checkAnswers, checkEchoes } from '../harness/answers.mjs';
import { numbers } from '../harness/call.mjs';
import { interleaved, rowsOf } from '../harness/rounds.mjs';
import { DIST_B, startBaseline, startService, writeList } from '../harness/start.mjs';
import { ratios } from '../harness/statistics.mjs';

const LIST = numbers(1_000);
const FIGURES = [
  ['naive NestJS', 'against the naive NestJS stack', 7, 12],
  ['Express echo', 'against bare Express echo', 2, 3],
  ['node:http', 'against hand-written node:http', 0.65, 0.9],
  ['Fastify', 'against Fastify', 0.85, 1],
];

/** Decisions per second of one process on one core, against the baselines. */
export async function throughput(quick) {
  const file = writeList(LIST);
  const list = { kind: 'static-file', file };
  const env = { BENCH_LIST: file };
  const working = await started({
    service: (name) => startService(name, list),
    ...(DIST_B && { 'service (B)': (name) => startService(name, list, { dist: DIST_B }) }),
    'node:http': (name) => startBaseline(name, 'node-handwritten.mjs', env),
    Fastify: (name) => startBaseline(name, 'fastify.mjs', env),
    'naive NestJS': (name) => startBaseline(name, 'naive-nest.ts', env),
  });
  const echoes = await started({
    'node:http echo': (name) => startBaseline(name, 'node-echo.mjs'),
    'Express echo': (name) => startBaseline(name, 'express-echo.mjs'),
  });
  await checkAnswers(working);
  await checkEchoes(echoes);
  const subjects = [...working, ...echoes];
  const timing = quick
    ? { rounds: 5, seconds: 1, warmUpSeconds: 4 }
    : { rounds: 7, seconds: 2, warmUpSeconds: 8 };
  const results = await interleaved(subjects, { ...timing, load: LIST.load });
  for (const subject of subjects) await subject.stop();

  const of = (name, property) => results.get(name).map((round) => round[property]);
  const services = working.filter(({ name }) => name.startsWith('service'));
  const figures = FIGURES.filter(([baseline]) => results.has(baseline));
  return {
    rows: rowsOf(subjects, results),
    figures: services.flatMap(({ name }) =>
      figures.map(([baseline, title, must, aim]) => ({
        figure: `decisions/s ${title}${name === 'service' ? '' : ' (B)'}`,
        ...ratios(of(name, 'perSecond'), of(baseline, 'perSecond')),
        byCpu: ratios(of(baseline, 'cpuMicroseconds'), of(name, 'cpuMicroseconds')).median,
        atLeast: true,
        must,
        aim,
      })),
    ),
  };
}

/** BENCH_ONLY, names separated by commas, leaves the others out. */
async function started(subjects) {
  const only = process.env.BENCH_ONLY?.split(',');
  const running = [];
  for (const [name, start] of Object.entries(subjects)) {
    if (only === undefined || only.includes(name)) running.push(await start(name));
  }
  return running;
}

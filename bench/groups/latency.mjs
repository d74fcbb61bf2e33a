import { fileURLToPath } from 'node:url';
import { checkAnswers, checkEchoes } from '../harness/answers.mjs';
import { numbers } from '../harness/call.mjs';
import { outputOf } from '../harness/children.mjs';
import { interleaved, tell } from '../harness/rounds.mjs';
import { LOAD_CORE, startBaseline, startService, writeList } from '../harness/start.mjs';
import { quartiles, ratios } from '../harness/statistics.mjs';

const OPEN_LOOP = fileURLToPath(new URL('../load/open-loop.mjs', import.meta.url));
const LIST = numbers(1_000);
const SHARE = 0.6;

/** How long a call waits when there is no rush: calls arrive at 60 % of what the slower of the two can take. */
export async function latency(quick) {
  const service = await startService('service', { kind: 'static-file', file: writeList(LIST) });
  const echo = await startBaseline('Express echo', 'express-echo.mjs');
  const subjects = [service, echo];
  await checkAnswers([service]);
  await checkEchoes([echo]);
  const saturating = await interleaved(subjects, {
    rounds: 3,
    seconds: quick ? 1 : 2,
    warmUpSeconds: quick ? 4 : 8,
    load: LIST.load,
  });
  const rates = [...saturating.values()].map(
    (rounds) => quartiles(rounds.map(({ perSecond }) => perSecond)).median,
  );
  const rate = Math.round(SHARE * Math.min(...rates));

  const rounds = quick ? 5 : 7;
  const results = new Map(subjects.map(({ name }) => [name, []]));
  for (let round = 0; round < rounds; round++) {
    for (const subject of round % 2 === 0 ? subjects : [echo, service]) {
      tell(`round ${round + 1} of ${rounds}: ${subject.name} at ${rate}/s`);
      results.get(subject.name).push(await timed(subject, rate, quick ? 2 : 3));
    }
  }
  tell('');
  for (const subject of subjects) await subject.stop();
  const of = (name, property) => results.get(name).map((round) => round[property]);
  return {
    rows: subjects.map(({ name }) => ({
      subject: `${name} at ${rate}/s`,
      p50: quartiles(of(name, 'p50')),
      p99: quartiles(of(name, 'p99')),
    })),
    figures: [
      {
        figure: `p99 of a decision against bare Express echo's, at ${rate}/s`,
        ...ratios(of(service.name, 'p99'), of(echo.name, 'p99')),
        atLeast: false,
        must: 1.2,
        aim: 1,
      },
    ],
  };
}

async function timed(subject, rate, seconds) {
  const result = JSON.parse(
    await outputOf(LOAD_CORE, process.execPath, [OPEN_LOOP], {
      BENCH_PORT: String(subject.port),
      BENCH_RATE: String(rate),
      BENCH_SECONDS: String(seconds),
      BENCH_CALLERS: String(LIST.load.callers),
      BENCH_STEP: String(LIST.load.step),
    }),
  );
  subject.clearLog();
  if (result.unanswered > 0 || result.wrong > 0) {
    throw new Error(`${subject.name} at ${rate}/s: ${JSON.stringify(result)}`);
  }
  return result;
}

import { existsSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { checkAnswers, untilVip } from '../harness/answers.mjs';
import { numbers } from '../harness/call.mjs';
import { folder } from '../harness/children.mjs';
import { interleaved, tell } from '../harness/rounds.mjs';
import { startService, writeList } from '../harness/start.mjs';
import { quartiles, ratios } from '../harness/statistics.mjs';

const PRELOAD = fileURLToPath(new URL('../load/memory-on-signal.mjs', import.meta.url));
const SMALL = 1_000;
/** Different ones that ask, so that the index is not read from the processor's cache alone. */
const CALLERS = 100_000;
const LOAD_MS = 300_000;

/** What ten million numbers in the list cost: processor time per decision, and memory. */
export async function list(quick) {
  const count = Number(process.env.BENCH_NUMBERS ?? (quick ? 1_000_000 : 10_000_000));
  const small = await startListed(SMALL);
  const large = await startListed(count);
  const subjects = [small.subject, large.subject];
  await checkAnswers(subjects);
  const [before, after] = [await memoryOf(small), await memoryOf(large)];
  const results = await interleaved(subjects, {
    ...(quick ? { rounds: 5, seconds: 1, warmUpSeconds: 4 } : { rounds: 9, seconds: 2, warmUpSeconds: 6 }),
    load: (subject) => (subject === small.subject ? small.load : large.load),
  });
  for (const subject of subjects) await subject.stop();

  const cpu = ({ subject }) => results.get(subject.name).map(({ cpuMicroseconds }) => cpuMicroseconds);
  const perNumber = (property) => (after[property] - before[property]) / (count - SMALL);
  return {
    rows: [small, large].map(({ subject }) => ({
      subject: subject.name,
      cpuMicroseconds: quartiles(cpu({ subject })),
      perSecond: quartiles(results.get(subject.name).map(({ perSecond }) => perSecond)),
    })),
    figures: [
      {
        figure: `CPU per decision, ${title(count)} against ${title(SMALL)}`,
        ...ratios(cpu(large), cpu(small)),
        atLeast: false,
        must: 1.25,
        aim: 1.05,
      },
      {
        figure: 'bytes per number, heap and buffers',
        median: perNumber('held'),
        atLeast: false,
        must: 40,
        aim: 16,
      },
      { figure: 'bytes per number, resident set', median: perNumber('rss') },
      { figure: `seconds to load ${title(count)}`, median: large.seconds },
    ],
  };
}

async function startListed(count) {
  tell(`loading ${title(count)}`);
  const set = numbers(count, Math.min(count, CALLERS));
  const file = writeList(set);
  const memoryFile = join(folder, `memory-${count}`);
  const startedMs = performance.now();
  const subject = await startService(
    title(count),
    { kind: 'static-file', file },
    {
      env: { BENCH_MEMORY_FILE: memoryFile },
      nodeArgs: ['--expose-gc', '--import', PRELOAD],
    },
  );
  await untilVip(subject, LOAD_MS); // the service takes calls before a long list is read
  return { subject, load: set.load, memoryFile, seconds: (performance.now() - startedMs) / 1000 };
}

/** @returns bytes `held` on the heap and in buffers after a garbage collection, and the whole process' `rss` */
async function memoryOf({ subject, memoryFile }) {
  subject.signal('SIGUSR2');
  for (let waited = 0; !existsSync(memoryFile); waited++) {
    if (waited === 600) throw new Error(`${subject.name} did not say what memory it has`);
    await sleep(50);
  }
  const { heapUsed, external, rss } = JSON.parse(readFileSync(memoryFile, 'utf8'));
  rmSync(memoryFile);
  return { held: heapUsed + external, rss };
}

function title(count) {
  return `${count.toLocaleString('en')} numbers`;
}

import { checkAnswers, untilVip } from '../harness/answers.mjs';
import { numbers } from '../harness/call.mjs';
import { fill, startDatabase } from '../harness/mariadb.mjs';
import { interleaved, rowsOf } from '../harness/rounds.mjs';
import { DIST_B, LOAD_CORE, startBaseline, startService, writeList } from '../harness/start.mjs';
import { ratios } from '../harness/statistics.mjs';

const LIST = numbers(1_000);
/** What a change may cost a decision; the process in which a CRM's answers are read counts too. */
const MUST = 1.03;

/** Processor time of a decision in this build against another one, beside this build against itself. */
export async function builds(quick) {
  if (DIST_B === undefined) throw new Error('builds compares with the build that BENCH_DIST_B names');
  const database = await startDatabase();
  const crm = await startBaseline('CRM', 'crm.mjs', {}, LOAD_CORE);
  try {
    const kinds = {
      list: [{ kind: 'static-file', file: writeList(LIST) }, {}],
      database: [{ kind: 'database' }, { DATABASE_URL: database.url }],
      CRM: [{ kind: 'crm-http', url: `${crm.url}/?phone={{ number }}`, record: RECORD }, {}],
    };
    const parts = [];
    for (const [kind, [provider, env]] of Object.entries(kinds))
      parts.push(await compared(kind, provider, env, { quick, database }));
    return { rows: parts.flatMap(({ rows }) => rows), figures: parts.flatMap(({ figures }) => figures) };
  } finally {
    await crm.stop();
    await database.stop();
  }
}

const RECORD = 'contacts.{ "number": phone, "tier": tier, "name": name }';

async function compared(kind, provider, env, { quick, database }) {
  const [own, again, other] = [kind, `${kind}, again`, `${kind} (B)`];
  const subjects = [
    await startService(own, provider, { env }),
    await startService(again, provider, { env }),
    await startService(other, provider, { env, dist: DIST_B }),
  ];
  if (kind === 'database') await fill(database, LIST);
  for (const subject of subjects) await untilVip(subject, 10_000);
  if (kind !== 'CRM') await checkAnswers(subjects);
  const results = await interleaved(subjects, {
    ...(quick ? { rounds: 5, seconds: 1, warmUpSeconds: 4 } : { rounds: 15, seconds: 1, warmUpSeconds: 8 }),
    load: LIST.load,
  });
  for (const subject of subjects) await subject.stop();
  const of = (name, property) => results.get(name).map((round) => round[property]);
  const cost = (name, against) => ratios(of(name, 'cpuMicroseconds'), of(against, 'cpuMicroseconds'));
  return {
    rows: rowsOf(subjects, results),
    figures: [
      { figure: `CPU per decision, ${kind}: this build against B`, ...cost(own, other), must: MUST },
      { figure: `CPU per decision, ${kind}: this build against itself`, ...cost(own, again) },
    ],
  };
}

import { checkAnswers } from '../harness/answers.mjs';
import { numbers } from '../harness/call.mjs';
import { tell } from '../harness/rounds.mjs';
import { startService, writeList } from '../harness/start.mjs';
import { quartiles, ratios } from '../harness/statistics.mjs';
import { saturate } from '../harness/wrk.mjs';

const LIST = numbers(1_000);
const BOTH = '0,1';
const CONNECTIONS = 32;

/** What a second process brings on two cores, when the load has to come from the same two. */
export async function processes(quick) {
  const list = { kind: 'static-file', file: writeList(LIST) };
  const services = [];
  for (const name of ['first', 'second']) services.push(await startService(name, list, { cores: BOTH }));
  await checkAnswers(services);
  tell('warming up');
  await load(services, quick ? 4 : 8);

  const one = [];
  const two = [];
  const seconds = quick ? 1 : 2;
  const rounds = 5;
  for (let round = 0; round < rounds; round++) {
    tell(`round ${round + 1} of ${rounds}`);
    const single = async () => one.push(await load([services[round % 2]], seconds));
    const pair = async () => two.push(await load(services, seconds));
    for (const measurement of round % 2 === 0 ? [single, pair] : [pair, single]) await measurement();
  }
  tell('');
  for (const service of services) await service.stop();
  const perSecond = (results) => results.map((result) => result.perSecond);
  const loadShare = (results) => quartiles(results.map((result) => result.loadShare)).median;
  return {
    rows: [
      { subject: 'one process', perSecond: quartiles(perSecond(one)) },
      { subject: 'two processes', perSecond: quartiles(perSecond(two)) },
    ],
    figures: [
      { figure: 'decisions/s, two processes against one', ...ratios(perSecond(two), perSecond(one)) },
      { figure: "load generator's share of the two cores, one process", median: loadShare(one) },
      { figure: "load generator's share of the two cores, two processes", median: loadShare(two) },
    ],
  };
}

/** One wrk for each service, the connections divided between them. */
async function load(services, seconds) {
  const results = await Promise.all(
    services.map((service) =>
      saturate(service, { ...LIST.load, seconds, cores: BOTH, connections: CONNECTIONS / services.length }),
    ),
  );
  for (const service of services) service.clearLog();
  const sum = (value) => results.reduce((total, result) => total + value(result), 0);
  return {
    perSecond: sum(({ requests, microseconds }) => (requests / microseconds) * 1e6),
    loadShare: sum(({ loadCpuSeconds }) => loadCpuSeconds) / (2 * seconds),
  };
}

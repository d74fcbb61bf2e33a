import { spawnSync } from 'node:child_process';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { outputOf } from './children.mjs';
import { BODY, KEY, PATH } from './call.mjs';

const SCRIPT = fileURLToPath(new URL('../load/calls.lua', import.meta.url));
const CONNECTIONS = 32;

/** Ends the run with the command to type when a program is missing. */
export function needProgram(program, cure) {
  const env = { ...process.env, PATH: `${process.env.PATH}:/usr/sbin:/usr/local/sbin` };
  if (spawnSync(program, ['--version'], { env }).error === undefined) return;
  console.error(`${program} is missing. Install it, as root or with sudo: ${cure}`);
  process.exit(1);
}

/**
 * Sends calls as fast as they are answered.
 * @param callers how many different callers, `step` apart
 * @returns what `done` in calls.lua prints
 */
export async function saturate(subject, { seconds, callers, step, cores = '1', connections = CONNECTIONS }) {
  const output = await outputOf(
    cores,
    'wrk',
    ['-t1', `-c${connections}`, `-d${seconds}s`, '--timeout', '10s', '-s', SCRIPT, subject.url],
    {
      BENCH_BODY: BODY,
      BENCH_KEY: KEY,
      BENCH_PATH: PATH,
      BENCH_CALLERS: String(callers),
      BENCH_STEP: String(step),
    },
  );
  const result = JSON.parse(/^\{"requests".*$/m.exec(output)?.[0] ?? 'null');
  if (result === null || result.requests === 0 || result.errors > 0) {
    throw new Error(`${subject.name}: refused or lost calls while it was timed:\n${output}`);
  }
  return result;
}

/** One round of one subject: answers per second, and microseconds of processor time per answer. */
export async function measure(subject, load) {
  const before = subject.cpuSeconds();
  const { requests, microseconds, bytes } = await saturate(subject, load);
  const cpuSeconds = subject.cpuSeconds() - before;
  if (subject.logsDecisions) await checkLogged(subject, requests);
  subject.clearLog();
  // wrk takes any 2xx for success; one that was shed, or found nobody, is shorter.
  const answerBytes = bytes / requests;
  if (Math.abs(answerBytes / subject.answerBytes - 1) > 0.005) {
    throw new Error(
      `${subject.name} answered with ${answerBytes.toFixed(1)} bytes on average, not ${subject.answerBytes}: not every caller was a VIP to it`,
    );
  }
  return { perSecond: (requests / microseconds) * 1e6, cpuMicroseconds: (cpuSeconds / requests) * 1e6 };
}

/** A line for every answer: neither left out nor dropped because there was no time to write it. */
async function checkLogged(subject, requests) {
  let lines = 0;
  for (let waited = 0; waited < 20; waited++) {
    lines = subject.log.split('\n').length - 1;
    if (lines >= requests) return;
    await sleep(50);
  }
  throw new Error(`${subject.name} logged ${lines} lines for ${requests} answers`);
}

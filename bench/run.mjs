// Side by side in one run: the service with a static list, and bare Express 5 echo. One connection, one request at a
// time, interleaved rounds; prints medians with quartiles, their ratio, and the same as JSON.
import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { Agent, request } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const ROUNDS = 15;
const REQUESTS = 1_000;
const KEY = 'bench-key-0123456789';
const CALL = JSON.parse(
  readFileSync(new URL('../test/fixtures/calls/with-extradata.json', import.meta.url), 'utf8'),
);
const BODY = JSON.stringify({ ...CALL, extradata: { ...CALL.extradata, DYN_Menu: '2' } });

const folder = mkdtempSync(join(tmpdir(), 'smartrouting-bench-'));
writeFileSync(join(folder, 'vips.csv'), 'number,tier\n+358501231234,gold\n');
writeFileSync(
  join(folder, 'smartrouting.yaml'),
  `country: FI
credentials: [{ id: bench, apiKey: ${KEY} }]
providers: { list: { kind: static-file, file: ./vips.csv } }
targets:
  SALES_QUEUE: { providers: [list], routes: [{ tier: gold, instructions: { InitialTarget: VIP_SALES, ExtraPriority: 20 } }] }
`,
);

const subjects = [
  await start('smartrouting-vip, static file', ['dist/main.js'], /"url":"http:\/\/[^"]*?:(\d+)\//, 200, {
    SMARTROUTING_CONFIG: join(folder, 'smartrouting.yaml'),
    DATABASE_URL: `sqlite:${join(folder, 'bench.sqlite')}`,
    PORT: '0',
    HOST: '127.0.0.1',
  }),
  await start('bare Express 5 echo', ['bench/echo-express.mjs'], /listening (\d+)/, 200),
];

try {
  await checkAnswers(subjects[0]);
  for (const subject of subjects) await round(subject); // warm-up
  for (let i = 0; i < ROUNDS; i++) {
    for (const subject of i % 2 ? subjects : [...subjects].reverse())
      subject.medians.push(median(await round(subject)));
  }
  const rows = subjects.map(({ name, medians }) => ({ name, ...quartiles(medians) }));
  const ratio = rows[0].median / rows[1].median;
  console.log(
    `\nMilliseconds per request, ${ROUNDS} interleaved rounds of ${REQUESTS} (median of round medians; quartiles)\n`,
  );
  for (const row of rows)
    console.log(
      `  ${row.name.padEnd(32)} ${row.median.toFixed(3)}   (${row.q1.toFixed(3)} - ${row.q3.toFixed(3)})`,
    );
  console.log(`\n  ratio ${ratio.toFixed(2)}\n`);
  console.log(JSON.stringify({ node: process.version, requests: REQUESTS, rounds: ROUNDS, rows, ratio }));
} finally {
  for (const { child, agent } of subjects) {
    agent.destroy();
    child.kill('SIGKILL');
  }
  rmSync(folder, { recursive: true, force: true });
}

function start(name, args, listening, expected, env = {}) {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, args, {
      env: { ...process.env, ...env },
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    const agent = new Agent({ keepAlive: true, maxSockets: 1 });
    let output = '';
    child.stdout.on('data', (chunk) => {
      if (output === undefined) return;
      output += chunk;
      const port = listening.exec(output)?.[1];
      if (port === undefined) return;
      output = undefined; // keep draining the log, keep none of it
      resolve({ name, child, agent, port, expected, medians: [] });
    });
    child.on('exit', (code) => reject(new Error(`${name} ended with ${code}: ${output}`)));
  });
}

async function checkAnswers(subject) {
  const right = await post(subject);
  const wrong = await post(subject, 'wrong-key');
  if (
    right.status !== 200 ||
    right.text !== '{"InitialTarget":"VIP_SALES","ExtraPriority":20}' ||
    wrong.status !== 401
  ) {
    throw new Error(`wrong answers: ${right.status} ${right.text}, ${wrong.status}`);
  }
}

async function round(subject) {
  const times = [];
  for (let i = 0; i < REQUESTS; i++) {
    const startedMs = performance.now();
    const { status } = await post(subject);
    if (status !== subject.expected) throw new Error(`${subject.name} answered ${status}`);
    times.push(performance.now() - startedMs);
  }
  return times;
}

function post({ port, agent }, key = KEY) {
  return new Promise((resolve, reject) => {
    const headers = {
      'Content-Type': 'application/json',
      'Content-Length': Buffer.byteLength(BODY),
      'X-Benemen-APIKey': key,
    };
    const sent = request(
      { host: '127.0.0.1', port, path: '/smartrouting', method: 'POST', headers, agent },
      (answer) => {
        let text = '';
        answer.setEncoding('utf8');
        answer.on('data', (chunk) => (text += chunk));
        answer.on('end', () => resolve({ status: answer.statusCode, text }));
      },
    );
    sent.on('error', reject);
    sent.end(BODY);
  });
}

function median(values) {
  return quartiles(values).median;
}

function quartiles(values) {
  const sorted = [...values].sort((a, b) => a - b);
  const at = (share) => sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))];
  return { q1: at(0.25), median: at(0.5), q3: at(0.75) };
}

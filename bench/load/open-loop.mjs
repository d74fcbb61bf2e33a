// Calls that arrive whether or not earlier ones were answered (an open model), at random times of a given rate; each is
// timed from the moment it should have been sent. Prints one line of JSON. BENCH_RATE calls a second for BENCH_SECONDS.
import { once } from 'node:events';
import { connect } from 'node:net';
import { numberAt } from '../harness/call.mjs';
import { answerLength, rawCall } from '../harness/raw.mjs';
import { at } from '../harness/statistics.mjs';

const PORT = Number(process.env.BENCH_PORT);
const RATE = Number(process.env.BENCH_RATE);
const SECONDS = Number(process.env.BENCH_SECONDS);
const CALLERS = Number(process.env.BENCH_CALLERS);
const STEP = Number(process.env.BENCH_STEP);
const CONNECTIONS = 64;
const PATIENCE_MS = 5_000;

const calls = Array.from({ length: CALLERS }, (_, i) =>
  Buffer.from(rawCall(PORT, numberAt(i, STEP)), 'latin1'),
);
const total = Math.round(RATE * SECONDS);
const latencies = new Float64Array(total);
/** Times of calls that found every connection busy. */
const waiting = [];
let [scheduled, answered, wrong] = [0, 0, 0];

const idle = await Promise.all(Array.from({ length: CONNECTIONS }, open));
const random = generator(20_260_101);
const startedMs = performance.now();
let dueMs = startedMs;
tick();

/** Spins on the load's core: a timer would be up to a millisecond late. */
function tick() {
  const nowMs = performance.now();
  for (; scheduled < total && dueMs <= nowMs; dueMs += (-Math.log(1 - random()) / RATE) * 1_000) {
    const connection = idle.pop();
    if (connection === undefined) waiting.push(dueMs);
    else send(connection, dueMs);
    scheduled++;
  }
  if (answered < total && nowMs < startedMs + SECONDS * 1_000 + PATIENCE_MS) setImmediate(tick);
  else finish();
}

function send(connection, callMs) {
  connection.callMs = callMs;
  connection.socket.write(calls[scheduled % CALLERS]);
}

async function open() {
  const connection = { socket: connect(PORT, '127.0.0.1'), text: '', callMs: 0 };
  const { socket } = connection;
  socket.setNoDelay(true);
  socket.setEncoding('latin1');
  socket.on('data', (chunk) => {
    connection.text += chunk;
    if (answerLength(connection.text) === 0) return;
    latencies[answered++] = performance.now() - connection.callMs;
    if (!connection.text.startsWith('HTTP/1.1 200 ')) wrong++;
    connection.text = '';
    if (waiting.length > 0) send(connection, waiting.shift());
    else idle.push(connection);
  });
  await once(socket, 'connect');
  return connection;
}

function finish() {
  const sorted = latencies.subarray(0, answered).sort();
  const [p50, p99] = [at(sorted, 0.5), at(sorted, 0.99)];
  console.log(JSON.stringify({ sent: scheduled, unanswered: total - answered, wrong, p50, p99 }));
  process.exit(0);
}

/** The same arrivals in every round (mulberry32). */
function generator(seed) {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}

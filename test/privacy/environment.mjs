import { TestEnvironment } from 'jest-environment-node';
import { mkdirSync, rmSync } from 'node:fs';
import { join, relative, resolve } from 'node:path';
import { addConfiguration, listen, Recording, recordCredentialsSent, recordServers } from './recorder.mjs';

// A worker of Jest with nothing left to do ends at once: to give back the memory of all its suites takes longer than Jest waits.
if (process.send) process.once('beforeExit', () => process.exit());

const { SMARTROUTING_TEST_RECORD: RECORD } = process.env;
/** A start of the service itself, by the project or from an installed package. */
const SERVICE = /(?:^|[/\\])dist[/\\](?:cli[/\\])?main\.js$/;

/**
 * Jest's environment for Node. Where `SMARTROUTING_TEST_RECORD` names a folder it records there what services under test tell:
 * their log lines, their processes' output, refusals, health and metrics; and what none of that may hold: numbers they
 * are asked about, and secrets. It stands outside of the tests, so no suite has to think of it. See check.ts.
 */
export default class RecordedEnvironment extends TestEnvironment {
  #stop = [];

  constructor(config, context) {
    super(config, context);
    const { rootDir } = config.projectConfig;
    this.suite = relative(rootDir, context.testPath);
    this.folder = RECORD && join(resolve(rootDir, RECORD), this.suite.replaceAll(/[/\\]/g, '~'));
  }

  async setup() {
    await super.setup();
    // Only those are looked through.
    if (!this.folder || !this.suite.endsWith('.e2e-spec.ts')) return;
    rmSync(this.folder, { recursive: true, force: true });
    mkdirSync(this.folder, { recursive: true });
    const recording = new Recording(join(this.folder, 'jest.jsonl'));
    recording.add('suite', { suite: this.suite });
    this.#stop = [
      // Express puts itself into each answer; the CRMs that tests play are made without it.
      recordServers(recording, (response) => 'app' in response),
      recordCredentialsSent(recording),
      listen({
        'tracing:pino_asJson:end': ({ result }) => recording.add('log', { text: result.trimEnd() }),
        'smartrouting-vip.test.service': ({ configFile, env }) =>
          addConfiguration(recording, configFile, env),
        // What a test got from the service by another way, for example traces.
        'smartrouting-vip.test.told': ({ what, text }) => recording.add('answer', { url: what, text }),
        // Tells where processes are to be recorded; see test/support/process.ts.
        'smartrouting-vip.test.recorder': (question) => (question.folder = this.folder),
        'smartrouting-vip.test.command': ({ pid, args, stdout, stderr }) => {
          for (const [stream, text] of Object.entries({ stdout, stderr })) {
            if (text !== '')
              recording.add('output', { stream, pid, args: ['dist/cli/main.js', ...args], text });
          }
        },
        child_process: ({ process: child }) => process.nextTick(recordOutput, recording, child),
      }),
      () => recording.close(),
    ];
  }

  async teardown() {
    for (const stop of this.#stop) stop();
    await super.teardown();
  }
}

/** @param child whose spawning has just begun */
function recordOutput(recording, child) {
  const args = child.spawnargs ?? [];
  const start = args.findIndex((argument) => SERVICE.test(argument));
  if (start < 0) return;
  for (const name of ['stdout', 'stderr']) {
    const stream = child[name];
    if (!stream) continue;
    const { emit } = stream;
    let rest = '';
    const write = (text) =>
      recording.add('output', { stream: name, pid: child.pid, args: args.slice(start), text });
    stream.emit = function (event, chunk, ...more) {
      if (event === 'data') {
        const lines = (rest + String(chunk)).split('\n');
        rest = lines.pop();
        if (lines.length > 0) write(lines.join('\n'));
      } else if (event === 'close' && rest !== '') write(rest);
      return emit.call(this, event, chunk, ...more);
    };
  }
}

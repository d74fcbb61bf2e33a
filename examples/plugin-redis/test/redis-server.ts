import { execFile, spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import { createClient } from 'redis';

const START_MS = 20_000;
const run = promisify(execFile);

/** A real Redis of the test's own: a free port on 127.0.0.1, data in memory only. */
export class RedisServer {
  #process: ChildProcess | undefined;

  private constructor(
    private readonly folder: string,
    readonly port: number,
    private readonly tls: boolean,
  ) {}

  static async start({ tls = false } = {}): Promise<RedisServer> {
    const folder = await mkdtemp(join(tmpdir(), 'redis-test-'));
    const server = new RedisServer(folder, await freePort(), tls);
    if (tls) await server.#makeCertificate();
    await server.start();
    return server;
  }

  get url(): string {
    return `${this.tls ? 'rediss' : 'redis'}://127.0.0.1:${this.port}`;
  }

  /** The certificate that the server trusts itself by. */
  get ca(): string {
    return join(this.folder, 'cert.pem');
  }

  /** Starts it, again after `stop` on the same port and without data. */
  async start(): Promise<void> {
    const listen = this.tls
      ? ['--port', '0', '--tls-port', `${this.port}`, '--tls-auth-clients', 'no']
      : ['--port', `${this.port}`];
    const certificate = [
      '--tls-cert-file',
      this.ca,
      '--tls-key-file',
      this.#key,
      '--tls-ca-cert-file',
      this.ca,
    ];
    const server = spawn(
      'redis-server',
      [
        ...listen,
        ...(this.tls ? certificate : []),
        '--bind',
        '127.0.0.1',
        '--save',
        '',
        '--dir',
        this.folder,
      ],
      { stdio: ['ignore', 'pipe', 'inherit'] },
    );
    this.#process = server;
    process.once('exit', this.#kill); // a test run that dies must not leave a server behind
    let output = '';
    server.stdout.on('data', (chunk: Buffer) => (output += chunk.toString()));
    server.once('error', (error) => (output += error.message));
    const deadline = Date.now() + START_MS;
    while (!output.includes('Ready to accept connections')) {
      if (server.exitCode !== null || server.pid === undefined || Date.now() > deadline) {
        throw new Error(`redis-server did not start:\n${output}`);
      }
      await sleep(10);
    }
  }

  /** Runs commands, for example `[['HSET', 'vip:+358501231234', 'tier', 'gold']]`. */
  async command(...commands: string[][]): Promise<void> {
    const client = createClient({ url: this.url });
    await client.connect();
    try {
      for (const command of commands) await client.sendCommand(command);
    } finally {
      client.destroy();
    }
  }

  /** Stops the process in its tracks: connections stay open, nothing answers. */
  freeze(): void {
    this.#process?.kill('SIGSTOP');
  }

  thaw(): void {
    this.#process?.kill('SIGCONT');
  }

  async stop(): Promise<void> {
    const server = this.#process;
    this.#process = undefined;
    if (server === undefined || server.exitCode !== null) return;
    const exited = once(server, 'exit');
    server.kill('SIGKILL');
    await exited;
    process.removeListener('exit', this.#kill);
  }

  async remove(): Promise<void> {
    await this.stop();
    await rm(this.folder, { recursive: true, force: true });
  }

  get #key(): string {
    return join(this.folder, 'key.pem');
  }

  readonly #kill = (): void => void this.#process?.kill('SIGKILL');

  async #makeCertificate(): Promise<void> {
    const subject = ['-subj', '/CN=127.0.0.1', '-addext', 'subjectAltName=IP:127.0.0.1'];
    const key = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-keyout', this.#key];
    await run('openssl', ['req', '-x509', '-days', '2', ...key, '-out', this.ca, ...subject]);
  }
}

async function freePort(): Promise<number> {
  const probe = createServer().listen(0, '127.0.0.1');
  await once(probe, 'listening');
  const { port } = probe.address() as AddressInfo;
  probe.close();
  await once(probe, 'close');
  return port;
}

import type { NestExpressApplication } from '@nestjs/platform-express';
import { channel } from 'node:diagnostics_channel';
import { mkdtemp, mkdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { loadConfig } from '../../src/app/load-config.js';
import { ConfigReload } from '../../src/app/reload.js';
import { createApp } from '../../src/app/setup.js';
import { readEnvironment } from '../../src/app/environment.js';
import { ProviderRegistry } from '../../src/lookup/provider-registry.js';
import { EntryCensus } from '../../src/routing/entry-census.js';
import { pino } from 'pino';
import { ask, KEY } from './ask.js';
import type { Answer, Ask } from './ask.js';
import { Readiness } from '../../src/health/readiness.js';
import type { Logger } from '../../src/observability/logger.js';
import { LOGGER } from '../../src/observability/logger.js';

// For specs that start services in their own process; those that only ask one of another process load no service.
export { ask, basic, KEY } from './ask.js';
export type { Answer, Ask } from './ask.js';

/** The service as `main.ts` starts it, on a free port, with a configuration of the test's own in a temporary folder. */
export class RunningService {
  private constructor(
    readonly app: NestExpressApplication,
    readonly url: string,
    readonly path: string,
    readonly folder: string,
    /** Watches nothing unless told to. */
    readonly reload: ConfigReload,
  ) {}

  /** @param files content by file name; `smartrouting.yaml` is the configuration */
  static async start(
    files: Record<string, string>,
    env: Record<string, string> = {},
  ): Promise<RunningService> {
    const folder = await mkdtemp(join(tmpdir(), 'smartrouting-e2e-'));
    const isRecorded = RECORDED.hasSubscribers;
    for (const [name, content] of Object.entries(files)) {
      await mkdir(dirname(join(folder, name)), { recursive: true });
      await writeFile(join(folder, name), isRecorded ? withLog(content) : content);
    }
    const configFile = join(folder, 'smartrouting.yaml');
    const variables = {
      SMARTROUTING_CONFIG: configFile,
      DATABASE_URL: `sqlite:${join(folder, 'service.sqlite')}`,
      ...env,
    };
    RECORDED.publish({ configFile, env: variables });
    const environment = readEnvironment(variables);
    const loaded = await loadConfig(environment);
    const app = await createApp(loaded);
    if (isRecorded) silence(app.get<Logger>(LOGGER));
    await app.listen(0, '127.0.0.1').catch(async (error: unknown) => {
      await app.close();
      await rm(folder, { recursive: true });
      throw error;
    });
    await app.get(ProviderRegistry).open();
    app.get(Readiness).state = 'ready';
    app.get(EntryCensus).start();
    const reload = new ConfigReload(app, environment, loaded);
    return new RunningService(app, await app.getUrl(), loaded.config.server.path, folder, reload);
  }

  get(path: string, headers: Record<string, string> = {}): Promise<Answer> {
    return ask(this.url + path, { headers });
  }

  /** A POST to the routing endpoint with the key `KEY`, unless other headers say otherwise. */
  call(body: Ask['body'], headers: Record<string, string> = { 'X-Benemen-APIKey': KEY }): Promise<Answer> {
    return ask(this.url + this.path, {
      method: 'POST',
      headers: { 'Content-Type': 'application/json', ...headers },
      ...(body !== undefined && { body }),
    });
  }

  async stop(): Promise<void> {
    await this.reload.stop();
    const server = this.app.getHttpServer();
    const closed = this.app.close();
    server.closeAllConnections();
    await closed;
    // SQLite may remove its journal only now.
    await rm(this.folder, { recursive: true, force: true, maxRetries: 5 });
  }
}

/** Listened to while the tests are recorded for the privacy check, test/privacy/environment.mjs. */
const RECORDED = channel('smartrouting-vip.test.service');

/** A log that is silent could hide what it would say. */
function withLog(text: string): string {
  return text.replace(/(\blevel"?\s*:\s*"?)silent\b/, '$1info');
}

/** Lines are recorded before they are written; among the results of the tests they are in the way. */
function silence(logger: Logger): void {
  const { [pino.symbols.streamSym as unknown as 'stream']: stream } = logger as unknown as {
    stream: { write(line: string): boolean };
  };
  stream.write = () => true;
}

import type { Server } from 'node:https';
import { isDeepStrictEqual } from 'node:util';
import { contentVersion } from '../common/content-version.js';
import { FileWatcher } from '../common/file-watcher.js';
import type { ConfigStatus } from '../config/config-status.js';
import type { Logger } from '../observability/logger.js';
import type { MetricsService } from '../observability/metrics.service.js';
import { readTls, TlsError } from './read-tls.js';
import type { TlsFiles, TlsMaterial } from './read-tls.js';

const HEALTH_REASON = 'the changed certificate is not in use';

const TIMES = {
  /** How often the files are checked; a change is noticed after two checks. */
  pollMs: 500,
  /** How long a file that does not match the others may wait for them. */
  pairWaitMs: 3_000,
};

/**
 * The certificate of a running server. Changed files are used for new connections, while existing ones continue;
 * unusable files are refused and logged once, and the old certificate stays. See
 * docs/adr/0020-tls-and-management-port.md.
 */
export class WatchedTls {
  #inUse: TlsMaterial;
  #watchers: readonly FileWatcher[] = [];
  #waiting: NodeJS.Timeout | undefined;
  #told: string | undefined;
  /** One reading at a time, because several files change together. */
  #work: Promise<void> = Promise.resolve();
  #closed = false;

  /** @param material that `server` was created with */
  constructor(
    private readonly server: Pick<Server, 'setSecureContext' | 'once'>,
    material: TlsMaterial,
    private readonly logger: Logger,
    private readonly status: ConfigStatus,
    metrics: Pick<MetricsService, 'measure'>,
    private readonly times = TIMES,
  ) {
    this.#inUse = material;
    this.#tell();
    metrics.measure(
      'smartrouting_tls_certificate_expiry_timestamp_seconds',
      () => this.#inUse.period.validUntilMs / 1_000,
    );
    server.once('close', () => void this.close());
    this.#watch();
  }

  /**
   * Uses the given material, and from now on watches its files.
   * @throws TlsError if the server cannot use it; the old certificate stays
   */
  use(material: TlsMaterial): void {
    if ((material.files.clientCa === undefined) !== (this.#inUse.files.clientCa === undefined)) {
      throw new TlsError('server.tls.clientCa', 'was added or removed. That needs a restart');
    }
    this.#take(material);
    const old = this.#watchers;
    this.#watch();
    for (const watcher of old) void watcher.stop();
  }

  async close(): Promise<void> {
    this.#closed = true;
    clearTimeout(this.#waiting);
    await Promise.all(this.#watchers.map((watcher) => watcher.stop()));
    await this.#work;
  }

  #watch(): void {
    const changed = (): Promise<void> => (this.#work = this.#work.then(() => this.#readAgain()));
    this.#watchers = pathsOf(this.#inUse.files).map(
      (path) => new FileWatcher(path, this.times.pollMs, changed),
    );
    for (const watcher of this.#watchers) void watcher.start();
  }

  async #readAgain(isLast = false): Promise<void> {
    const { files, options } = this.#inUse;
    const read = await readTls(files).catch((error: unknown) =>
      error instanceof TlsError ? error.message : 'cannot be used',
    );
    const version = await contentVersion(pathsOf(files));
    if (this.#closed || this.#inUse.files !== files) return;
    if (typeof read === 'string') return this.#unusable(files, read, version, isLast);
    if (isDeepStrictEqual(read.options, options)) {
      if (this.#told !== undefined)
        this.logger.info({ cert: files.cert }, 'the certificate in use is back in place');
      return this.#accepted();
    }
    this.#take(read);
    this.logger.info(
      { cert: files.cert, validUntil: new Date(read.period.validUntilMs).toISOString() },
      'certificate read again',
    );
  }

  /** Files that belong together are replaced one after the other, so only a mismatch that persists is refused. */
  #unusable(files: TlsFiles, problem: string, version: string, isLast: boolean): void {
    if (!isLast) {
      this.#waiting ??= setTimeout(() => {
        this.#waiting = undefined;
        this.#work = this.#work.then(() => this.#readAgain(true));
      }, this.times.pairWaitMs).unref();
      return;
    }
    this.status.refuse('certificate', `${HEALTH_REASON}: ${problem}`, version);
    const told = `${problem} ${version}`;
    if (told === this.#told) return;
    this.#told = told;
    this.logger.error({ files, problem }, 'changed certificate is not usable, the old one stays');
  }

  #take(material: TlsMaterial): void {
    this.server.setSecureContext(material.options);
    this.#inUse = material;
    this.#accepted();
    this.#tell();
  }

  #accepted(): void {
    clearTimeout(this.#waiting);
    this.#waiting = undefined;
    this.#told = undefined;
    this.status.refused.delete('certificate');
  }

  #tell(): void {
    this.status.certificate = { ...this.#inUse.period, inUseSinceMs: Date.now() };
    const { files, warnings } = this.#inUse;
    for (const warning of warnings) this.logger.warn({ cert: files.cert, warning }, 'certificate warning');
  }
}

function pathsOf({ cert, key, clientCa }: TlsFiles): string[] {
  return [cert, key, ...(clientCa === undefined ? [] : [clientCa])];
}

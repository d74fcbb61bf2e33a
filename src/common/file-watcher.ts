import { stat } from 'node:fs/promises';

/**
 * On file systems with coarse time stamps, a file that changed less than this ago may change again without a new time
 * stamp.
 */
const COARSE_TIME_MS = 2_000;

/**
 * Reports new versions of a file: changed, replaced by another file, swapped behind a symbolic link, deleted or
 * restored. It checks the file at intervals, and reports a version only when two checks in a row have seen it, so a
 * file that is still being written is left alone. See docs/adr/0005-watching-files.md.
 *
 * @since 0.1.0
 */
export class FileWatcher {
  #known: string | undefined;
  #pending: string | undefined;
  #lookAgainAtMs: number | undefined;
  #timer: NodeJS.Timeout | undefined;
  #looking: Promise<void> | undefined;
  #stopped = false;
  /**
   * When the file was last known to be the version that was reported last, by `performance.now()`; `undefined` until
   * the file has been checked again.
   */
  unchangedMs: number | undefined;

  /**
   * @param changed is called for the first version by `start` and for each later one. Calls never overlap, and a
   *   version may be reported again. It must not reject.
   */
  constructor(
    private readonly path: string,
    private readonly pollMs: number,
    private readonly changed: () => Promise<void>,
  ) {}

  /** Reports the current version and continues to watch. */
  async start(): Promise<void> {
    this.#looking = this.#handOver(await versionOf(this.path));
    await this.#looking;
    this.#schedule();
  }

  /**
   * True if the file is no longer the version that was reported last, so what was read may be a mixture. It is
   * reported again as soon as it is stable, even if it is the same version by then.
   */
  async hasMovedOn(): Promise<boolean> {
    if ((await versionOf(this.path)).id === this.#known) return false;
    this.#known = undefined;
    return true;
  }

  /** Stops watching, after any running call of `changed`. */
  async stop(): Promise<void> {
    this.#stopped = true;
    clearTimeout(this.#timer);
    await this.#looking;
  }

  #schedule(): void {
    if (this.#stopped) return;
    this.#timer = setTimeout(() => {
      this.#looking = this.#look().finally(() => this.#schedule());
    }, this.pollMs).unref();
  }

  async #look(): Promise<void> {
    const lookedMs = performance.now();
    const version = await versionOf(this.path);
    if (this.#stopped) return;
    if (version.id === this.#known) {
      this.#pending = undefined;
      this.unchangedMs = lookedMs;
      if (this.#lookAgainAtMs === undefined || Date.now() < this.#lookAgainAtMs) return;
      await this.#handOver(version);
    } else if (version.id === this.#pending) {
      this.#pending = undefined;
      await this.#handOver(version);
    } else {
      this.#pending = version.id;
    }
  }

  async #handOver(version: Version): Promise<void> {
    this.#known = version.id;
    const isFresh = Math.abs(Date.now() - version.changedAtMs) < COARSE_TIME_MS;
    this.#lookAgainAtMs = isFresh ? Date.now() + COARSE_TIME_MS : undefined;
    await this.changed();
  }
}

interface Version {
  readonly id: string;
  readonly changedAtMs: number;
}

async function versionOf(path: string): Promise<Version> {
  try {
    const { dev, ino, size, mtimeNs, ctimeNs, mtimeMs } = await stat(path, { bigint: true });
    return { id: [dev, ino, size, mtimeNs, ctimeNs].join(':'), changedAtMs: Number(mtimeMs) };
  } catch (error) {
    return { id: `no file: ${(error as NodeJS.ErrnoException).code}`, changedAtMs: 0 };
  }
}

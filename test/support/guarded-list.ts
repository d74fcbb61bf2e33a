import { expect } from '@jest/globals';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { VipLookupError } from '../../src/plugin-api/index.js';
import type { StoredText, SyncReport } from '../../src/plugin-api/index.js';
import { MemoryState, providerContext } from '../../src/plugin-api/testing/index.js';
import type { StaticFileOptions } from '../../src/providers/static-file/static-file.options.js';
import { StaticFileProvider } from '../../src/providers/static-file/static-file.provider.js';
import { eventually } from './eventually.js';

class QuickStaticFileProvider extends StaticFileProvider {
  protected override readonly pollMs = 20;
}

/** A database that can be down, or silent. */
class FragileState extends MemoryState {
  trouble: 'down' | 'silent' | undefined;

  override async read(key: string): Promise<StoredText | undefined> {
    if (this.trouble === 'silent') return new Promise(() => undefined);
    if (this.trouble === 'down') throw new VipLookupError('database is not reachable (ECONNREFUSED)');
    return super.read(key);
  }
}

/** A list of so many entries; the tier tells one version from another. */
export const listOf = (entries: number, tier = 'gold') =>
  [
    'number,tier',
    ...Array.from({ length: entries }, (_, index) => `+35850${1_000_000 + index},${tier}`),
    '',
  ].join('\n');

/** Of 5 entries where there were 20. */
export const REASON =
  'vips.csv has 5 entries where there were 20, fewer than 70 % (minShare). If that is right, confirm this version by the command sync list --confirm';
export const UNLESS_CONFIRMED = `${REASON}; until then, it is used only where no other list is loaded`;

/** One list, the instances that read it, and the state that they share. */
export class GuardedList {
  readonly state = new FragileState();
  readonly #made: StaticFileProvider[] = [];

  private constructor(readonly directory: string) {}

  static async make(): Promise<GuardedList> {
    return new GuardedList(await mkdtemp(join(tmpdir(), 'static-file-')));
  }

  write(content: string): Promise<void> {
    return writeFile(join(this.directory, 'vips.csv'), content);
  }

  /** An instance, or the same one after a restart. */
  instance(options: Partial<StaticFileOptions> = {}, locale: { country?: string } = {}) {
    const context = providerContext<StaticFileOptions>(
      { file: 'vips.csv', ...options },
      { ...locale, name: 'list', state: this.state, resolvePath: (file) => join(this.directory, file) },
    );
    const provider = new QuickStaticFileProvider(context);
    this.#made.push(provider);
    const until = (status: 'up' | 'degraded', entries: number) =>
      eventually(async () => expect(await provider.check()).toMatchObject({ status, entries }));
    return { provider, logged: context.logged, until };
  }

  sync(confirm = false): Promise<SyncReport> {
    return this.instance().provider.sync({ confirm });
  }

  async keptEntries(): Promise<number | undefined> {
    const stored = await this.state.read('list');
    return stored && (JSON.parse(stored.text) as { entries: number }).entries;
  }

  async remove(): Promise<void> {
    for (const provider of this.#made) await provider.close();
    await rm(this.directory, { recursive: true });
  }
}

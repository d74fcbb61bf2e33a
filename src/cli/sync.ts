import { setTimeout as sleep } from 'node:timers/promises';
import { readEnvironment } from '../app/environment.js';
import { loadConfig } from '../app/load-config.js';
import { ProvidersModule } from '../app/providers.module.js';
import { suggestion } from '../common/near-name.js';
import { ProviderRegistry } from '../lookup/provider-registry.js';
import { VipLookupError } from '../plugin-api/index.js';
import type { SyncOptions, SyncProgress, SyncReport, VipLookupProvider } from '../plugin-api/index.js';
import { CliError, counted, print } from './output.js';
import { StatusLine } from './status-line.js';
import { withSilentApp } from './silent-app.js';

/** An instance that died during a pull keeps the right to pull for half a minute. */
const PATIENCE_MS = 60_000;
const LOOK_MS = 1_000;

const USED = 'Running instances with this configuration use it within seconds.';
/** A refused configuration is read again when a file changes, and this one has not. */
const IF_REFUSED =
  'If a changed configuration was refused because of the file, save the configuration again or send SIGHUP.';

export interface SyncFlags {
  full: boolean;
  confirm: boolean;
}

export async function syncProvider(name: string, flags: SyncFlags): Promise<void> {
  const loaded = await loadConfig(readEnvironment());
  const { providers } = loaded.config;
  if (!providers.has(name)) {
    throw new CliError(`"${name}" is not a configured provider.${suggestion(name, [...providers.keys()])}`);
  }
  await withSilentApp(loaded, ProvidersModule, async (app) => {
    const { provider } = app.get(ProviderRegistry).get(name);
    const startedMs = performance.now();
    const line = new StatusLine(process.stderr);
    const onProgress = (progress: SyncProgress): void => line.show(`${name}: ${describeProgress(progress)}`);
    try {
      const report = await untilInterrupted((signal) =>
        pull(name, provider, { ...flags, onProgress, signal }),
      );
      line.clear();
      print(describe(name, report, performance.now() - startedMs, flags.confirm));
    } finally {
      line.clear();
    }
  });
}

/** A pull that ends by itself gives its exclusive right back; one that is killed keeps all others waiting. */
async function untilInterrupted<T>(work: (signal: AbortSignal) => Promise<T>): Promise<T> {
  const interrupted = new AbortController();
  const signals = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;
  const stop = (signal: string): void =>
    interrupted.abort(new VipLookupError(`stopped by ${signal}; nothing was changed`));
  for (const signal of signals) process.once(signal, stop);
  try {
    return await work(interrupted.signal);
  } finally {
    for (const signal of signals) process.off(signal, stop);
  }
}

function describeProgress({ pages, entries, waiting }: SyncProgress): string {
  const read = `${counted(pages, 'page')}, ${counted(entries, 'contact')}`;
  return waiting === undefined ? read : `${read}; waiting: ${waiting}`;
}

async function pull(name: string, provider: VipLookupProvider, options: SyncOptions): Promise<SyncReport> {
  if (provider.sync === undefined)
    throw new CliError(`${name} has no list or copy to sync: it is asked about each caller.`);
  const giveUpMs = performance.now() + PATIENCE_MS;
  for (let isFirst = true; ; isFirst = false) {
    const report = await provider.sync(options).catch((error: unknown) => {
      const { name: kind, message } = error as NodeJS.ErrnoException;
      if (!/^Vip(?:Lookup|LookupBusy|File)Error$/.test(kind)) throw error;
      throw new CliError(`${name} was not synced: ${message}`);
    });
    if (report !== undefined) return report;
    if (isFirst) print(`${name} is being synced by another instance; waiting for it.`);
    if (performance.now() > giveUpMs) {
      throw new CliError(`${name} was not synced: another instance is syncing it. Its result will be used.`);
    }
    await sleep(LOOK_MS, undefined, { signal: options.signal }).catch(() => options.signal?.throwIfAborted());
  }
}

function describe(name: string, report: SyncReport, ms: number, isConfirmed: boolean): string {
  const { kind, entries, changed, pages, skipped, problem } = report;
  const left = skipped > 0 ? [`Left out because they cannot be read: ${skipped}, the first: ${problem}`] : [];
  if (pages === 0) return [ofFile(name, report, isConfirmed), ...left].join('\n');
  const { before, notVips = 0 } = report;
  const what = kind === 'full' ? 'everything' : `what changed (${changed})`;
  const had = before === undefined ? 'the first copy' : `${before} before`;
  return [
    `${name}: pulled ${what}, ${counted(pages, 'page')}, in ${(ms / 1_000).toFixed(1)} s. The copy has ${counted(entries, 'contact')} (${had}).`,
    ...(notVips > 0 ? [`Not VIPs, because they name no number or no tier: ${notVips}`] : []),
    ...left,
  ].join('\n');
}

function ofFile(
  name: string,
  { entries, before, confirmed = false }: SyncReport,
  isConfirmed: boolean,
): string {
  const was = before === undefined ? 'how many before is not known' : `${before} before`;
  const has = `${name}: the file has ${counted(entries, 'entry', 'entries')} (${was}).`;
  if (!isConfirmed && !confirmed) return `${has} It needs no confirmation. ${USED}`;
  const needless = confirmed || before === undefined ? '' : ', although it need not be';
  return `${has} This version of the file is confirmed${needless}. ${USED}\n${IF_REFUSED}`;
}

import type { AppConfig } from '../app/app.config.js';
import { AppModule } from '../app/app.module.js';
import { readEnvironment } from '../app/environment.js';
import { loadConfig } from '../app/load-config.js';
import { LiveConfig } from '../config/live-config.js';
import { ProviderRegistry } from '../lookup/provider-registry.js';
import { RoutingService } from '../routing/routing.service.js';
import type { RouteConfig } from '../routing/targets.config.js';
import type { JsonObject } from '../common/json.js';
import type { ProviderReport } from '../lookup/outcome.js';
import type { Caller } from '../plugin-api/caller.js';
import type { VipRecord } from '../plugin-api/index.js';
import type { Decision } from '../routing/decision.js';
import { columns, named, print } from './output.js';
import { withSilentApp } from './silent-app.js';
import { whyNoRoute, whyNot } from './why-not.js';
import type { Asked } from './why-not.js';

/** A provider's part, and what it found that did not count. */
type ExplainedReport = ProviderReport & { readonly note?: string | undefined };
interface Explained extends Decision {
  readonly reports: readonly ExplainedReport[];
}

export interface LookupOptions {
  target?: string;
  bnum: string;
  extradata: JsonObject;
  json: boolean;
}

export async function lookup(
  number: string,
  { target, bnum, extradata, json }: LookupOptions,
): Promise<void> {
  const loaded = await loadConfig(readEnvironment());
  await withSilentApp(loaded, AppModule, async (app) => {
    const registry = app.get(ProviderRegistry);
    await registry.open();
    const { current: config } = app.get<LiveConfig<AppConfig>>(LiveConfig);
    const startedMs = performance.now();
    const call = { anum: number, bnum, targetid: target, extradata };
    const decided = await app.get(RoutingService).decide({ call, config, startedMs });
    const ms = performance.now() - startedMs;
    const decision = await explained(decided, registry, { targetid: target, timezone: config.timezone });
    print(
      json ? JSON.stringify(toJson(decision, ms), null, 2) : explain(decision, number, target, ms, config),
    );
  });
}

/** Behind the decision, so that none of it takes the decision's time. */
async function explained(
  decision: Decision,
  registry: ProviderRegistry,
  call: Pick<Asked, 'targetid' | 'timezone'>,
): Promise<Explained> {
  const { caller, reports } = decision;
  if (caller === undefined) return decision;
  const asked = { caller, ...call, nowMs: Date.now() };
  const noted = reports.map(async (report): Promise<ExplainedReport> => {
    const note = await whyNot(registry.get(report.provider), report, asked);
    return note === undefined ? report : { ...report, note };
  });
  return { ...decision, reports: await Promise.all(noted) };
}

function toJson({ caller, ...decision }: Explained, ms: number): object {
  return {
    status: decision.reason === 'matched' ? 200 : 204,
    ...decision,
    caller: caller?.key,
    ms: round(ms),
  };
}

function explain(
  decision: Explained,
  number: string,
  asked: string | undefined,
  ms: number,
  config: AppConfig,
): string {
  const { reason, instructions, target, caller, record, provider, route, dropped } = decision;
  const answer =
    instructions === undefined ? '204, proceed normally' : `200 ${JSON.stringify(instructions, null, 2)}`;
  const why: (readonly [string, string | undefined])[] = [
    ['reason', reason],
    ['target', describeTarget(decision, asked, config)],
    ['caller', caller && describeCaller(caller, number)],
    ...providerLines(decision).map((line, i) => [i === 0 ? 'providers' : '', line] as const),
    ['record', record && describeRecord(record, provider)],
    ['route', record && describeRoute(record, route, config.targets.get(target)?.routes ?? [])],
    ['left out', dropped && `${dropped.join(', ')}: wrong type, or a template that cannot be rendered`],
    ['time', `${round(ms)} ms`],
  ];
  const told = why.flatMap(([label, text]) => (text === undefined ? [] : [[label, text]]));
  return [answer, '', ...columns(told).map((line) => `  ${line}`)].join('\n');
}

function describeCaller({ key, country }: Caller, written: string): string {
  return `${key}${country ? ` (${country})` : ''}${key === written ? '' : `, written ${written}`}`;
}

function describeRecord({ number, tier, name }: VipRecord, provider: string | undefined): string {
  return `${number}, tier ${tier}${name === undefined ? '' : `, ${name}`}, from ${provider}`;
}

function providerLines({ reports }: Explained): string[] {
  return columns(
    reports.map(({ provider, outcome, source, reason, records, note, ms }) => [
      provider,
      outcome + (source === undefined || source === 'live' ? '' : ` (${source})`),
      ms === undefined ? '' : `${round(ms)} ms`,
      [countOf(records), note, reason].filter((text) => text !== undefined).join('; '),
    ]),
  );
}

function countOf(records: number | undefined): string | undefined {
  return records === undefined
    ? undefined
    : `${records} records for this caller, the best applicable one is used`;
}

function describeTarget({ reason, target }: Decision, asked: string | undefined, config: AppConfig): string {
  const known = named(config.targets.keys());
  if (reason === 'unknown-target')
    return `${asked === undefined ? 'none given, and no default' : 'none fits'}; configured: ${known}`;
  return asked === undefined || asked === target
    ? target
    : `${target} (no target "${asked}"; configured: ${known})`;
}

function describeRoute(
  { tier }: VipRecord,
  index: number | undefined,
  routes: readonly RouteConfig[],
): string {
  if (index === undefined) return whyNoRoute(tier, routes);
  const { tiers, when } = routes[index]!;
  const conditions = [...when].map(([key, values]) => `, ${key} = ${values.join(' or ')}`);
  return `${index + 1} of ${routes.length}: ${tiers === undefined ? 'any tier' : `tier ${tiers.join(' or ')}`}${conditions.join('')}`;
}

function round(ms: number): number {
  return Math.round(ms * 10) / 10;
}

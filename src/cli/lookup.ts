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
import type { Decision } from '../routing/decision.js';
import { columns, print } from './output.js';
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

/** `lookup`. */
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
  const routes = config.targets.get(target)?.routes ?? [];
  const answer =
    instructions === undefined ? '204, proceed normally' : `200 ${JSON.stringify(instructions, null, 2)}`;
  const why: [string, string][] = [
    ['reason', reason],
    ['target', describeTarget(decision, asked, config)],
  ];
  if (caller)
    why.push([
      'caller',
      `${caller.key}${caller.country ? ` (${caller.country})` : ''}${caller.key === number ? '' : `, written ${number}`}`,
    ]);
  providerLines(decision).forEach((line, i) => why.push([i === 0 ? 'providers' : '', line]));
  if (record) {
    why.push([
      'record',
      `${record.number}, tier ${record.tier}${record.name === undefined ? '' : `, ${record.name}`}, from ${provider}`,
    ]);
    why.push([
      'route',
      route === undefined
        ? whyNoRoute(record.tier, routes)
        : describeRoute(routes[route]!, route, routes.length),
    ]);
  }
  if (dropped)
    why.push(['left out', `${dropped.join(', ')}: wrong type, or a template that cannot be rendered`]);
  why.push(['time', `${round(ms)} ms`]);
  return [answer, '', ...columns(why).map((line) => `  ${line}`)].join('\n');
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
  const known = [...config.targets.keys()].join(', ');
  if (reason === 'unknown-target')
    return `${asked === undefined ? 'none given, and no default' : 'none fits'}; configured: ${known}`;
  return asked === undefined || asked === target
    ? target
    : `${target} (no target "${asked}"; configured: ${known})`;
}

function describeRoute({ tiers, when }: RouteConfig, index: number, count: number): string {
  const conditions = [...when].map(([key, values]) => `${key} = ${values.join(' or ')}`);
  return `${index + 1} of ${count}: ${tiers === undefined ? 'any tier' : `tier ${tiers.join(' or ')}`}${conditions.map((condition) => `, ${condition}`).join('')}`;
}

function round(ms: number): number {
  return Math.round(ms * 10) / 10;
}

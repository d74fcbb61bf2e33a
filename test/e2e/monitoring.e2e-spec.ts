import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { readFile } from 'node:fs/promises';
import { request } from 'node:https';
import { fileURLToPath } from 'node:url';
import { parse } from 'yaml';
import { promtool } from '../support/promtool.js';
import type { Finished } from '../support/promtool.js';
import { KEY, RunningService } from '../support/service.js';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const RULES = 'deploy/prometheus/alerts.yaml';
const TESTS = ['deploy/prometheus/alerts.test.yaml', 'deploy/prometheus/alerts.week.test.yaml'];
const DASHBOARD = 'deploy/grafana/smartrouting.json';
/** Labels that Prometheus itself gives, and those of a histogram's buckets and summaries. */
const FOREIGN_LABELS = ['instance', 'job', 'le'];
const FOREIGN_METRICS = ['up'];

/** Everything of ours that monitors may rely on: type and labels. */
const METRICS: Readonly<Record<string, readonly [type: string, ...labels: string[]]>> = {
  smartrouting_decisions_total: ['counter', 'reason', 'target'],
  smartrouting_decision_duration_seconds: ['histogram'],
  smartrouting_decisions_in_flight: ['gauge'],
  smartrouting_provider_lookups_total: ['counter', 'outcome', 'provider'],
  smartrouting_provider_duration_seconds: ['histogram', 'provider'],
  smartrouting_provider_breaker_state: ['gauge', 'provider'],
  smartrouting_provider_copy_age_seconds: ['gauge', 'provider'],
  smartrouting_provider_entries: ['gauge', 'provider'],
  smartrouting_auth_failures_total: ['counter', 'kind'],
  smartrouting_config_last_reload_success: ['gauge'],
  smartrouting_config_last_reload_success_timestamp_seconds: ['gauge'],
  smartrouting_tls_certificate_expiry_timestamp_seconds: ['gauge'],
  smartrouting_log_lines_dropped_total: ['counter'],
  smartrouting_connections_dropped_total: ['counter'],
  smartrouting_ready: ['gauge'],
  smartrouting_build_info: ['gauge', 'commit', 'node', 'version'],
};

const CHECKS = [
  ['check', 'rules', RULES],
  ['check', 'config', 'deploy/prometheus/prometheus.yaml'],
  ['test', 'rules', ...TESTS],
];

/** Begun before all tests, because they take long. */
let checks: Map<string, Promise<Finished>>;
let service: RunningService;
/** What the service says at `/metrics` after some calls, by name. */
let exposed: Map<string, Exposed>;
let exposition: string;

interface Exposed {
  readonly type: string;
  readonly labels: Set<string>;
}

interface Rule {
  readonly alert: string;
  readonly expr: string;
  readonly labels: Record<string, string>;
  readonly annotations: Record<string, string>;
}
interface Panel {
  readonly id: number;
  readonly type: string;
  readonly title: string;
  readonly gridPos: { readonly x: number; readonly y: number; readonly w: number; readonly h: number };
  readonly datasource?: { readonly uid: string };
  readonly targets?: readonly { readonly expr: string; readonly legendFormat: string }[];
}
interface Dashboard {
  readonly panels: readonly Panel[];
  readonly templating: { readonly list: readonly { readonly name: string; readonly definition?: string }[] };
}

beforeAll(async () => {
  checks = new Map(CHECKS.map((args) => [args.join(' '), promtool(args)]));
  // Without the tool it is the tests that fail.
  for (const check of checks.values()) check.catch(() => undefined);
  const support = fileURLToPath(new URL('../support', import.meta.url));
  service = await RunningService.start({
    'vips.csv': 'number,tier\n+358501231234,gold\n',
    'smartrouting.yaml': `
server: { tls: { cert: ${support}/crm-server.cert.pem, key: ${support}/crm-server.key.pem } }
credentials: [{ id: core, apiKey: ${KEY} }]
providers:
  list: { kind: static-file, file: ./vips.csv }
  own: { kind: database }
  crm: { kind: crm-http, url: "http://127.0.0.1:9/{{ number }}", record: "$" }
targets:
  SALES: { providers: [list, own, crm], routes: [{ instructions: { ExtraPriority: 5 } }] }
logging: { level: silent }
`,
  });
  for (const anum of ['+358501231234', '+358501231299'])
    await ask('POST', { anum, bnum: null, targetid: 'SALES' });
  await ask('POST', { anum: '+358501231234', bnum: null, targetid: 'made-up-by-a-caller' });
  await ask('POST', { anum: '+358501231234', bnum: null }, { 'X-Benemen-APIKey': 'guessed' });
  exposition = await ask('GET');
  exposed = read(exposition);
});
afterAll(() => service.stop());

/** A call, or the metrics; the certificate is not looked at. */
function ask(
  method: 'GET' | 'POST',
  body?: object,
  headers: object = { 'X-Benemen-APIKey': KEY },
): Promise<string> {
  return new Promise((resolve, reject) => {
    const url = service.url + (method === 'GET' ? '/metrics' : service.path);
    const sent = request(
      url,
      {
        method,
        rejectUnauthorized: false,
        agent: false,
        headers: { ...headers, 'Content-Type': 'application/json' },
      },
      (answer) => {
        let text = '';
        answer.on('data', (chunk: Buffer) => (text += chunk.toString()));
        answer.on('end', () => resolve(text));
        answer.on('error', reject);
      },
    );
    sent.on('error', reject);
    sent.end(body && JSON.stringify(body));
  });
}

/** Type and labels of each metric; also by the names of a histogram's parts. */
function read(text: string): Map<string, Exposed> {
  const metrics = new Map<string, Exposed>();
  for (const [, name, type] of text.matchAll(/^# TYPE (\S+) (\S+)$/gm)) {
    const metric = { type: type!, labels: new Set<string>() };
    const parts = type === 'histogram' ? ['', '_bucket', '_sum', '_count'] : [''];
    for (const part of parts) metrics.set(name! + part, metric);
  }
  for (const [, name, labels] of text.matchAll(/^(\w+)(?:\{(.*)\})? \S+$/gm)) {
    for (const [, label] of (labels ?? '').matchAll(/(\w+)="/g)) {
      if (!FOREIGN_LABELS.includes(label!)) metrics.get(name!)?.labels.add(label!);
    }
  }
  return metrics;
}

/** The metrics that an expression names, each with the labels that it is selected, or grouped, by. */
function namesIn(expr: string): { metrics: Map<string, Set<string>>; grouped: Set<string> } {
  const bare = expr
    .replace(/"[^"]*"/g, '""')
    .replace(/\[[^\]]*\]/g, '')
    .replace(/\boffset \w+/g, '');
  const grouped = new Set<string>();
  const ungrouped = bare.replace(/\b(?:by|without|on|ignoring)\s*\(([^)]*)\)/g, (_, labels: string) => {
    for (const [label] of labels.matchAll(/\w+/g)) grouped.add(label);
    return '';
  });
  const metrics = new Map<string, Set<string>>();
  for (const [, name, selector] of ungrouped.matchAll(/\b([a-z_]\w*)\b(?!\s*\()(?:\{([^}]*)\})?/gi)) {
    if (['and', 'or', 'unless'].includes(name!)) continue;
    const labels = metrics.get(name!) ?? new Set<string>();
    for (const [, label] of (selector ?? '').matchAll(/(\w+)\s*(?:=|!)/g)) labels.add(label!);
    metrics.set(name!, labels);
  }
  return { metrics, grouped };
}

/** What of an expression the service does not expose. */
function unknownIn(expr: string): string[] {
  const { metrics, grouped } = namesIn(expr);
  expect(metrics.size).toBeGreaterThan(0);
  const unknown: string[] = [];
  const known = new Set(FOREIGN_LABELS);
  for (const [name, labels] of metrics) {
    if (FOREIGN_METRICS.includes(name)) continue;
    const metric = exposed.get(name);
    if (metric === undefined) unknown.push(name);
    metric?.labels.forEach((label) => known.add(label));
    for (const label of labels) {
      if (!metric?.labels.has(label) && !FOREIGN_LABELS.includes(label)) unknown.push(`${name}{${label}}`);
    }
  }
  return [...unknown, ...[...grouped].filter((label) => !known.has(label))];
}

const file = (path: string): Promise<string> => readFile(ROOT + path, 'utf8');
const rules = async (): Promise<Rule[]> =>
  (parse(await file(RULES)) as { groups: { rules: Rule[] }[] }).groups.flatMap((group) => group.rules);
const dashboard = async (): Promise<Dashboard> => JSON.parse(await file(DASHBOARD)) as Dashboard;

describe('the metrics', () => {
  it('are those that are promised, with their labels, and no others of ours', () => {
    const ours = [...exposed].filter(([name]) => /^smartrouting_(?!.*_(bucket|sum|count)$)/.test(name));
    const found = ours.map(([name, { type, labels }]) => [name, [type, ...[...labels].sort()]]);
    const promised = Object.entries(METRICS);
    expect(Object.fromEntries(found)).toEqual(Object.fromEntries(promised));
    for (const secret of ['made-up-by-a-caller', 'guessed', KEY, '358501231234'])
      expect(exposition).not.toContain(secret);
  });

  it('say what runs, and that it takes calls', async () => {
    const { version } = JSON.parse(await file('package.json')) as { version: string };
    expect(exposition).toContain(
      `\nsmartrouting_build_info{version="${version}",commit="unknown",node="${process.versions.node}"} 1\n`,
    );
    expect(exposition).toContain('\nsmartrouting_ready 1\n');
    expect(exposition).toMatch(/^smartrouting_provider_copy_age_seconds\{provider="list"\} \d/m);
    expect(exposition).toContain('\nsmartrouting_provider_entries{provider="list"} 1\n');
    expect(exposition).toContain('\nsmartrouting_provider_entries{provider="own"} 0\n');
    expect(exposition).not.toContain('copy_age_seconds{provider="crm"}');
    expect(exposition).not.toContain('entries{provider="crm"}');
  });

  it('begin at 0 where an increase is watched, so that the first event is one', () => {
    expect(exposition).toContain('\nsmartrouting_decisions_total{target="unknown",reason="overloaded"} 0\n');
    expect(exposition).toContain('\nsmartrouting_auth_failures_total{kind="throttled"} 0\n');
  });

  it('are as Prometheus likes them, but for three names of the metrics library', async () => {
    const { output } = await promtool(['check', 'metrics'], exposition);
    const complaints = output
      .split('\n')
      .filter((line) => line !== '' && !/^nodejs_active_\w+_total /.test(line));
    expect(complaints).toEqual([]);
  });
});

describe('the alerts', () => {
  it.each(CHECKS.map((args) => args.join(' ')))('pass promtool %s', async (args) => {
    const { code, output } = await checks.get(args)!;
    expect({ code, output }).toEqual({ code: 0, output: expect.stringContaining('SUCCESS') });
  });

  it('name only what the service exposes', async () => {
    for (const { alert, expr } of await rules()) expect([alert, unknownIn(expr)]).toEqual([alert, []]);
  });

  it('have a case each in which they fire, and one in which they do not', async () => {
    type Case = { alert_rule_test: { alertname: string; exp_alerts?: unknown[] }[] };
    const suites = await Promise.all(TESTS.map(async (path) => parse(await file(path)) as { tests: Case[] }));
    const cases = suites.flatMap(({ tests }) => tests).flatMap((test) => test.alert_rule_test);
    for (const { alert } of await rules()) {
      const own = cases.filter(({ alertname }) => alertname === alert);
      const fires = own.map(({ exp_alerts }) => (exp_alerts ?? []).length > 0);
      expect([alert, fires.includes(true), fires.includes(false)]).toEqual([alert, true, true]);
    }
  });

  it('say how bad it is, what it is, and where it stands what to do', async () => {
    const runbook = await file('docs/alerts.md');
    const sections = runbook.split(/^## /m).slice(1);
    const all = await rules();
    for (const { alert, labels, annotations } of all) {
      expect(['critical', 'warning']).toContain(labels['severity']);
      expect(Object.keys(annotations).sort()).toEqual(['description', 'runbook_url', 'summary']);
      expect(annotations['runbook_url']).toBe(`docs/alerts.md#${alert.toLowerCase()}`);
      const section = sections.find((text) => text.startsWith(`${alert}\n`));
      expect([alert, section]).toEqual([alert, expect.stringMatching(/\*\*Means\*\*[^]+\*\*Do\*\*/)]);
    }
    expect(sections.map((text) => text.split('\n', 1)[0])).toEqual(all.map(({ alert }) => alert));
  });
});

describe('the dashboard', () => {
  it('names only what the service exposes', async () => {
    const { panels, templating } = await dashboard();
    for (const { title, targets = [] } of panels) {
      for (const { expr, legendFormat } of targets) {
        expect([title, unknownIn(expr)]).toEqual([title, []]);
        const { metrics, grouped } = namesIn(expr);
        const labels = new Set([...FOREIGN_LABELS, ...grouped]);
        for (const name of metrics.keys()) exposed.get(name)?.labels.forEach((label) => labels.add(label));
        for (const [, label] of legendFormat.matchAll(/\{\{(\w+)\}\}/g)) expect([...labels]).toContain(label);
      }
    }
    for (const { definition } of templating.list) {
      if (definition === undefined) continue;
      const [, name, label] = /^label_values\((\w+), (\w+)\)$/.exec(definition)!;
      expect([...exposed.get(name!)!.labels, ...FOREIGN_LABELS]).toContain(label);
    }
  });

  it('can be imported: panels with ids of their own that do not overlap, and a data source to choose', async () => {
    const { panels, templating } = await dashboard();
    expect(new Set(panels.map(({ id }) => id)).size).toBe(panels.length);
    expect(templating.list.map(({ name }) => name)).toEqual(['datasource', 'instance', 'provider']);
    const cells = panels.flatMap(({ gridPos: { x, y, w, h } }) =>
      Array.from({ length: w * h }, (_, cell) => `${x + (cell % w)},${y + Math.floor(cell / w)}`),
    );
    expect(new Set(cells).size).toBe(cells.length);
    for (const { type, gridPos, datasource, targets } of panels) {
      expect(gridPos.x + gridPos.w).toBeLessThanOrEqual(24);
      if (type === 'row') continue;
      expect(datasource!.uid).toBe('${datasource}');
      expect(targets!.length).toBeGreaterThan(0);
    }
  });

  it('shows every metric of ours', async () => {
    const { panels } = await dashboard();
    const shown = panels.flatMap(({ targets = [] }) => targets.map(({ expr }) => expr)).join('\n');
    for (const name of Object.keys(METRICS)) expect(shown).toContain(name);
  });
});

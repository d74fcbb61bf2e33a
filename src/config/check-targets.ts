import { durationMs } from '../common/duration.js';
import type { RouteConfig, TargetConfig } from './app-config.js';
import { checkInstructions } from './check-instructions.js';
import type { CheckInstruction } from './check-instructions.js';
import { itemsAt, mapAt, textOf } from './config-node.js';
import type { ConfigMap, ConfigNode } from './config-node.js';
import { suggestion } from '../common/near-name.js';
import { readSection } from './read-section.js';
import type { Report } from './report.js';
import { TargetSection } from './sections.js';
import type { RouteSection } from './sections.js';

const MAX_NAME_LENGTH = 200;

/**
 * Checks `targets:`.
 * @param providers names of the entries under `providers:`, usable or not; `undefined` when they cannot be told
 */
export function checkTargets(
  targets: ConfigMap | undefined,
  providers: readonly string[] | undefined,
  report: Report,
  checkText: CheckInstruction | undefined,
): Map<string, TargetConfig> {
  const checked = new Map<string, TargetConfig>();
  for (const [name, node] of targets?.entries ?? []) {
    if (name.trim() !== name || name.length > MAX_NAME_LENGTH) {
      const message = `is not a name for a target. Write the targetid without blanks around it, at most ${MAX_NAME_LENGTH} characters.`;
      report.add({ line: node.line, key: node.path, message });
    }
    if (node.kind === 'map') {
      const config = checkTarget(name, node, providers, report, checkText);
      if (config !== undefined) checked.set(name, config);
    } else {
      report.at(node, 'is not a map of keys. Write providers: and routes:.');
    }
  }
  return checked;
}

function checkTarget(
  name: string,
  node: ConfigMap,
  providers: readonly string[] | undefined,
  report: Report,
  checkText: CheckInstruction | undefined,
): TargetConfig | undefined {
  const section = readSection(TargetSection, node, report);
  checkNames(itemsAt(node, 'providers'), 'a configured provider', providers, report);
  const routeNodes = itemsAt(node, 'routes');
  const details = routeNodes.map((route) =>
    route.kind === 'map' ? checkRoute(route, report, checkText) : undefined,
  );
  warnOfUnreachable(routeNodes, report);
  if (section === undefined || report.hasProblems) return undefined;
  return {
    name,
    providers: section.providers,
    country: section.country,
    deadlineMs: durationMs(section.deadline),
    staggerMs: durationMs(section.stagger),
    routes: section.routes.map((route, index) => ({ tiers: tiersOf(route), ...details[index]! })),
  };
}

/** A list of names that are configured elsewhere (anything goes while those cannot be told), each once. */
export function checkNames(
  nodes: readonly ConfigNode[],
  what: string,
  known: readonly string[] | undefined,
  report: Report,
): void {
  const seen = new Set<string>();
  for (const node of nodes) {
    const name = textOf(node);
    if (name === undefined || name.trim() === '') continue;
    if (seen.has(name)) report.at(node, 'is listed twice. Keep one.');
    else if (known?.includes(name) === false) report.at(node, `is not ${what}.${suggestion(name, known)}`);
    seen.add(name);
  }
}

function checkRoute(
  route: ConfigMap,
  report: Report,
  checkText: CheckInstruction | undefined,
): Pick<RouteConfig, 'when' | 'instructions'> {
  const when = new Map<string, readonly string[]>();
  for (const [key, node] of mapAt(route, 'when')?.entries ?? []) when.set(key, wantedTexts(node, report));
  const instructions = mapAt(route, 'instructions');
  return {
    when,
    instructions: instructions === undefined ? {} : checkInstructions(instructions, report, checkText),
  };
}

/** Extradata is compared as text, so what stands in the file must be the text that is meant. */
function wantedTexts(node: ConfigNode, report: Report): string[] {
  if (node.kind === 'list' && node.items.length > 0) {
    return node.items.flatMap((item) =>
      item.kind === 'list'
        ? (report.at(item, 'is not a value to compare with. Write one text.'), [])
        : wantedTexts(item, report),
    );
  }
  if (node.kind !== 'scalar') {
    report.at(node, 'is not a value to compare with. Write a text or a list of texts.');
    return [];
  }
  const text = String(node.value);
  if (node.value === null) report.at(node, 'is empty. Write the value that the call must have.');
  else if (typeof node.value !== 'string' && text !== node.written) {
    report.at(node, `would be compared as ${text}. Put it in quotes to compare it as it is written.`);
  }
  return [text];
}

function tiersOf({ tier }: RouteSection): string[] | undefined {
  return typeof tier === 'string' ? [tier] : tier;
}

function warnOfUnreachable(routes: readonly ConfigNode[], report: Report): void {
  const catchAll = routes.findIndex(
    (route) => route.kind === 'map' && !route.entries.has('tier') && !route.entries.has('when'),
  );
  if (catchAll === -1) return;
  for (const route of routes.slice(catchAll + 1)) {
    report.warn(
      route,
      `This route is never used: routes[${catchAll}], in line ${routes[catchAll]!.line}, has neither tier nor when and fits every VIP. Move that one to the end.`,
    );
  }
}

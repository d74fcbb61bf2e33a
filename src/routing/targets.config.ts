import { duration, durationMs } from '../common/duration.js';
import type { JsonObject } from '../common/json.js';
import { checkNames } from '../config/check-names.js';
import { itemsAt, mapAt } from '../config/config-node.js';
import type { ConfigMap, ConfigNode } from '../config/config-node.js';
import { Key, ListKey, SectionsKey } from '../config/key.js';
import type { KeyRule } from '../config/key.js';
import { readSection } from '../config/read-section.js';
import type { Report } from '../config/report.js';
import { COUNTRY_KEY, country, mapping, text } from '../config/rules.js';
import { checkInstructions } from './check-instructions.js';
import { CORE_INSTRUCTIONS, coreInstructions } from './core-instructions.js';

const tierName = text('Write the name of a tier, for example gold.', 64);
const tier: KeyRule = {
  problem: (value) => {
    if (!Array.isArray(value)) return tierName.problem(value);
    if (value.length === 0) return 'is empty. Write at least one tier, or remove the key.';
    return value.every((name) => tierName.problem(name) === undefined)
      ? undefined
      : 'has an entry that is not the name of a tier. Write texts, for example [gold, silver].';
  },
  schema: {
    type: ['string', 'array'],
    minLength: 1,
    items: { type: 'string', minLength: 1 },
    minItems: 1,
  },
};

export class RouteSection {
  @Key('Tier of the VIP, or a list of allowed tiers. Without it: any tier.', tier)
  tier?: string | string[];

  @Key('Extradata key: the required value, or a list of allowed values. All keys must match.', {
    ...mapping('Write an extradata key and its value, for example DYN_PAR_Culture: fi-FI.'),
    schema: {
      type: 'object',
      minProperties: 1,
      additionalProperties: {
        anyOf: [
          { $ref: '#/definitions/scalar' },
          { type: 'array', items: { $ref: '#/definitions/scalar' }, minItems: 1 },
        ],
      },
    },
  })
  when?: Record<string, unknown>;

  @Key(
    `What Core is told: ${coreInstructions('string').join(', ')} (texts), ${coreInstructions('number').join(', ')} (numbers), or any other key, passed on as written. Texts are Liquid templates.`,
    {
      ...mapping('Write what Core is to do, for example InitialTarget: VIP_SALES.'),
      schema: {
        type: 'object',
        minProperties: 1,
        properties: Object.fromEntries(
          Object.entries(CORE_INSTRUCTIONS).map(([name, { type, description }]) => [
            name,
            { type, ...(type === 'string' && { minLength: 1 }), description },
          ]),
        ),
      },
    },
    { required: true },
  )
  instructions: Record<string, unknown>;
}

const CORE_GIVES_UP = 'Core gives up after 5s.';
const DEFAULT_DEADLINE = '1500ms';
const DEFAULT_STAGGER = '25ms';

export class TargetSection {
  @ListKey('Providers to ask, by name; their order is their precedence.', text('Write a name.', 64), {
    required: true,
    hint: 'Write the names of one or more providers.',
  })
  providers: string[];

  @Key(`${COUNTRY_KEY} For calls to this target.`, country)
  country?: string;

  @Key(
    'Longest time for the whole decision. What is known by then is the answer.',
    duration({ min: '50ms', max: '4500ms', why: CORE_GIVES_UP, default: DEFAULT_DEADLINE }),
    { default: DEFAULT_DEADLINE },
  )
  deadline = DEFAULT_DEADLINE;

  @Key(
    'How long a provider may be busy before the next one is asked as well.',
    duration({ max: '4500ms', why: CORE_GIVES_UP, default: DEFAULT_STAGGER }),
    { default: DEFAULT_STAGGER },
  )
  stagger = DEFAULT_STAGGER;

  @SectionsKey('What a VIP gets; the first route that matches is used.', () => RouteSection, {
    required: true,
    hint: 'Write at least one route with instructions.',
  })
  routes: RouteSection[];
}

/** Name of the fallback target; never a targetid. */
export const DEFAULT_TARGET = 'default';

/** The target that decides calls with this targetid. If it is absent or unknown, the default target, if there is one. */
export function decidedBy(targetid: string | undefined, targets: ReadonlyMap<string, unknown>): string {
  return targetid !== undefined && targets.has(targetid) ? targetid : DEFAULT_TARGET;
}

export interface TargetsConfig {
  /** Name -> target, `default` among them when configured. */
  readonly targets: ReadonlyMap<string, TargetConfig>;
  /** How national numbers are read unless a target says otherwise. */
  readonly country: string | undefined;
}

export interface TargetConfig {
  readonly name: string;
  /** Names of providers, in order of precedence. */
  readonly providers: readonly string[];
  readonly country: string | undefined;
  readonly deadlineMs: number;
  readonly staggerMs: number;
  readonly routes: readonly RouteConfig[];
}

export interface RouteConfig {
  /** `undefined` = any tier. */
  readonly tiers: readonly string[] | undefined;
  /** extradata key -> the texts, one of which must be equal. */
  readonly when: ReadonlyMap<string, readonly string[]>;
  readonly instructions: Readonly<JsonObject>;
}

const MAX_NAME_LENGTH = 200;

/**
 * Checks `targets:`.
 * @param providers names of the entries under `providers:`, usable or not; `undefined` if they are not known
 */
export function checkTargets(
  targets: ConfigMap | undefined,
  providers: readonly string[] | undefined,
  report: Report,
): Map<string, TargetConfig> {
  const checked = new Map<string, TargetConfig>();
  for (const [name, node] of targets?.entries ?? []) {
    if (name.trim() !== name || name.length > MAX_NAME_LENGTH) {
      const message = `is not a name for a target. Write the targetid without blanks around it, at most ${MAX_NAME_LENGTH} characters.`;
      report.atKey(node, message);
    }
    if (node.kind === 'map') {
      const config = checkTarget(name, node, providers, report);
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
): TargetConfig | undefined {
  const section = readSection(TargetSection, node, report);
  checkNames(itemsAt(node, 'providers'), 'a configured provider', providers, report);
  const routeNodes = itemsAt(node, 'routes');
  const details = routeNodes.map((route) => (route.kind === 'map' ? checkRoute(route, report) : undefined));
  warnOfUnreachable(routeNodes, report);
  if (section === undefined || report.hasProblems) return undefined;
  return {
    name,
    providers: section.providers,
    country: section.country,
    deadlineMs: durationMs(section.deadline),
    staggerMs: durationMs(section.stagger),
    routes: section.routes.map(({ tier }, index) => ({
      tiers: typeof tier === 'string' ? [tier] : tier,
      ...details[index]!,
    })),
  };
}

function checkRoute(route: ConfigMap, report: Report): Pick<RouteConfig, 'when' | 'instructions'> {
  const when = new Map<string, readonly string[]>();
  for (const [key, node] of mapAt(route, 'when')?.entries ?? []) when.set(key, wantedTexts(node, report));
  const instructions = mapAt(route, 'instructions');
  return {
    when,
    instructions: instructions === undefined ? {} : checkInstructions(instructions, report),
  };
}

/** Extradata is compared as text, so the file must contain exactly the intended text. */
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

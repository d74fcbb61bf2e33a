import { plainToInstance } from 'class-transformer';
import { validateSync } from 'class-validator';
import { factsOf, propertiesOf, ruleOf, wantedType } from './class-metadata.js';
import type { OptionsClass, PropertyFacts } from './class-metadata.js';
import { pathOf, toPlain } from './config-node.js';
import type { ConfigMap, ConfigNode, ConfigScalar } from './config-node.js';
import { suggestion } from '../common/near-name.js';
import type { Report } from './report.js';
import { NOT_A_MAP, reportErrors } from './validation-messages.js';

/**
 * Checks a map of the file against a class with class-validator decorators and reports all problems, including
 * unknown keys.
 * @param others keys of the map that are checked elsewhere
 * @returns an instance with the class's defaults; valid only if nothing was reported
 */
export function readSection<T extends object>(
  type: new () => T,
  node: ConfigMap,
  report: Report,
  others: readonly string[] = [],
): T | undefined {
  const known = [...propertiesOf(type).keys()].filter((key) => !others.includes(key));
  refuseUnknown(node, [...others, ...known], report);
  const own = { ...node, entries: new Map([...node.entries].filter(([key]) => known.includes(key))) };
  try {
    const instance = plainToInstance(type, toPlain(own) as object);
    fitToClass(instance, own, report);
    // If a class has no decorators, class-validator refuses everything.
    if (known.length > 0) {
      const errors = validateSync(instance, { forbidUnknownValues: false });
      reportErrors(
        errors.filter(({ property }) => !others.includes(property)),
        own,
        report,
      );
    }
    return instance;
  } catch (error) {
    // Errors of decorators and constructors of a plug-in's options class; their messages may quote a secret.
    const name = (error as { name?: unknown } | null)?.name;
    report.at(
      node,
      `The options class ${type.name} failed to read this (${typeof name === 'string' ? name : 'unknown error'}).`,
    );
    return undefined;
  }
}

function refuseUnknown(node: ConfigMap, known: readonly string[], report: Report): void {
  for (const [key, child] of node.entries) {
    if (known.includes(key)) continue;
    if (/[$=]/.test(key)) {
      // A piece of a value, which may be a secret: { password: $scrypt$ln=17,r=8,p=1$… }.
      const message = 'has a piece of a value as a key: within { }, a text with a comma needs quotes.';
      report.add({ line: child.line, key: node.path, message });
      continue;
    }
    const colon = key.indexOf(':');
    if (colon > 0) {
      // What follows the colon may be a secret.
      const name = key.slice(0, colon);
      const message = `is not a key: a blank is missing after the colon. Write ${name}: and the value.`;
      report.add({ line: child.line, key: pathOf(node.path, name), message });
      continue;
    }
    report.atKey(child, `is not a known key.${suggestion(key, known)}`);
  }
}

/** What class-validator does not detect: empty values, maps instead of lists, unknown keys of nested classes, `${…}`. */
function fitToClass(instance: object, node: ConfigMap, report: Report): void {
  const facts = factsOf(instance);
  for (const [key, child] of node.entries) {
    const property = facts.get(key);
    if (property === undefined) continue;
    const values = instance as Record<string, unknown>;
    const otherShape = shapeProblem(property, child);
    if (otherShape !== undefined) {
      report.at(child, otherShape);
      // Otherwise class-validator would also report the content.
      values[key] = undefined;
      continue;
    }
    const fitted = fitValue(values[key], child, property, report);
    if (fitted !== values[key]) values[key] = fitted;
  }
}

function fitValue(value: unknown, node: ConfigNode, property: PropertyFacts, report: Report): unknown {
  if (node.kind === 'scalar') {
    if (node.value === null) report.at(node, EMPTY);
    return node.variable && value === node.value ? converted(node, property) : value;
  }
  if (node.kind === 'list') {
    return Array.isArray(value)
      ? value.map((item: unknown, index) => {
          const child = node.items[index];
          if (property.nested && child?.kind === 'list') report.at(child, NOT_A_MAP);
          return child === undefined ? item : fitValue(item, child, property, report);
        })
      : value;
  }
  if (typeof value === 'object' && value !== null && property.nested) {
    const known = [...factsOf(value).keys()];
    if (known.length > 0) refuseUnknown(node, known, report);
    fitToClass(value, node, report);
  }
  return value;
}

const EMPTY = 'is empty. Write a value, or remove the key.';

function shapeProblem(property: PropertyFacts, node: ConfigNode): string | undefined {
  const type = property.designType;
  if (!property.nested || typeof type !== 'function' || type === Object) return undefined;
  if ((type === Array ? 'list' : 'map') === node.kind) return undefined;
  if (node.kind === 'scalar' && node.value === null) return EMPTY;
  if (type !== Array) return notAMap(type as OptionsClass);
  const said = property.rules.map(({ name, meta }) => ruleOf(name, meta).check?.(toPlain(node), {}));
  return said.find((problem) => problem !== undefined) ?? 'is not a list.';
}

function notAMap(type: OptionsClass): string {
  const known = [...propertiesOf(type).keys()];
  return `${NOT_A_MAP}${known.length === 0 ? '' : ` Keys: ${known.join(', ')}.`}`;
}

function converted(node: ConfigScalar, property: PropertyFacts): unknown {
  const text = String(node.value).trim();
  const wanted = wantedType(property);
  if (wanted === 'number' && /^[+-]?\d+(\.\d+)?$/.test(text)) return Number(text);
  if (wanted === 'boolean' && /^(true|false)$/i.test(text)) return text.toLowerCase() === 'true';
  return node.value;
}

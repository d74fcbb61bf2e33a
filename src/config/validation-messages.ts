import type { ValidationError } from 'class-validator';
import { constraintOf, factsOf } from './class-metadata.js';
import { childOf } from './config-node.js';
import type { ConfigMap, ConfigNode } from './config-node.js';
import type { Report } from './report.js';

/** If a value breaks several rules, these are enough. */
const TYPE_RULES = ['isDefined', 'isString', 'isNumber', 'isInt', 'isBoolean', 'isArray', 'isObject'];
export const NOT_A_MAP = 'is not a map of keys.';

/** Assigns class-validator's errors to lines of the file and rewords their messages in our style. */
export function reportErrors(errors: readonly ValidationError[], node: ConfigMap, report: Report): void {
  const hide = redactor(node);
  const walk = (found: readonly ValidationError[], parent: ConfigNode) => {
    for (const error of found) {
      const child = childOf(parent, error.property);
      const itemsFailed = child?.kind === 'list' && reportItems(error, child.items, report, hide);
      const message = itemsFailed ? undefined : messageOf(error);
      if (message !== undefined) {
        if (child !== undefined) report.at(child, hide(message));
        else if (parent.kind === 'map') report.missing(parent, error.property, message);
      }
      if (child !== undefined) walk(error.children ?? [], child);
    }
  };
  walk(errors, node);
}

function messageOf({ constraints = {}, property, target }: ValidationError): string | undefined {
  const all = Object.keys(constraints);
  if (all.includes('nestedValidation')) return NOT_A_MAP;
  // If a value is not a list, rules for its items are of no use, unless they are the only ones.
  const rules = (target && factsOf(target).get(property)?.rules) ?? [];
  const ofItems = rules.filter(({ meta }) => meta.each).map(({ name }) => name);
  const ofWhole = all.filter((name) => !ofItems.includes(name));
  const broken = ofWhole.length > 0 ? ofWhole : all;
  const first = TYPE_RULES.find((rule) => broken.includes(rule));
  const chosen = first === undefined ? broken : [first];
  if (chosen.length === 0) return undefined;
  const messages = chosen.map((rule) => readable(constraints[rule]!, property));
  const last = messages.pop()!;
  return [...messages.map((message) => message.replace(/\.$/, '')), last].join('; ');
}

/** `each value in ports must be a number` becomes `must be a number`. */
function readable(message: string, property: string): string {
  const predicate = message.replace(/^each value in /, '');
  return predicate.startsWith(`${property} `) ? predicate.slice(property.length + 1) : predicate;
}

/** A rule for each item reports only that one of them breaks it, so this finds out which. */
function reportItems(
  error: ValidationError,
  items: readonly ConfigNode[],
  report: Report,
  hide: (message: string) => string,
): boolean {
  const values: unknown = error.value;
  if (!Array.isArray(values) || error.target === undefined) return false;
  let reported = false;
  for (const { name, meta } of factsOf(error.target).get(error.property)?.rules ?? []) {
    const constraint = constraintOf(meta)?.instance;
    if (!meta.each || constraint === undefined || error.constraints?.[name] === undefined) continue;
    values.forEach((value: unknown, index) => {
      const { target, property } = error;
      const args = { value, property, object: target!, targetName: '', constraints: meta.constraints };
      const node = items[index];
      if (node === undefined || constraint.validate(value, args) !== false) return;
      const own = meta.message === undefined ? constraint.defaultMessage?.(args) : undefined;
      // Default messages contain $tokens that only the validator replaces.
      const message =
        own === undefined || /\$(property|value|target|constraint)/.test(own)
          ? readable(error.constraints![name]!, property)
          : own;
      report.at(node, hide(message));
      reported = true;
    });
  }
  return reported;
}

const SHORTEST_HIDDEN = 4;

/** A plug-in's message may quote the value; removes possible secrets and texts that `${…}` inserted. */
function redactor(root: ConfigNode): (message: string) => string {
  const hidden = new Map<string, string>();
  const collect = (node: ConfigNode): void => {
    if (node.kind === 'list') node.items.forEach(collect);
    else if (node.kind === 'map') node.entries.forEach(collect);
    else {
      const value = String(node.value);
      const filledIn = value !== node.written;
      if (value.length >= SHORTEST_HIDDEN && (node.secret || filledIn)) {
        hidden.set(value, node.secret ? '…' : node.written);
      }
    }
  };
  collect(root);
  const longestFirst = [...hidden].sort(([a], [b]) => b.length - a.length);
  return (message) => {
    let shown = message;
    for (const [value, written] of longestFirst) shown = shown.replace(asWord(value), () => written);
    return shown;
  };
}

/** Matches the value, but not inside another word, so that `bear` does not make `bearer` unreadable. */
function asWord(value: string): RegExp {
  const literal = value.replace(/[^\w\s]/g, '\\$&');
  return new RegExp(
    `${/^\w/.test(value) ? '(?<!\\w)' : ''}${literal}${/\w$/.test(value) ? '(?!\\w)' : ''}`,
    'g',
  );
}

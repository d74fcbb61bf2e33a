import { Type } from 'class-transformer';
import { IsOptional, registerDecorator, ValidateNested } from 'class-validator';
import type { ValidationArguments } from 'class-validator';
import { JSONSchema } from 'class-validator-jsonschema';
import type { JsonSchema, Rule } from './rule.js';

export interface KeyOptions {
  /** Not required unless said. */
  readonly required?: true;
  /** For the published schema; the value itself comes from the class. */
  readonly default?: unknown;
}

export interface ListOptions extends KeyOptions {
  readonly mayBeEmpty?: true;
  /** What to write, a sentence. */
  readonly hint?: string;
}

/** Constraint names of our rules; `json-schema.ts` takes the rule's own schema for them. */
export const RULE = 'configRule';
export const LIST = 'configList';

/** A key of the configuration: what it is for, and what it may hold. */
export function Key(description: string, rule: Rule, options: KeyOptions = {}): PropertyDecorator {
  return all(described(description, options), follows(RULE, rule, false));
}

/** A list of which every item follows the rule. */
export function ListKey(description: string, rule: Rule, options: ListOptions = {}): PropertyDecorator {
  return all(
    described(description, options),
    follows(LIST, listRule(options), false),
    follows(RULE, rule, true),
  );
}

/** A map with keys of its own. */
export function SectionKey(
  description: string,
  section: () => new () => object,
  options: KeyOptions = {},
): PropertyDecorator {
  return all(described(description, options), ValidateNested(), Type(section));
}

/** A list of maps with keys of their own. */
export function SectionsKey(
  description: string,
  section: () => new () => object,
  options: ListOptions = {},
): PropertyDecorator {
  return all(
    described(description, options),
    follows(LIST, listRule(options), false),
    ValidateNested({ each: true }),
    Type(section),
  );
}

function listRule(options: ListOptions): Rule {
  const hint = options.hint ?? 'Write [one, another], or one per line after a hyphen.';
  return {
    hint,
    problem: (value) => {
      if (!Array.isArray(value)) return `is not a list. ${hint}`;
      if (value.length > 0 || options.mayBeEmpty) return undefined;
      return options.required ? `is empty. ${hint}` : 'is empty. Write at least one, or remove the key.';
    },
    schema: { type: 'array', ...(!options.mayBeEmpty && { minItems: 1 }) },
  };
}

function follows(name: string, rule: Rule, each: boolean): PropertyDecorator {
  return (target, property) =>
    registerDecorator({
      name,
      target: target.constructor,
      propertyName: property as string,
      constraints: [rule],
      options: { each },
      validator: {
        validate: (value: unknown) => rule.problem(value) === undefined,
        defaultMessage: (args?: ValidationArguments) =>
          args?.value === undefined ? `is missing. ${rule.hint}` : (rule.problem(args.value) ?? ''),
      },
    });
}

function described(description: string, options: KeyOptions): PropertyDecorator {
  const schema: JsonSchema = {
    description,
    ...(options.default !== undefined && { default: options.default }),
  };
  const describe = JSONSchema(schema) as PropertyDecorator;
  return options.required ? describe : all(describe, IsOptional());
}

function all(...decorators: readonly PropertyDecorator[]): PropertyDecorator {
  return (target, property) => {
    for (const decorate of decorators) decorate(target, property);
  };
}

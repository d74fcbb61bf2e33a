import { applyDecorators } from '@nestjs/common';
import { Type } from 'class-transformer';
import { IsOptional, ValidateNested } from 'class-validator';
import { Rule } from '../common/rule.js';
import type { JsonSchema } from '../common/rule.js';

export interface KeyRule {
  /** What is wrong with a value, as in `Check`; an absent value is treated like one of a wrong type. */
  readonly problem: (value: unknown) => string | undefined;
  readonly schema: JsonSchema;
}

export interface KeyOptions {
  /** Not required by default. */
  readonly required?: true;
  /** For the published schema; the actual default comes from the class. */
  readonly default?: unknown;
}

export interface ListOptions extends KeyOptions {
  readonly mayBeEmpty?: true;
  /** What to write, as a sentence. */
  readonly hint?: string;
}

/** A key of the configuration: what it is for, and what it may hold. */
export function Key(description: string, rule: KeyRule, options: KeyOptions = {}): PropertyDecorator {
  const schema = { ...rule.schema, description, default: options.default };
  return applyDecorators(...(options.required ? [] : [IsOptional()]), Rule(rule.problem, schema));
}

/** A list whose items all follow the rule. */
export function ListKey(description: string, rule: KeyRule, options: ListOptions = {}): PropertyDecorator {
  return applyDecorators(
    Key(description, listRule(options), options),
    Rule(rule.problem, rule.schema, { each: true }),
  );
}

/** A map with keys of its own. */
export function SectionKey(description: string, section: () => new () => object): PropertyDecorator {
  const anything: KeyRule = { problem: () => undefined, schema: {} };
  return applyDecorators(Key(description, anything), ValidateNested(), Type(section));
}

/** A list of maps with keys of their own. */
export function SectionsKey(
  description: string,
  section: () => new () => object,
  options: ListOptions = {},
): PropertyDecorator {
  return applyDecorators(
    Key(description, listRule(options), options),
    ValidateNested({ each: true }),
    Type(section),
  );
}

function listRule(options: ListOptions): KeyRule {
  const hint = options.hint ?? 'Write [one, another], or one per line after a hyphen.';
  return {
    problem: (value) => {
      if (!Array.isArray(value)) return `is not a list. ${hint}`;
      if (value.length > 0 || options.mayBeEmpty) return undefined;
      return options.required ? `is empty. ${hint}` : 'is empty. Write at least one, or remove the key.';
    },
    schema: { type: 'array', ...(!options.mayBeEmpty && { minItems: 1 }) },
  };
}

import 'reflect-metadata';
import { getMetadataStorage, ValidationTypes } from 'class-validator';
import type { MetadataStorage, ValidatorConstraintInterface } from 'class-validator';
import { RULE } from '../common/rule.js';
import type { Check, JsonSchema } from '../common/rule.js';

/** One decorator of a property; class-validator does not export the type. */
export type ValidationMetadata = ReturnType<MetadataStorage['getTargetValidationMetadatas']>[number];

export type OptionsClass = new () => object;

/** What the decorators of a class and its ancestors say about one property. */
export interface PropertyFacts {
  readonly rules: readonly { readonly name: string; readonly meta: ValidationMetadata }[];
  readonly nested: boolean;
  /** TypeScript's type, if the compiler emitted it. */
  readonly designType: unknown;
}

const known = new WeakMap<object, Map<string, PropertyFacts>>();

/** The properties that an options class declares, then those of its ancestors, in the order of declaration. */
export function propertiesOf(type: object): ReadonlyMap<string, PropertyFacts> {
  let facts = known.get(type);
  if (facts === undefined) known.set(type, (facts = readProperties(type)));
  return facts;
}

function readProperties(type: object): Map<string, PropertyFacts> {
  if (typeof type !== 'function') return new Map();
  const storage = getMetadataStorage();
  const decorators = storage.getTargetValidationMetadatas(type, '', true, false);
  const byProperty = Object.entries(storage.groupByPropertyName(decorators));
  return new Map(
    byProperty.map(([property, metas]) => [
      property,
      {
        rules: metas.map((meta) => ({ name: constraintOf(meta)?.name ?? meta.type, meta })),
        nested: metas.some(({ type }) => type === ValidationTypes.NESTED_VALIDATION),
        designType: Reflect.getMetadata('design:type', type.prototype as object, property) as unknown,
      },
    ]),
  );
}

/** The validator of a rule, and the name under which its error is reported. */
export function constraintOf(
  meta: ValidationMetadata,
): { readonly name: string; readonly instance: ValidatorConstraintInterface } | undefined {
  if ((meta.constraintCls as unknown) === undefined) return undefined;
  return getMetadataStorage().getTargetValidatorConstraints(meta.constraintCls)[0];
}

/** The facts about the class of an instance; none for plain objects. */
export function factsOf(instance: object): ReadonlyMap<string, PropertyFacts> {
  return propertiesOf(instance.constructor);
}

/** The arguments of `Rule`; nothing for another decorator. */
export function ruleOf(name: string, meta: ValidationMetadata): { check?: Check; schema?: JsonSchema } {
  if (!name.startsWith(RULE)) return {};
  const [check, schema] = meta.constraints as [Check, JsonSchema | (() => JsonSchema) | undefined];
  return { check, ...(schema && { schema: typeof schema === 'function' ? schema() : schema }) };
}

const NUMBER_RULES = ['isNumber', 'isInt', 'isPositive', 'isNegative', 'isDivisibleBy', 'min', 'max'];

/** The type that a `${…}` becomes for this property; text unless its type or a validator says otherwise. */
export function wantedType(facts: PropertyFacts): 'number' | 'boolean' | 'string' {
  const has = (names: readonly string[]) => facts.rules.some(({ name }) => names.includes(name));
  // The compiler emits no type for `port = 3000`; our own rules have one.
  const ruled = facts.rules.map(({ name, meta }) => ruleOf(name, meta).schema?.type);
  if (facts.designType === Number || has(NUMBER_RULES) || ruled.includes('integer')) return 'number';
  if (facts.designType === Boolean || has(['isBoolean'])) return 'boolean';
  return 'string';
}

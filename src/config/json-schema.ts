// class-validator-jsonschema asks for this file by name; class-transformer does not export its storage.
import { defaultMetadataStorage } from 'class-transformer/cjs/storage.js';
import { validateSync, ValidationTypes } from 'class-validator';
import { targetConstructorToSchema } from 'class-validator-jsonschema';
import type { JsonSchema } from '../common/rule.js';
import { propertiesOf, ruleOf } from './class-metadata.js';
import type { OptionsClass, ValidationMetadata } from './class-metadata.js';

/** Definitions that the schemas of sections refer to. */
export const DEFINITIONS = {
  interpolated: {
    type: 'string',
    pattern: '\\$\\{',
    description: 'Taken from ${NAME}, ${NAME:-default} or ${file:path}.',
  },
  scalar: { type: ['string', 'number', 'boolean'] },
};
const INTERPOLATED = { $ref: '#/definitions/interpolated' };

/** The schema of one class, its nested classes written out in place. */
export function schemaOf(type: new () => object): JsonSchema {
  if (propertiesOf(type).size === 0) return { type: 'object', properties: {}, additionalProperties: false };
  const schema = targetConstructorToSchema(type, {
    classTransformerMetadataStorage: defaultMetadataStorage,
    additionalConverters: {
      [ValidationTypes.NESTED_VALIDATION]: (meta) => nestedSchema(meta),
      // The library would write a reference to a definition that does not exist.
      [ValidationTypes.CUSTOM_VALIDATION]: (meta) =>
        ruleOf(meta.type, meta).schema ?? simpleType(designType(meta)),
    },
  });
  // The class itself knows: a rule without `@IsOptional` may still accept a missing value.
  const required = validateSync(new type()).map(({ property }) => property);
  return {
    type: 'object',
    properties: mapValues(schema.properties ?? {}, orInterpolated),
    ...(required.length > 0 && { required }),
    additionalProperties: false,
  };
}

function nestedSchema(meta: ValidationMetadata): JsonSchema {
  const declared = defaultMetadataStorage.findTypeMetadata(
    meta.target as () => unknown,
    meta.propertyName,
  ) as { typeFunction?: () => unknown } | undefined;
  const type = declared?.typeFunction?.() ?? designType(meta);
  return typeof type === 'function' && type !== Object && type !== Array
    ? schemaOf(type as new () => object)
    : {};
}

function designType({ target, propertyName }: ValidationMetadata): unknown {
  return propertiesOf(target as OptionsClass).get(propertyName)?.designType;
}

function simpleType(type: unknown): JsonSchema {
  if (type === String) return { type: 'string' };
  if (type === Number) return { type: 'number' };
  return type === Boolean ? { type: 'boolean' } : {};
}

/** If the value is not just any text, `${NAME}` must be allowed, too. */
function orInterpolated(schema: JsonSchema): JsonSchema {
  if (schema.type === 'array') {
    return { ...schema, ...(isSchema(schema.items) && { items: orInterpolated(schema.items) }) };
  }
  if (schema.type === 'object') {
    // Nested classes have already been converted.
    if (schema.additionalProperties === false || schema.properties === undefined) return schema;
    return { ...schema, properties: mapValues(schema.properties, orInterpolated) };
  }
  const about = Object.entries(schema).filter(([keyword]) => ANNOTATIONS.includes(keyword));
  const rule = Object.entries(schema).filter(([keyword]) => !ANNOTATIONS.includes(keyword));
  const isAnyText =
    [schema.type].flat().includes('string') &&
    rule.every(([keyword]) => ['type', 'minLength', 'items', 'minItems'].includes(keyword));
  if (isAnyText || rule.length === 0) return schema;
  return { ...Object.fromEntries(about), anyOf: [Object.fromEntries(rule), INTERPOLATED] };
}

const ANNOTATIONS = ['description', 'default', 'examples'];
export type Schemas = Record<string, JsonSchema>;

function isSchema(value: unknown): value is JsonSchema {
  return typeof value === 'object' && value !== null && Object.keys(value).length > 0;
}

function mapValues(schemas: object, change: (schema: JsonSchema) => JsonSchema): Schemas {
  return Object.fromEntries(Object.entries(schemas as Schemas).map(([key, schema]) => [key, change(schema)]));
}

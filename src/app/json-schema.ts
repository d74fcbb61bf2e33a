import { DEFINITIONS, schemaOf } from '../config/json-schema.js';
import type { Schemas } from '../config/json-schema.js';
import type { JsonSchema } from '../common/rule.js';
import { ProviderSection } from '../lookup/providers.config.js';
import type { Kinds } from '../lookup/providers.config.js';
import { TargetSection } from '../routing/targets.config.js';
import { RootSection } from './app.config.js';

/**
 * The JSON Schema (draft-07) of the configuration file, for editors: made from the classes that check it.
 * @param kinds the built-in kinds of provider; options of any other kind are accepted as they are
 */
export function configJsonSchema(kinds: Kinds): Record<string, unknown> {
  const root = schemaOf(RootSection);
  const { providers, targets } = root.properties as Schemas;
  return {
    $schema: 'http://json-schema.org/draft-07/schema#',
    title: 'Configuration of smartrouting-vip',
    ...root,
    properties: {
      ...root.properties,
      providers: { ...providers, additionalProperties: providerSchema(kinds) },
      targets: { ...targets, additionalProperties: schemaOf(TargetSection) },
    },
    definitions: DEFINITIONS,
  };
}

function providerSchema(kinds: Kinds): JsonSchema {
  const names = [...kinds.keys()];
  const common = schemaOf(ProviderSection);
  const kind = { ...common.properties!['kind'], anyOf: [{ enum: names }, { type: 'string' }] };
  const commonKeys = Object.keys(common.properties!);
  const forKinds = [...kinds].map(([name, { options, completedBy }]) => {
    const own = schemaOf(options);
    const ofCommon = Object.fromEntries(commonKeys.map((key) => [key, true]));
    const required = own.required?.filter((key) => !commonKeys.includes(key)) ?? [];
    const whole = {
      properties: { ...own.properties, ...ofCommon },
      ...(required.length > 0 && { required }),
      additionalProperties: false,
    };
    const then =
      completedBy === undefined
        ? whole
        : { if: { required: [completedBy] }, then: withoutRequired(whole), else: whole };
    return { if: { properties: { kind: { const: name } }, required: ['kind'] }, then };
  });
  return {
    type: 'object',
    required: common.required ?? [],
    properties: { ...common.properties, kind },
    allOf: forKinds,
  } as JsonSchema;
}

/** The same schema for a map that is completed before it is checked. */
function withoutRequired(schema: unknown): unknown {
  if (Array.isArray(schema)) return schema.map(withoutRequired);
  if (typeof schema !== 'object' || schema === null) return schema;
  const kept = Object.entries(schema).filter(([key, value]) => key !== 'required' || !Array.isArray(value));
  return Object.fromEntries(kept.map(([key, value]) => [key, withoutRequired(value)]));
}

import { describe, expect, it } from '@jest/globals';
import { Ajv } from 'ajv';
import { Type } from 'class-transformer';
import { IsInt, IsOptional, IsString, Matches, ValidateNested } from 'class-validator';
import { JSONSchema } from 'class-validator-jsonschema';
import { readFileSync } from 'node:fs';
import { parse } from 'yaml';
import { IsDuration } from '../common/duration.js';
import { configJsonSchema } from './json-schema.js';

class Nested {
  @IsOptional()
  @IsInt()
  depth?: number;
}
class ListOptions {
  @IsString()
  @Matches(/\.csv$/)
  @JSONSchema({ description: 'The list.' })
  file: string;

  @IsOptional()
  @IsDuration()
  poll?: string;

  @IsOptional()
  @ValidateNested()
  @Type(() => Nested)
  nested?: Nested;

  @IsOptional()
  @ValidateNested({ each: true })
  @Type(() => Nested)
  many?: Nested[];
}
class NoOptions {}

const schema = configJsonSchema(
  new Map<string, { options: new () => object }>([
    ['list', { options: ListOptions }],
    ['database', { options: NoOptions }],
  ]),
);
const validate = new Ajv({
  strict: true,
  strictTypes: false,
  strictRequired: false,
  allErrors: true,
}).compile(schema);

const REST = `
credentials: [{ id: core, apiKey: k }]
targets: { T: { providers: [x], routes: [{ instructions: { Priority: 1 } }] } }
providers: { x: { kind: database } }`;

/** Places at which the schema refuses a file in which sections of the small one are replaced. */
function refusals(section: string): string[] {
  const file = { ...(parse(REST) as object), ...(parse(section) as object) };
  return validate(file)
    ? []
    : validate.errors!.map(
        ({ instancePath, keyword, params }) =>
          `${instancePath} ${keyword}${keyword === 'additionalProperties' ? ` ${params['additionalProperty']}` : ''}`,
      );
}

describe('the JSON Schema', () => {
  it.each(['complete.yaml'])('accepts test/fixtures/config/%s', (name) => {
    const file = parse(readFileSync(`test/fixtures/config/${name}`, 'utf8'), { merge: true }) as {
      providers: { list: object; archive: object };
    };
    for (const provider of [file.providers.list, file.providers.archive])
      Object.assign(provider, { file: './vips.csv' });
    expect({ valid: validate(file), errors: validate.errors }).toEqual({ valid: true, errors: null });
  });

  it.each([
    'server: { port: "${PORT}", path: "${PATH:-/x}" }',
    'providers: { x: { kind: list, file: "${LIST}", timeout: "${T}", nested: { depth: "${D}" } } }',
    'providers: { x: { kind: acme, whatever: { deep: [1] } } }',
    'targets: { T: { providers: [x], deadline: "${D}", routes: [{ tier: "${TIER}", instructions: { ExtraPriority: "${E}" } }] } }',
    'logging: { level: "${LEVEL:-info}" }',
  ])('accepts %s', (section) => {
    expect(refusals(section)).toEqual([]);
  });

  it.each<[string, string]>([
    ['managment: {}', ' additionalProperties managment'],
    ['management: {}', '/management required'],
    ['server: { prot: 1 }', '/server additionalProperties prot'],
    ['server: { port: high }', '/server/port type'],
    ['country: fi', '/country pattern'],
    ['credentials: [{ apiKey: k }]', '/credentials/0 required'],
    ['credentials: []', '/credentials minItems'],
    ['providers: { x: { file: a.csv } }', '/providers/x required'],
    ['providers: { x: { kind: list } }', '/providers/x required'],
    ['providers: { x: { kind: list, file: a.txt } }', '/providers/x/file pattern'],
    ['providers: { x: { kind: list, file: a.csv, poll: fast } }', '/providers/x/poll pattern'],
    [
      'providers: { x: { kind: list, file: a.csv, nested: { deep: 1 } } }',
      '/providers/x/nested additionalProperties deep',
    ],
    ['providers: { x: { kind: list, file: a.csv, many: [{ depth: x }] } }', '/providers/x/many/0/depth type'],
    ['providers: { x: { kind: database, file: a.csv } }', '/providers/x additionalProperties file'],
    ['providers: { x: { kind: acme, timeout: soon } }', '/providers/x/timeout pattern'],
    [
      'providers: { x: { kind: acme, cache: { ttl: 1m, size: 3 } } }',
      '/providers/x/cache additionalProperties size',
    ],
    ['targets: { T: { routes: [{ instructions: { Priority: 1 } }] } }', '/targets/T required'],
    ['targets: { T: { providers: [x], routes: [{ tier: gold }] } }', '/targets/T/routes/0 required'],
    [
      'targets: { T: { providers: [x], routes: [{ instructions: { InitialTarget: 1 } }] } }',
      '/targets/T/routes/0/instructions/InitialTarget type',
    ],
    [
      'targets: { T: { providers: [x], routes: [{ when: { A: { b: 1 } }, instructions: { A: 1 } }] } }',
      '/targets/T/routes/0/when/A type',
    ],
    ['logging: { level: loud }', '/logging/level enum'],
  ])('refuses %s', (section, place) => {
    expect(refusals(section)).toContain(place);
  });

  it('describes every key of the product, and so does docs/configuration.md, with the same default', () => {
    const docs = readFileSync('docs/configuration.md', 'utf8');
    const undescribed: string[] = [];
    const visit = (node: unknown, path: string): void => {
      const { properties = {}, items, additionalProperties } = node as Record<string, object>;
      for (const [key, child] of Object.entries(properties)) {
        if (!('description' in (child as object))) undescribed.push(`${path}.${key}`);
        if (!new RegExp(`\`(\\w+\\.)?${key}\``).test(docs)) undescribed.push(`${path}.${key} in docs`);
        const { default: standard } = child as { default?: string | number };
        const row = new RegExp(`^\\| \`(\\w+\\.)?${key}\` *\\|[^|]*\\| \`${standard}\``, 'm');
        const isTold = !['string', 'number'].includes(typeof standard) || row.test(docs);
        if (!isTold) undescribed.push(`${path}.${key}: ${standard} in docs`);
        visit(child, `${path}.${key}`);
      }
      if (items) visit(items, `${path}[]`);
      if (additionalProperties) visit(additionalProperties, `${path}.*`);
    };
    visit(schema, '');
    expect(undescribed).toEqual([]);
    expect(JSON.stringify(schema)).toContain('"description":"The list."');
  });
});

import { isPlainObject, readYaml, suggestion } from '../../plugin-api/index.js';
import type { Json, JsonObject } from '../../plugin-api/index.js';
import { withTexts } from './crm-http.body.js';
import { compilePattern } from './libraries.js';

/** A ready-made set of options: only data, no code. */
export interface Preset {
  readonly title: string;
  /** Name -> what differs from customer to customer. */
  readonly parameters: ReadonlyMap<string, PresetParameter>;
  /** As in the configuration file; `<<name>>` in a text is replaced by a parameter. */
  readonly options: JsonObject;
}

export interface PresetParameter {
  /** What to write there, for messages. */
  readonly about: string;
  /** Without a default, the parameter is required. */
  readonly default: string | undefined;
  /** RE2 syntax; the whole value must match, so that it is harmless wherever the options use it. */
  readonly pattern: string;
}

/** Keys that only the user of a preset may write. */
const USERS_KEYS = ['kind', 'preset', 'parameters'];
const FORBIDDEN_KEYS = ['__proto__', 'constructor', 'prototype'];
const PARAMETER_NAME = /^[A-Za-z][A-Za-z0-9_]{0,39}$/;
const PLACEHOLDER = /<<([^<>]{0,80})>>/g;
const MAX_VALUE_CHARACTERS = 500;

export function fitsPattern(value: string, { pattern }: Pick<PresetParameter, 'pattern'>): boolean {
  return value.length <= MAX_VALUE_CHARACTERS && compilePattern(pattern).matches(value);
}

/** The value with every `<<name>>` in its texts replaced; names without a value stay. */
export function fillIn(value: Json, parameters: ReadonlyMap<string, string>): Json {
  return withTexts(value, (text) =>
    text.replace(PLACEHOLDER, (all, name: string) => parameters.get(name.trim()) ?? all),
  );
}

/** Reads a preset file; reports all problems, each with its key. */
export function readPreset(text: string): { readonly preset: Preset } | { readonly problems: string[] } {
  const yaml = readYaml(text);
  if ('problem' in yaml) return { problems: [yaml.problem.replace(/\.$/, '')] };
  if (!isPlainObject(yaml.value)) {
    return { problems: ['it is not a map of keys: write title:, parameters: and options:'] };
  }
  const reader = new PresetReader(yaml.value as JsonObject);
  const preset = reader.read();
  return reader.problems.length === 0 ? { preset } : { problems: reader.problems };
}

class PresetReader {
  readonly problems: string[] = [];
  readonly #used = new Set<string>();

  constructor(private readonly raw: JsonObject) {}

  read(): Preset {
    this.#refuseUnknown(this.raw, '', ['title', 'docs', 'parameters', 'options']);
    const title = this.#text(this.raw['title'], 'title', 'write the name of the CRM');
    if (this.raw['docs'] !== undefined) this.#text(this.raw['docs'], 'docs', 'write the path of a page');
    const parameters = this.#parameters(this.raw['parameters']);
    const options = this.#map(
      this.raw['options'],
      'options',
      'is missing or not a map; write options of crm-http',
    );
    for (const key of USERS_KEYS.filter((key) => key in options)) {
      this.#problem(`options.${key}`, 'is written in the configuration, not in a preset');
    }
    this.#placeholders(options, 'options', parameters);
    for (const name of parameters.keys()) {
      if (!this.#used.has(name))
        this.#problem(`parameters.${name}`, `is used nowhere; write <<${name}>> in options`);
    }
    return { title, parameters, options };
  }

  #problem(key: string, message: string): void {
    this.problems.push(`${key} ${message}`);
  }

  #refuseUnknown(map: object, path: string, known: readonly string[]): void {
    for (const key of Object.keys(map).filter((key) => !known.includes(key))) {
      const hint = suggestion(key, known).replace(/\.$/, '');
      this.#problem(`${path}${shown(key)}`, `is not a key of a preset file.${hint}`);
    }
  }

  #text(value: Json | undefined, key: string, cure: string): string {
    if (typeof value === 'string' && value.trim() !== '') return value;
    this.#problem(key, `is missing or not text; ${cure}`);
    return '';
  }

  #map(value: Json | undefined, key: string, rule: string): JsonObject {
    if (isPlainObject(value)) return value;
    this.#problem(key, rule);
    return {};
  }

  #parameters(raw: Json | undefined): Map<string, PresetParameter> {
    const parameters = new Map<string, PresetParameter>();
    const rule = 'is not a map; write names, and about: and pattern: below each';
    for (const [name, parameter] of Object.entries(this.#map(raw ?? {}, 'parameters', rule))) {
      const key = `parameters.${shown(name)}`;
      if (!PARAMETER_NAME.test(name)) {
        this.#problem(key, 'is not a name; use letters, digits and _, a letter first, at most 40');
      } else if (!isPlainObject(parameter)) {
        this.#problem(key, 'is not a map; write about:, pattern: and perhaps default:');
      } else parameters.set(name, this.#parameter(parameter, key));
    }
    return parameters;
  }

  #parameter(raw: JsonObject, key: string): PresetParameter {
    this.#refuseUnknown(raw, `${key}.`, ['about', 'default', 'pattern']);
    const about = this.#text(raw['about'], `${key}.about`, 'say what to write there');
    const pattern = this.#text(
      raw['pattern'],
      `${key}.pattern`,
      'write a regular expression that lets harmless values pass only, for example [a-z][a-z0-9_]*',
    );
    const written = raw['default'];
    const standard = typeof written === 'number' ? String(written) : written;
    if (standard !== undefined && typeof standard !== 'string') {
      this.#problem(`${key}.default`, 'is not text');
      return { about, pattern, default: undefined };
    }
    try {
      if (standard === undefined) compilePattern(pattern);
      else if (!fitsPattern(standard, { pattern }))
        this.#problem(`${key}.default`, 'does not match the pattern');
    } catch {
      this.#problem(`${key}.pattern`, 'is not a regular expression in RE2 syntax');
    }
    return { about, pattern, default: standard };
  }

  #placeholders(value: Json, path: string, known: ReadonlyMap<string, PresetParameter>): void {
    if (typeof value === 'string') {
      for (const [, name = ''] of value.matchAll(PLACEHOLDER)) {
        this.#used.add(name.trim());
        if (!known.has(name.trim())) {
          this.#problem(path, `names <<${shown(name)}>>, which is not among the parameters`);
        }
      }
    } else if (typeof value === 'object' && value !== null) {
      for (const [key, inner] of Object.entries(value)) {
        const at = Array.isArray(value) ? `${path}[${key}]` : `${path}.${shown(key)}`;
        if (FORBIDDEN_KEYS.includes(key)) this.#problem(at, 'cannot be used as a key');
        this.#placeholders(inner, at, known);
      }
    }
  }
}

function shown(key: string): string {
  return key.length > 40 ? `${key.slice(0, 40)}…` : key;
}

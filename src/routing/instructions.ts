import { Liquid } from 'liquidjs';
import { coreInstructionType } from './core-instructions.js';
import { isPlainObject } from '../common/json.js';
import type { Json, JsonObject } from '../common/json.js';

/** The variables of instruction templates. */
export interface InstructionScope {
  readonly name?: string;
  readonly tier: string;
  readonly attributes: Readonly<JsonObject>;
  readonly call: {
    readonly anum: string;
    readonly bnum: string;
    readonly targetid: string;
    readonly extradata: Readonly<JsonObject>;
  };
}

/** Instructions as sent to Core, and the names of those that were left out because they could not be rendered. */
export interface RenderedInstructions {
  readonly values: Readonly<JsonObject>;
  readonly dropped: readonly string[];
  /** `values` as JSON, if it could be prepared in advance. */
  readonly json?: string;
}

const MAX_TEMPLATE_CHARACTERS = 10_000;
/** Routing instructions need no loops or file access, and with loops, list data could delay a caller. */
const ALLOWED_TAGS = new Set(['if', 'unless', 'case', 'assign', 'capture', 'comment', 'raw', 'echo', '#']);

const engine = new Liquid({
  strictFilters: true,
  ownPropertyOnly: true,
  templates: {},
  outputEscape: asText,
  parseLimit: MAX_TEMPLATE_CHARACTERS,
  renderLimit: 50,
  memoryLimit: 100_000,
});
for (const tag of Object.keys(engine.tags)) if (!ALLOWED_TAGS.has(tag)) delete engine.tags[tag];

/** "[object Object]" is useless as a greeting or a target. */
function asText(value: unknown): string {
  if (Array.isArray(value)) return value.map(asText).join('');
  if (isPlainObject(value)) throw new TypeError('a map is not text');
  return typeof value === 'string' ? value : value == null ? '' : JSON.stringify(value);
}

const isTemplate = (text: string): boolean => text.includes('{{') || text.includes('{%');

/** What is wrong with an instruction text as a template; `undefined` if nothing is. */
export function templateProblem(text: string): string | undefined {
  if (!isTemplate(text)) return undefined;
  try {
    engine.parse(text);
    return undefined;
  } catch (error) {
    return `is not a usable template: ${(error as Error).message.split('\n', 1)[0]}. Write for example {{ name }} or {{ attributes.company | default: "you" }}.`;
  }
}

type Renderer = (scope: InstructionScope) => Json | undefined;

/** Instructions whose texts are compiled once; `{{ name }}` and other variables are filled in for each call. */
export class CompiledInstructions {
  readonly #properties: readonly (readonly [name: string, render: Renderer | undefined])[];
  /** The result for every call, if no text is a template. */
  readonly constant: RenderedInstructions | undefined;

  /** If a text is not a usable template, its property is always dropped. */
  constructor(instructions: Readonly<JsonObject>) {
    this.#properties = Object.entries(instructions).map(([name, value]) => {
      try {
        return [name, compile(value)] as const;
      } catch {
        return [name, undefined] as const; // reported as dropped with each call that would have used it
      }
    });
    if (!isTemplate(JSON.stringify(instructions))) {
      const rendered = this.render(NO_SCOPE);
      this.constant = Object.freeze({ ...rendered, json: JSON.stringify(rendered.values) });
    }
  }

  /**
   * @param base instructions that these override: a `null` here removes a property; a text that renders empty keeps
   *   the base's
   */
  render(scope: InstructionScope, base?: RenderedInstructions): RenderedInstructions {
    const values: JsonObject = Object.assign(Object.create(null) as JsonObject, base?.values);
    const dropped = [...(base?.dropped ?? [])];
    for (const [name, render] of this.#properties) {
      const value = attempt(render, scope);
      if (value === null) delete values[name];
      else if (value === FAILED || !hasKnownType(name, value)) dropped.push(name);
      else if (value !== undefined) values[name] = value;
    }
    return { values, dropped };
  }
}

const NO_SCOPE: InstructionScope = {
  tier: '',
  attributes: {},
  call: { anum: '', bnum: '', targetid: '', extradata: {} },
};
const FAILED = Symbol('failed');

/** Twice, because the limit is a time: if the process is suspended for a moment, any template reaches it. */
function attempt(
  render: Renderer | undefined,
  scope: InstructionScope,
  tries = 2,
): Json | undefined | typeof FAILED {
  if (render === undefined || tries === 0) return FAILED;
  try {
    return render(scope);
  } catch {
    return attempt(render, scope, tries - 1); // what fails twice is reported as dropped
  }
}

function hasKnownType(name: string, value: Json | undefined): boolean {
  const type = coreInstructionType(name);
  return type === undefined || value === undefined || typeof value === type;
}

function compile(value: Json): Renderer {
  if (typeof value === 'string' && isTemplate(value)) {
    const template = engine.parse(value);
    return (scope) => emptyToAbsent(String(engine.renderSync(template, scope)));
  }
  if (Array.isArray(value)) {
    const items = value.map(compile);
    return (scope) => {
      const rendered = items.map((render) => render(scope)).filter((item) => item != null);
      return rendered.length > 0 || items.length === 0 ? rendered : undefined;
    };
  }
  if (isPlainObject(value)) {
    const properties = Object.entries(value).map(([name, inner]) => [name, compile(inner)] as const);
    return (scope) => {
      const rendered = properties
        .map(([name, render]) => [name, render(scope)] as const)
        .filter(([, inner]) => inner != null);
      return rendered.length > 0 ? (Object.fromEntries(rendered) as JsonObject) : undefined;
    };
  }
  return () => (typeof value === 'string' ? emptyToAbsent(value) : value);
}

function emptyToAbsent(text: string): string | undefined {
  return text.trim() === '' ? undefined : text;
}

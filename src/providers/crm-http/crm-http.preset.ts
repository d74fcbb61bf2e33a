import { readdirSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import {
  isPlainObject,
  OrdinaryFileError,
  readOrdinaryFileSync,
  suggestion,
} from '../../plugin-api/index.js';
import type { CompletedOptions, CompletionTools, JsonObject, OptionProblem } from '../../plugin-api/index.js';
import { fillIn, fitsPattern, readPreset } from './crm-http.preset-schema.js';
import type { Preset, PresetParameter } from './crm-http.preset-schema.js';

/** The shipped presets; the same relative path from `src` and from `dist`. */
const SHIPPED = new URL('../../../presets/crm/', import.meta.url);
const EXTENSION = '.yaml';
const MAX_BYTES = 256 * 1024;

type Written = Readonly<Record<string, unknown>>;

/** Merges options as written over those of the preset that they name. */
export function completeOptions(written: Written, { resolvePath }: CompletionTools): CompletedOptions {
  const name = written['preset'];
  const refused = (message: string): CompletedOptions => ({
    options: undefined,
    problems: [{ path: ['preset'], message }],
  });
  const problem = presetProblem(name);
  if (problem !== undefined) return refused(problem);
  const file = readPresetFile(name as string, resolvePath);
  if ('problem' in file) return refused(file.problem);
  const read = readPreset(file.text);
  if ('problems' in read) return refused(`is not usable as a preset: ${read.problems.join('; ')}.`);
  const { values, problems } = readParameters(read.preset, written['parameters']);
  const options = fillIn(read.preset.options, values) as JsonObject;
  return { options: layOver(options, written) as Written, problems };
}

function readParameters(
  { title, parameters }: Preset,
  written: unknown,
): { readonly values: ReadonlyMap<string, string>; readonly problems: OptionProblem[] } {
  const given = (isPlainObject(written) ? written : {}) as Written;
  const values = new Map<string, string>();
  const problems: OptionProblem[] = [];
  for (const [name, parameter] of parameters) {
    const value = Object.hasOwn(given, name) ? given[name] : parameter.default;
    const text = typeof value === 'number' ? String(value) : value;
    if (typeof text === 'string' && fitsPattern(text, parameter)) values.set(name, text);
    else problems.push({ path: ['parameters', name], message: parameterProblem(title, parameter, text) });
  }
  const known = [...parameters.keys()];
  for (const name of Object.keys(given).filter((key) => !parameters.has(key))) {
    const message = `The preset for ${title} has no parameter of this name.${known.length === 0 ? '' : suggestion(name, known)}`;
    problems.push({ path: ['parameters', name], message });
  }
  return { values, problems };
}

function parameterProblem(
  title: string,
  { about, default: standard, pattern }: PresetParameter,
  value: unknown,
): string {
  const rule = `It must match ${pattern}.${standard === undefined ? '' : ` Default: ${standard}.`}`;
  if (value === undefined) return `is missing. Write the ${about}. ${rule}`;
  if (typeof value !== 'string') return `must be text, the ${about}. ${rule}`;
  return `is not what the preset for ${title} needs there, the ${about}. ${rule}`;
}

/**
 * Maps are merged key by key; anything else replaces the previous value. A map with another `type` (as in `auth`)
 * also replaces it, because keys of one type have no meaning for another.
 */
function layOver(base: unknown, over: unknown): unknown {
  if (!isPlainObject(base) || !isPlainObject(over)) return over;
  const [lower, upper] = [base as Written, over as Written];
  if (lower['type'] !== undefined && upper['type'] !== undefined && lower['type'] !== upper['type'])
    return over;
  const merged = Object.entries(upper).map(([key, value]) => [
    key,
    Object.hasOwn(lower, key) ? layOver(lower[key], value) : value,
  ]);
  return { ...lower, ...Object.fromEntries(merged) };
}

export function presetNames(): string[] {
  return readdirSync(SHIPPED)
    .filter((file) => file.endsWith(EXTENSION))
    .map((file) => file.slice(0, -EXTENSION.length))
    .sort();
}

/**
 * The text of a preset, or why there is none.
 * @param preset name of a shipped one, or path of a file: anything with a slash or an extension
 * @param resolvePath makes a path in the configuration absolute
 */
export function readPresetFile(
  preset: string,
  resolvePath: (path: string) => string,
): { readonly text: string } | { readonly problem: string } {
  const isPath = /[/\\]|\.ya?ml$/i.test(preset);
  if (!isPath && !presetNames().includes(preset)) {
    return {
      problem: `is not a preset.${suggestion(preset, presetNames())} A preset of your own is named by its file: ./our-crm.yaml.`,
    };
  }
  const file = isPath ? resolvePath(preset) : fileURLToPath(new URL(`${preset}${EXTENSION}`, SHIPPED));
  try {
    const text = readOrdinaryFileSync(file, MAX_BYTES).toString('utf8');
    return { text: text.replace(/^\ufeff/, '') };
  } catch (error) {
    if (!(error instanceof OrdinaryFileError)) throw error;
    return { problem: `${error.message}. Paths start at the configuration file.` };
  }
}

export function presetProblem(preset: unknown): string | undefined {
  return typeof preset === 'string' && preset.trim() !== ''
    ? undefined
    : 'must be the name of a preset, or the path of a preset file, in quotes.';
}

/** For editors: the known names, or any path. */
export function presetSchema(): { anyOf: [{ enum: string[] }, { type: 'string' }] } {
  return { anyOf: [{ enum: presetNames() }, { type: 'string' }] };
}

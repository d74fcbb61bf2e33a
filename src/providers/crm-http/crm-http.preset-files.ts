import { readdirSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { OrdinaryFileError, readOrdinaryFileSync, suggestion } from '../../plugin-api/index.js';

/** The shipped presets; the same relative path from `src` and from `dist`. */
const SHIPPED = new URL('../../../presets/crm/', import.meta.url);
const EXTENSION = '.yaml';
const MAX_BYTES = 256 * 1024;

/** The names of the shipped presets. */
export function presetNames(): string[] {
  return readdirSync(SHIPPED)
    .filter((file) => file.endsWith(EXTENSION))
    .map((file) => file.slice(0, -EXTENSION.length))
    .sort();
}

/** A preset file's text, or why it cannot be read. */
export type PresetText = { readonly text: string } | { readonly problem: string };

/**
 * Finds a preset.
 * @param preset name of a shipped one, or path of a file
 * @param resolvePath makes a path in the configuration absolute
 */
export function readPresetFile(preset: string, resolvePath: (path: string) => string): PresetText {
  if (isPath(preset)) return readText(resolvePath(preset));
  if (presetNames().includes(preset))
    return readText(fileURLToPath(new URL(`${preset}${EXTENSION}`, SHIPPED)));
  return {
    problem: `is not a preset.${suggestion(preset, presetNames())} A preset of your own is named by its file: ./our-crm.yaml.`,
  };
}

/** Anything with a slash or an extension: `./our-crm.yaml`, `our-crm.yml`. */
function isPath(preset: string): boolean {
  return /[/\\]|\.ya?ml$/i.test(preset);
}

function readText(file: string): PresetText {
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

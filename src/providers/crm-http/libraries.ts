import type Jsonata from 'jsonata';
import { createRequire } from 'node:module';
import type * as Re2 from 're2js';
import type Sax from 'sax';
import type * as Undici from 'undici';

const load = createRequire(import.meta.url);

// They take a sixth of a second to load, which a service without a CRM saves.
export const undici = (): typeof Undici => load('undici') as typeof Undici;
export const jsonata: typeof Jsonata = (text, options) => (load('jsonata') as typeof Jsonata)(text, options);
export const sax = (): typeof Sax => load('sax') as typeof Sax;
export const compilePattern = (pattern: string, flags: readonly string[] = []): Re2.RE2JS => {
  const { RE2JS } = load('re2js') as typeof Re2;
  const known: Readonly<Record<string, number>> = {
    i: RE2JS.CASE_INSENSITIVE,
    m: RE2JS.MULTILINE,
    s: RE2JS.DOTALL,
  };
  return RE2JS.compile(
    pattern,
    flags.reduce((all, flag) => all | (known[flag] ?? 0), 0),
  );
};

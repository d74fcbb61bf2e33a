import type { Needles } from './leaks.js';

/** A line of a recording; which fields there are depends on `kind`, see recorder.mjs. */
export interface Line {
  readonly kind: string;
  readonly text?: string;
  readonly files?: Readonly<Record<string, string>>;
  readonly env?: Readonly<Record<string, string>>;
  readonly args?: readonly string[];
  readonly pid?: number;
  readonly stream?: string;
  readonly url?: string;
  readonly headers?: Readonly<Record<string, unknown>>;
}

const SECRET_KEY =
  /["']?\b(?:\w*(?:apiKey|password|secret|token|encryptionKey|privateKey)|value)["']?[ \t]*:[ \t]*(?:"((?:[^"\\\n]|\\.)*)"|'((?:[^'\n]|'')*)'|((?:\$\{[^}\n]*\}|[^\s,'"{}[\]#|>&*])(?:\$\{[^}\n]*\}|[^,}\n])*))/gi;
const SECRET_NAME = /KEY|TOKEN|SECRET|PASS|CREDENTIAL/;
const USED_VARIABLE = /\$\{([A-Za-z_]\w*)(?::-([^}]*))?\}/g;
const URL_PASSWORD = /\b[a-z][a-z+]*:\/\/[^\s/:@"']*:([^\s/@"']+)@/gi;
/** As people write numbers into lists, configurations and tests: with +, 00 or 0 in front. */
const WRITTEN_NUMBER = /(?<![\w.+-])(?:\+|0)\d?(?:[ ()\-/]{0,2}\d){6,14}(?![\w.-])/g;
const LISTED_NUMBER = /(?<![\w.+-])\+?\d{9,15}(?![\w.-])/g;
const GUID = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;

/** Takes what must not be told out of what a service was given and asked. */
export function collect(needles: Needles, line: Line): void {
  if (line.kind === 'configuration') collectConfiguration(needles, line);
  else if (line.kind === 'asked') collectQuestion(needles, line.text!);
  else if (line.kind === 'presented') collectPresented(needles, line.text!);
  else if (line.kind === 'process' || line.kind === 'output') collectArguments(needles, line.args!);
}

function collectConfiguration(needles: Needles, { files = {}, env = {} }: Line): void {
  const secretVariables = new Set(Object.keys(env).filter((name) => SECRET_NAME.test(name)));
  for (const [path, text] of Object.entries(files)) {
    collectNumbers(needles, text);
    if (/PRIVATE KEY/.test(text)) {
      for (const row of text.split('\n')) if (/^[\w+/=]{40,}$/.test(row)) needles.addSecret(row);
    }
    if (!/\.ya?ml$|\.json$/.test(path)) continue;
    for (const [, double, single, plain] of text.matchAll(SECRET_KEY)) {
      const value = double ?? single ?? plain!.trim();
      if (!value.includes('${')) needles.addSecret(value.replaceAll('$${', '${'));
      for (const [, name, standIn] of value.matchAll(USED_VARIABLE)) {
        secretVariables.add(name!);
        if (standIn !== undefined) needles.addSecret(standIn);
      }
      for (const [, file] of value.matchAll(/\$\{file:([^}]+)\}/g)) {
        const content = Object.entries(files).find(([known]) =>
          known.endsWith(file!.replace(/^\.\//, '')),
        )?.[1];
        if (content !== undefined) needles.addSecret(content.trimEnd());
      }
    }
    collectUrlPasswords(needles, text);
  }
  for (const [name, value] of Object.entries(env)) {
    collectUrlPasswords(needles, value);
    if (secretVariables.has(name)) needles.addSecret(value);
  }
}

function collectUrlPasswords(needles: Needles, text: string): void {
  for (const [, password] of text.matchAll(URL_PASSWORD)) {
    if (password!.startsWith('$')) continue;
    needles.addSecret(password!);
    needles.addSecret(decodeURIComponent(password!));
  }
}

/** Numbers that stand in a list, a configuration or a test's source. */
export function numbersIn(text: string): string[] {
  return [WRITTEN_NUMBER, LISTED_NUMBER].flatMap((pattern) =>
    [...text.matchAll(pattern)].map(([number]) => number),
  );
}

function collectNumbers(needles: Needles, text: string): void {
  for (const number of numbersIn(text)) needles.addNumber(number);
}

/** All numbers in the body of a call, under whatever key. */
function collectQuestion(needles: Needles, body: string): void {
  for (const text of textsOf(parsed(body))) {
    if (GUID.test(text)) continue;
    if (/^sips?:/i.test(text) || /^\+?\d(?:[ ().\-/]{0,2}\d){6,}$/.test(text)) needles.addNumber(text);
  }
}

function parsed(body: string): unknown {
  try {
    return JSON.parse(body.replace(/^\ufeff/, ''));
  } catch (error) {
    if ((error as Error).name !== 'SyntaxError') throw error;
    return body.split(/["\s]/); // one of the bodies that are refused
  }
}

/** Without recursion: some bodies are nested as deep as 64 KiB allow. */
function textsOf(value: unknown): string[] {
  const texts: string[] = [];
  const left = [value];
  while (left.length > 0) {
    const next = left.pop();
    if (typeof next === 'string') texts.push(next);
    else if (typeof next === 'object' && next !== null) left.push(...(Object.values(next) as unknown[]));
  }
  return texts;
}

/** A guess counts as well, unless it is a plain word: those stand in messages of ours. */
function collectPresented(needles: Needles, header: string): void {
  const [, scheme = '', word = header] = /^(\w+) +(\S.*)$/.exec(header) ?? [];
  if (word.length < 8 || /^[a-z]+$/i.test(word)) return;
  needles.addSecret(header.startsWith(`${scheme} `) ? word : header);
  if (!/^basic$/i.test(scheme)) return;
  const password = Buffer.from(word, 'base64')
    .toString()
    .replace(/^[^:]*:/, '');
  if (password.length >= 8 && !/^[a-z]+$/i.test(password)) needles.addSecret(password);
}

function collectArguments(needles: Needles, args: readonly string[]): void {
  args.forEach((argument, i) => {
    if (/^--(?:api-key|password)$/.test(args[i - 1] ?? '')) collectPresented(needles, argument);
    else if (/^[+\d]/.test(argument)) collectNumbers(needles, argument);
    collectUrlPasswords(needles, argument);
  });
}

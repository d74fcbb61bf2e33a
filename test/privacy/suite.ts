import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Needles } from './leaks.js';
import { collect } from './sources.js';
import type { Line } from './sources.js';

export interface SuiteReport {
  /** Each names suite, file, line and what it is, without repeating it. */
  readonly problems: readonly string[];
  /** Log lines, lines of output, refusals, health and metrics bodies that were looked through. */
  readonly told: number;
  readonly characters: number;
  readonly numbers: number;
  readonly secrets: number;
}

interface Recorded extends Line {
  readonly file: string;
  readonly row: number;
}

/** Commands whose output is what was asked for: a decision explained, an answer shown, a list. */
const SHOWING = new Set(['lookup', 'call', 'export']);
/** What `hash-secret` prints is for everybody to see, and a later test configures it. */
const HASH = /^(?:\$scrypt\$[\w=,+/$]+|sha256:[\w:-]+)$/;
const TOLD = new Set(['log', 'output', 'answer']);

/**
 * Looks through what the services of one suite told.
 * @param folder its recording
 * @param written numbers that stand in the tests' sources
 */
export function checkSuite(suite: string, folder: string, written: readonly string[]): SuiteReport {
  const lines = read(folder);
  const needles = new Needles();
  for (const number of written) needles.addNumber(number);
  for (const line of lines) collect(needles, line);
  const plain = new Set(lines.filter(mayShowNumbers).map(({ file }) => file));
  const known = new Set(lines.map(({ file }) => file));
  const problems: string[] = [];
  let told = 0;
  let characters = 0;
  for (const line of lines) {
    if (!TOLD.has(line.kind)) continue;
    const own = `process-${line.pid}.jsonl`;
    if (line.kind === 'output' && !known.has(own)) {
      problems.push(
        `${suite}: started ${line.args!.join(' ')} unrecorded; test/support/process.ts says how.`,
      );
      known.add(own);
    }
    const text = toldText(line);
    told += line.kind === 'output' ? text.split('\n').length : 1;
    characters += text.length;
    const isPlain = plain.has(line.kind === 'output' ? own : line.file);
    for (const [offset, row] of text.split('\n').entries()) {
      const leaks = [
        ...needles.findNumbers(numbersMatter(line, row, isPlain)),
        ...needles.findSecrets(row.replace(HASH, '')),
      ];
      for (const { what, shown } of leaks) {
        problems.push(
          `${suite}: a ${what}, ${shown}, in ${line.file}, line ${line.row}${placeOf(line, offset)}`,
        );
      }
    }
  }
  if (told > 0 && needles.numbers === 0) problems.push(`${suite}: no number to look for was recorded.`);
  problems.push(...blindSpots(suite, needles));
  return { problems, told, characters, numbers: needles.numbers, secrets: needles.secrets };
}

function read(folder: string): Recorded[] {
  return readdirSync(folder).flatMap((file) =>
    readFileSync(join(folder, file), 'utf8')
      .split('\n')
      .filter((text) => text !== '')
      .map((text, index) => ({ ...(JSON.parse(text) as Line), file, row: index + 1 })),
  );
}

/** `logging.numbers: plain` lets the caller stand in the line of a decision, and nowhere else. */
function mayShowNumbers({ files = {} }: Line): boolean {
  return Object.values(files).some((text) => /\bnumbers["']?\s*:\s*["']?plain\b/.test(text));
}

/** An answer's headers are told as well. */
function toldText({ text = '', headers }: Line): string {
  return headers === undefined ? text : `${text}\n${JSON.stringify(headers)}`;
}

/** The row without what is not text: times, and what a process measures. */
function numbersMatter({ kind, stream, args, url = '' }: Line, row: string, isPlain: boolean): string {
  if (kind === 'output' && stream === 'stdout' && SHOWING.has(args?.[1] ?? '')) return '';
  if (url.startsWith('/metrics') && !row.startsWith('#')) return row.slice(0, row.lastIndexOf(' '));
  const rest = row.replace(/"ms":[\d.]+/, '');
  return isPlain && rest.includes('"msg":"decision"') ? rest.replace(/"caller":"[^"]*"/, '') : rest;
}

function placeOf({ kind, url, args, stream }: Line, offset: number): string {
  const from =
    kind === 'answer'
      ? ` (answer to ${url?.split('?')[0]})`
      : kind === 'log'
        ? ' (log)'
        : ` (${args?.join(' ')}, ${stream}, row ${offset + 1})`;
  return from;
}

/** A search that finds nothing proves nothing unless it would have: what was collected must be found in a line of its own. */
function blindSpots(suite: string, needles: Needles): string[] {
  const unseen = needles.samples().filter(({ what, text }) => {
    const row = `{"level":"info","detail":"nothing is known of ${text}"}`;
    return !needles.find(row).some((leak) => leak.what === what);
  });
  return unseen.map(({ what }) => `${suite}: a ${what} that was seeded for the purpose was not found.`);
}

import { on } from 'node:events';
import { getHeapStatistics } from 'node:v8';
import { VipLookupError } from '../../plugin-api/index.js';
import type { LineProblem } from './line-problems.js';
import type { Pace } from './pace.js';
import type { RawEntry } from './raw-entry.js';
import { yamlEntries } from './yaml-entries.js';
import type { YamlRemarks } from './yaml-entries.js';
import { forkYamlReader } from './yaml-process.fork.js';

/** Up to here a list is read in place: composing it takes some 20 ms at most. */
const SHORT_BYTES = 16_384;
const PIECE_BYTES = 262_144;

/** What the process is told: a piece of the list, or to go on. */
export type Instruction = { readonly piece: Uint8Array } | 'next';

/** What of the list is no entry, and where that is told. */
export interface NotRead extends LineProblem {
  readonly as: keyof YamlRemarks;
}

/** What the process says each time: what comes next in the list, in its order. */
export interface Batch {
  readonly items: readonly (RawEntry | NotRead)[];
  readonly isLast: boolean;
}

/**
 * Reads the entries of a YAML list (UTF-8 without byte order mark); what cannot be read is added to `problems`, what is too large
 * left out. A list that is not short is read in a process of its own. See docs/adr/0033-long-yaml-lists-are-read-in-another-process.md.
 * @throws VipLookupError when there is no such process, or it needs more memory than this one may use
 */
export async function* anyYamlEntries(
  bytes: Buffer,
  remarks: YamlRemarks,
  pace: Pace,
  signal?: AbortSignal,
): AsyncGenerator<RawEntry> {
  if (bytes.length <= SHORT_BYTES) {
    yield* yamlEntries(bytes.toString('utf8'), remarks, pace);
    return;
  }
  const child = forkYamlReader({
    execArgv: [`--max-old-space-size=${Math.floor(getHeapStatistics().heap_size_limit / 2 ** 20)}`],
    env: {}, // it needs none of the secrets there
    serialization: 'advanced',
    stdio: ['ignore', 'ignore', 'ignore', 'ipc'],
  });
  // Where it cannot be told, it has ended, and that ends the batches.
  const tell = (instruction: Instruction) =>
    new Promise<void>((resolve) => (child.connected ? child.send(instruction, () => resolve()) : resolve()));
  try {
    const batches = on(child, 'message', { close: ['exit'], signal }) as AsyncIterable<[Batch]>;
    for (let at = 0; at < bytes.length; at += PIECE_BYTES) {
      await tell({ piece: bytes.subarray(at, at + PIECE_BYTES) });
    }
    await tell('next');
    for await (const [{ items, isLast }] of batches) {
      for (const item of items) {
        if ('message' in item) remarks[item.as].add(item.line, item.field, item.message);
        else yield item;
      }
      if (isLast) return;
      await tell('next');
    }
  } catch (error) {
    const { syscall, code } = error as NodeJS.ErrnoException;
    if (syscall === undefined) throw error;
    throw new VipLookupError(`the process that reads a YAML list could not be begun (${code})`);
  } finally {
    child.kill('SIGKILL');
  }
  const reason = child.signalCode === 'SIGABRT' ? 'needs too much memory' : 'ended too soon';
  throw new VipLookupError(`the process that reads a YAML list ${reason}; write the list as CSV or JSON`);
}

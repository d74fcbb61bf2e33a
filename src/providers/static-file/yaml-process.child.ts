import { Pace } from './pace.js';
import type { RawEntry } from './raw-entry.js';
import { yamlEntries } from './yaml-entries.js';
import type { Batch, Instruction, NotRead } from './yaml-process.js';

// The process in which a long YAML list is read; see yaml-process.ts.

/** What the service takes over in one go: a few milliseconds. */
const BATCH_ITEMS = 200;
const BATCH_CHARACTERS = 32_768;

const pieces: Uint8Array[] = [];
let batches: AsyncGenerator<Batch> | undefined;

process.on('message', (instruction: Instruction) => {
  if (instruction === 'next') void goOn();
  else pieces.push(instruction.piece);
});
// However the service ends, and not before: it ends this process when it reads no more.
process.on('disconnect', () => process.exit());
for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP'] as const) process.on(signal, () => undefined);

async function goOn(): Promise<void> {
  batches ??= batchesOf(Buffer.concat(pieces.splice(0)).toString('utf8'));
  const { value } = (await batches.next()) as { value: Batch };
  process.send!(value);
}

async function* batchesOf(text: string): AsyncGenerator<Batch, Batch> {
  const items: (RawEntry | NotRead)[] = [];
  let characters = 0;
  const telling = (as: NotRead['as']) => ({
    add: (line: number, field: string, message: string) => void items.push({ line, field, message, as }),
  });
  const remarks = { problems: telling('problems'), leftOut: telling('leftOut') };
  for await (const entry of yamlEntries(text, remarks, new Pace())) {
    items.push(entry);
    characters += JSON.stringify(entry.fields)?.length ?? 0;
    if (items.length < BATCH_ITEMS && characters < BATCH_CHARACTERS) continue;
    while (items.length > 0) yield { items: items.splice(0, BATCH_ITEMS), isLast: false };
    characters = 0;
  }
  while (items.length > BATCH_ITEMS) yield { items: items.splice(0, BATCH_ITEMS), isLast: false };
  return { items, isLast: true };
}

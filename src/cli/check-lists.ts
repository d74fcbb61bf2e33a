import type { INestApplicationContext } from '@nestjs/common';
import type { AppConfig } from '../app/app.config.js';
import { untilAborted, withTimeLimit } from '../common/time-limit.js';
import { describeFailure } from '../lookup/describe-failure.js';
import { ProviderRegistry } from '../lookup/provider-registry.js';
import { VipLookupError } from '../plugin-api/index.js';
import type { EntryTally, VipLookupProvider } from '../plugin-api/index.js';
import { judgeEntries } from '../routing/never-match.js';
import { counted } from './output.js';

/** A list of ten million entries is read within this, and the part of a table that is read, too. */
const LIMIT_MS = 600_000;

/** How a list says that some entries are lacking. */
const IN_PART = 'is used without some entries';

export interface CheckedList {
  readonly told: readonly string[];
  readonly isFaulty: boolean;
}

/** `config check --lists`: reads what the providers hold, one after the other, and judges it by the routes. */
export async function checkLists(app: INestApplicationContext, config: AppConfig): Promise<CheckedList[]> {
  const checked: CheckedList[] = [];
  for (const { name, provider } of app.get(ProviderRegistry).all()) {
    checked.push(await checkList(name, provider, config));
  }
  return checked;
}

async function checkList(
  name: string,
  provider: VipLookupProvider,
  { targets }: AppConfig,
): Promise<CheckedList> {
  if (provider.countEntries === undefined) {
    return { told: [`${name}: has no list to read; it is asked about each caller.`], isFaulty: false };
  }
  const { tally, trouble } = await read(provider);
  const warnings = trouble.map((reason) => `Warning: ${name}: ${reason}`);
  if (tally === undefined) {
    const nothing = trouble.length === 0 ? [`${name}: has no entries yet.`] : [];
    return { told: [...warnings, ...nothing], isFaulty: trouble.length > 0 };
  }
  const { faults, notes } = await judgeEntries(tally, {
    targets,
    providers: [name],
    nowMs: Date.now(),
    show: (text) => text,
  });
  const isUsedInPart = trouble.some((reason) => reason.includes(IN_PART));
  const found =
    faults.length > 0
      ? 'some can never match'
      : isUsedInPart
        ? 'and others that cannot be used'
        : 'no mistake found';
  const part = tally.firstRows === undefined ? '' : ` in the first ${tally.firstRows} rows`;
  return {
    told: [
      `${name}: ${counted(tally.entries, 'entry', 'entries')}${part}, ${found}.`,
      ...warnings,
      ...faults.map((fault) => `Warning: ${name}: ${fault}`),
      ...notes.map((note) => `Note: ${name}: ${note}`),
    ],
    isFaulty: trouble.length + faults.length > 0,
  };
}

interface Read {
  /** Of the entries that there are; `undefined` when there are none. */
  readonly tally: EntryTally | undefined;
  /** What is wrong although there may be entries, each once. */
  readonly trouble: readonly string[];
}

/** Never rejects. */
async function read(provider: VipLookupProvider): Promise<Read> {
  const tooLong = new VipLookupError(`could not be read within ${LIMIT_MS / 60_000} minutes`);
  return withTimeLimit(
    LIMIT_MS,
    [],
    async (signal): Promise<Read> => {
      // To open a lookup with a copy is to ask its backend; its copy is read without that.
      if (provider.recall !== undefined) {
        return { tally: await untilAborted(provider.countEntries!(signal), signal), trouble: [] };
      }
      const opening = Promise.resolve().then(() => provider.open?.());
      const closed = await untilAborted(opening, signal).catch(messageOf);
      const counting = untilAborted(provider.countEntries!(signal), signal);
      // What cannot be opened cannot be counted either, or be asked how it is, for the same reason.
      const tally = closed === undefined ? await counting : await counting.catch(() => undefined);
      if (closed !== undefined && tally === undefined) return { tally, trouble: [closed] };
      const { status, reason = 'is degraded' } = await untilAborted(provider.check(signal), signal);
      if (closed !== undefined) return { tally, trouble: [inPart(closed, reason)] };
      return { tally, trouble: status === 'degraded' ? [reason] : [] };
    },
    tooLong,
  ).catch((error: unknown) => ({ tally: undefined, trouble: [messageOf(error)] }));
}

/** What is not usable as a whole is used in part at a start, as health says; the rest of the message lists why. */
function inPart(closed: string, reason: string): string {
  if (!reason.includes(IN_PART)) return closed;
  return closed.replace(/ is not usable \((\d+ problems?)\):/, ` ${IN_PART} ($1):`);
}

/** In full where it is made for people: it lists the lines. */
function messageOf(error: unknown): string {
  const { name, message } = Object(error) as Partial<Error>;
  return (name === 'VipLookupError' || name === 'VipFileError') && message !== undefined
    ? message
    : describeFailure(error);
}

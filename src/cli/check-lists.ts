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

/** What is to be said of one provider's entries. */
export interface CheckedList {
  readonly told: readonly string[];
  /** Something is to be mended. */
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
  const trouble: string[] = [];
  let tally: EntryTally | undefined;
  try {
    tally = await read(provider, (reason) => trouble.push(reason));
  } catch (error) {
    trouble.push(messageOf(error));
  }
  const warnings = trouble.map((reason) => `Warning: ${name}: ${reason}`);
  if (tally === undefined) {
    const nothing = trouble.length === 0 ? [`${name}: has no entries yet.`] : [];
    return { told: [...warnings, ...nothing], isFaulty: trouble.length > 0 };
  }
  const { faults, notes } = await judgeEntries(tally, {
    targets,
    asks: ({ providers }) => providers.includes(name),
    nowMs: Date.now(),
    show: (text) => text,
  });
  const part = tally.firstRows === undefined ? '' : ` in the first ${tally.firstRows} rows`;
  return {
    told: [
      `${name}: ${counted(tally.entries, 'entry', 'entries')}${part}, ${faults.length === 0 ? 'no mistake found' : 'some can never match'}.`,
      ...warnings,
      ...faults.map((fault) => `Warning: ${name}: ${fault}`),
      ...notes.map((note) => `Note: ${name}: ${note}`),
    ],
    isFaulty: trouble.length + faults.length > 0,
  };
}

/** @param tell of what is wrong although there are entries */
async function read(
  provider: VipLookupProvider,
  tell: (reason: string) => void,
): Promise<EntryTally | undefined> {
  const tooLong = new VipLookupError(`could not be read within ${LIMIT_MS / 60_000} minutes`);
  return withTimeLimit(
    LIMIT_MS,
    [],
    async (signal) => {
      // To open a lookup with a copy is to ask its backend; its copy is read without that.
      if (provider.recall !== undefined) return untilAborted(provider.countEntries!(signal), signal);
      const opening = Promise.resolve().then(() => provider.open?.());
      const closed = await untilAborted(opening, signal).catch(messageOf);
      if (closed !== undefined) tell(closed);
      const tally = await untilAborted(provider.countEntries!(signal), signal);
      const { status, reason } = await untilAborted(provider.check(signal), signal);
      if (status === 'degraded' && closed === undefined) tell(reason ?? 'is degraded');
      return tally;
    },
    tooLong,
  );
}

/** In full where it is made for people: it lists the lines. */
function messageOf(error: unknown): string {
  const { name, message } = Object(error) as Partial<Error>;
  return (name === 'VipLookupError' || name === 'VipFileError') && message !== undefined
    ? message
    : describeFailure(error);
}

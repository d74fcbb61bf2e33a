import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { getCountries, getExampleNumber } from 'libphonenumber-js/max';
import type { CountryCode, PhoneNumber } from 'libphonenumber-js/max';
import examples from 'libphonenumber-js/mobile/examples';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Caller, readNumber } from '../../plugin-api/index.js';
import type { VipRecord } from '../../plugin-api/index.js';
import { providerContext } from '../../plugin-api/testing/index.js';
import { StaticFileProvider } from './static-file.provider.js';

const REGIONS = Object.keys(examples) as CountryCode[];

/** What is true in every country, and what needs the country to be known. */
function spellingsOf(number: PhoneNumber) {
  const international = {
    'E.164': number.number,
    international: number.formatInternational(),
    '00': `00${number.number.slice(1)}`,
    '00 in groups': `00 ${number.formatInternational().slice(1)}`,
    'tel:': `tel:${number.number}`,
    'tel: in groups': `tel:${number.formatInternational().replaceAll(' ', '-')}`,
  };
  const national = {
    national: number.formatNational(),
    'national, digits': number.formatNational().replace(/\D/g, ''),
    'without the trunk prefix': number.nationalNumber,
    'without the plus sign': number.number.slice(1),
  };
  return { international, national, all: { ...international, ...national } };
}

describe('the example number of every region', () => {
  let directory: string;
  beforeAll(async () => {
    directory = await mkdtemp(join(tmpdir(), 'regions-'));
  });
  afterAll(() => rm(directory, { recursive: true }));

  it('exists for all regions that libphonenumber knows', () => {
    expect([...REGIONS].sort()).toEqual([...getCountries()].sort());
  });

  it.each(REGIONS)('is one number in every spelling, in the list as in the call: %s', async (region) => {
    const number = getExampleNumber(region, examples)!;
    expect(number.isValid()).toBe(true);
    const { all, international } = spellingsOf(number);
    const names = Object.keys(all);
    const rows = Object.entries(all).map(([name, text]) => `"${text}","${name}"`);
    const file = join(directory, `${region}.csv`);
    await writeFile(file, `number,tier\n${rows.join('\n')}\n`);
    const provider = new StaticFileProvider(providerContext({ file }, { country: region }));
    await provider.open();
    try {
      const found = Object.entries(all).map(([name, text]) => {
        const records = provider.lookup(Caller.read(text, region)) as VipRecord[];
        return [name, records.map(({ tier }) => tier)];
      });
      expect(found).toEqual(names.map((name) => [name, names]));
      const keys = Object.values(international).flatMap((text) =>
        [undefined, 'FI', 'US', 'BR'].map((country) => readNumber(text, country).key),
      );
      expect(keys).toEqual(keys.map(() => number.number));
    } finally {
      await provider.close();
    }
  });
});

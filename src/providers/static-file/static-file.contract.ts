import { describe, it } from '@jest/globals';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describeVipLookupProvider, providerContext } from '../../plugin-api/testing/index.js';
import { StaticFileProvider } from './static-file.provider.js';

const LISTS = {
  'list.csv': 'number,tier,name,company\n050-123 1234,gold,"Virtanen, Aino",Rauta Oy\n+3589123*,silver,,\n',
  'list.json': JSON.stringify([
    { number: '00358501231234', tier: 'gold', name: 'Virtanen, Aino', attributes: { company: 'Rauta Oy' } },
    { number: '+3589123*', tier: 'silver' },
  ]),
  'list.yaml':
    '- number: 0501231234\n  tier: gold\n  name: Virtanen, Aino\n  attributes: { company: Rauta Oy }\n' +
    '- number: +3589123*\n  tier: silver\n',
};

for (const [name, content] of Object.entries(LISTS)) {
  describeVipLookupProvider(
    `static-file with ${name}`,
    {
      async start() {
        const directory = await mkdtemp(join(tmpdir(), 'static-file-'));
        await writeFile(join(directory, name), content);
        return {
          ...providerIn(directory, name),
          known: {
            number: '+358501231234',
            record: {
              number: '+358501231234',
              tier: 'gold',
              name: 'Virtanen, Aino',
              attributes: { company: 'Rauta Oy' },
            },
          },
          unknown: '+358509999999',
        };
      },
      async startDown() {
        return providerIn(await mkdtemp(join(tmpdir(), 'static-file-')), name);
      },
      async startBroken() {
        const directory = await mkdtemp(join(tmpdir(), 'static-file-'));
        await writeFile(join(directory, name), '<html>not a list</html>');
        return providerIn(directory, name);
      },
      cannotBeHeld: 'the list is in memory, a lookup waits for nothing',
    },
    { describe, it },
  );
}

function providerIn(directory: string, file: string) {
  return {
    provider: new StaticFileProvider(
      providerContext({ file }, { resolvePath: (path) => join(directory, path) }),
    ),
    stop: () => rm(directory, { recursive: true }),
  };
}

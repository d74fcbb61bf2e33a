import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { IS_LONG } from '../../../test/support/length.js';
import { LineProblems } from './line-problems.js';
import { jsonEntries } from './json-entries.js';
import { readRecords } from './record-file.js';

const read = (name: string, content: string) => readRecords(Buffer.from(content), name, { country: 'FI' });
const problemsOf = async (name: string, content: string) => (await read(name, content)).problems;
const recordsOf = async (name: string, content: string) => {
  const list = await read(name, content);
  expect(list.problems).toEqual([]);
  return list.records.map(({ record }) => record);
};

describe('a JSON list', () => {
  it('is read entry by entry to what JSON.parse makes of the whole', () => {
    fc.assert(
      fc.property(fc.array(fc.json()), fc.constantFrom('', ' ', '\r\n\t'), (values, space) => {
        const text = `${space}[${space}${values.join(`${space},${space}`)}${space}]${space}`;
        const remarks = { problems: new LineProblems(), leftOut: new LineProblems() };
        const entries = [...jsonEntries(Buffer.from(text), remarks)];
        expect(remarks.problems.sentences).toEqual([]);
        expect(entries.map((entry) => entry?.fields)).toEqual(JSON.parse(text));
      }),
    );
  });

  it('is refused whenever JSON.parse would refuse it', () => {
    fc.assert(
      fc.property(
        fc.array(fc.constantFrom('[', ']', '{', '}', ',', ':', '"', '\\', '1', ' ', '{"a":1}', 'x'), {
          maxLength: 12,
        }),
        (pieces) => {
          const text = pieces.join('');
          const remarks = { problems: new LineProblems(), leftOut: new LineProblems() };
          const entries = [...jsonEntries(Buffer.from(text), remarks)].map((entry) => entry?.fields);
          const whole = parseOrUndefined(text);
          if (Array.isArray(whole)) expect(entries).toEqual(whole);
          expect(remarks.problems.total === 0).toBe(Array.isArray(whole));
        },
      ),
      { numRuns: IS_LONG ? 2_000 : 500 },
    );
  });

  it('may be empty, and may begin with a byte order mark', async () => {
    expect(await recordsOf('list.json', '\ufeff[ ]\n')).toEqual([]);
  });

  it('reports every broken entry with its line', async () => {
    expect(
      await problemsOf(
        'list.json',
        '[\n{"number": "4711", "tier": "gold"},\n{"number": "4712" "tier": "gold"},\n' +
          '{"number": 0501231234, "tier": "gold"},\n["4713"],\nnull,\n{"number": "4714", "tier": true, "teir": "x"},\n]\n',
      ),
    ).toEqual([
      'line 3: is not valid JSON; look for a missing comma, quote or bracket in this entry',
      'line 4: is not valid JSON; look for a missing comma, quote or bracket in this entry',
      'line 5: must be an object with at least a number and a tier',
      'line 6: must be an object with at least a number and a tier',
      expect.stringContaining('line 7, teir: is not a field of a record; put it under attributes.'),
      'line 7, tier: must be text',
      'line 8: the last entry is followed by a comma; take it away',
    ]);
  });

  it('has the line of each entry, however much space is between and in them', async () => {
    const space = '\n'.repeat(300_000);
    const list = await read(
      'list.json',
      `[${space}{"number": "4711",${space}"tier": "gold"},\n{"number": "4712"}${space}]${space}x`,
    );
    expect(list.records.map(({ line }) => line)).toEqual([300_001]);
    expect(list.problems).toEqual([
      'line 600002, tier: is missing; write the tier that routes name, for example gold',
      'line 1200002: there is text after the end of the array; take it away',
    ]);
  });

  it('leaves entries out that are larger than any VIP needs, and names the rule and the cure', async () => {
    const many = (write: (at: number) => string) =>
      Array.from({ length: 6_000 }, (_, at) => write(at)).join();
    const list = await read(
      'list.json',
      `[{"number": "1", ${many((at) => `"k${at}": 1`)}},
        {"number": "2", "attributes": {"x": [${many(() => '1')}]}},
        {"number": "3", "tier": "${'g'.repeat(600_000)}"},
        {"number": "4", "attributes": {"x": ${'['.repeat(100_000)}${']'.repeat(100_000)}}},
        {"number": "5", "tier": "gold"}]`.replaceAll(/^ +/gm, ''),
    );
    expect(list.records.map(({ line }) => line)).toEqual([5]);
    expect(list.problems).toEqual([]);
    expect(list.leftOutCount).toBe(4);
    expect(list.leftOut).toEqual([
      'line 1: has more than 1000 names in one object; leave out what no route or template needs',
      'line 2: has more than 5000 values, or lines of text; leave out what no route or template needs',
      'line 3: is longer than 512 KiB; shorten it',
      'line 4: is nested deeper than 50 levels; write it flatter',
    ]);
  });

  it.each([
    ['', 'line 1: the file must be an array: [ { "number": …, "tier": … }, … ]'],
    ['\n{"number": "4711"}', 'line 2: the file must be an array: [ { "number": …, "tier": … }, … ]'],
    [
      '[\n{"number": "4711", "tier": "gold"}\n{"number": "4712", "tier": "gold"}]',
      'line 3: a comma or ] is missing here; what follows was not read',
    ],
    [
      '[{"number": "4711", "tier": "gold"}\n',
      'line 2: a comma or ] is missing here; what follows was not read',
    ],
    [
      '[{"number": "4711", "tier": "gold"}]\n[]',
      'line 2: there is text after the end of the array; take it away',
    ],
  ])('is an array and nothing else: %j', async (content, problem) => {
    expect(await problemsOf('list.json', content)).toEqual([problem]);
  });
});

describe('a YAML list', () => {
  const UNFOLDS =
    'has aliases (*name) that unfold to too much, or to what they stand in; write the values themselves';

  it.each(['0501231234', '+358501231234', '00358501231234', '050.1231234', '050 123 1234'])(
    'may have the number %s without quotes',
    async (number) => {
      expect(await recordsOf('list.yaml', `- number: ${number}\n  tier: 1\n`)).toEqual([
        { number: '+358501231234', tier: '1' },
      ]);
    },
  );

  it('may be written in flow style, as documents with a start mark, and be empty', async () => {
    expect(await recordsOf('list.yaml', '# VIPs\n---\n[ { number: 4711, tier: gold } ]\n')).toEqual([
      { number: '4711', tier: 'gold' },
    ]);
    expect(await recordsOf('list.yaml', '[]')).toEqual([]);
  });

  it('may use anchors, also in a list of more entries than are read at a time', async () => {
    const others = Array.from(
      { length: 200 },
      (_, at) => `- { number: ${5000 + at}, tier: gold, instructions: *high }\n`,
    );
    const records = await recordsOf(
      'list.yaml',
      `- number: 4711\n  tier: gold\n  instructions: &high { ExtraPriority: 50 }\n${others.join('')}`,
    );
    expect(records).toHaveLength(201);
    expect(records.at(-1)).toEqual({ number: '5199', tier: 'gold', instructions: { ExtraPriority: 50 } });
  });

  it('has a line for every entry, however long the list', async () => {
    const entries = Array.from(
      { length: 333 },
      (_, at) => `\n# entry ${at}\n-\n  number: ${1000 + at}\n  tier: gold\n`,
    );
    const list = await read('list.yaml', `# VIPs\n${entries.join('')}...\n`);
    expect(list.problems).toEqual([]);
    expect(list.records.map(({ line }) => line)).toEqual(entries.map((_, at) => 5 + at * 5));
    expect(list.records.map(({ record }) => record.number)).toEqual(
      entries.map((_, at) => String(1000 + at)),
    );
  });

  it('reports every broken entry with its line', async () => {
    expect(
      await problemsOf(
        'list.yaml',
        '- number: 4711\n  tier: gold\n  tier: silver\n- number: 4712\n- 4713\n-\n- number: "4714\n  tier: gold\n',
      ),
    ).toEqual(['line 3: is not valid YAML (duplicate key)', 'line 9: is not valid YAML (missing char)']);
    expect(
      await problemsOf('list.yaml', '- number: 4712\n- 4713\n-\n- { number: 4714, tier: [a] }\n'),
    ).toEqual([
      'line 1, tier: is missing; write the tier that routes name, for example gold',
      'line 2: must be an object with at least a number and a tier',
      'line 3: must be an object with at least a number and a tier',
      'line 4, tier: must be text',
    ]);
  });

  it.each([
    ['', 'line 1: the file is empty; an empty list is written []'],
    [
      '\nnumber: 4711\ntier: gold\n',
      'line 2: the file must be a list: each entry begins with - and has a number and a tier',
    ],
    [
      '- { number: 1, tier: a }\n---\n- { number: 2, tier: b }\n',
      'line 2: a second document begins here; write one list',
    ],
    [
      '- { number: 1, tier: a }\n- *nobody\n',
      'line 2: has an alias (*name) before or without its anchor (&name)',
    ],
  ])('is one list and nothing else: %j', async (content, problem) => {
    expect(await problemsOf('list.yaml', content)).toEqual([problem]);
  });

  it.each([
    [
      'aliases of fields',
      '- { number: &n 0669812345, tier: &t 007 }\n- { number: *n, tier: *t, targets: [A] }\n',
    ],
    ['an alias of a whole entry', '- &entry { number: 0669812345, tier: 007 }\n- *entry\n'],
    [
      'an anchor that is used again',
      '- { number: &n 4711, tier: &n 007 }\n- { number: &n 0669812345, tier: 007 }\n- { number: *n, tier: 007 }\n',
    ],
  ])('reads %s as they are written', async (_, content) => {
    const { records } = await readRecords(Buffer.from(content), 'list.yaml', { country: 'IT' });
    const { number, tier } = records.at(-1)!.record;
    expect({ number, tier }).toEqual({ number: '+390669812345', tier: '007' });
  });

  it('does not unfold aliases without end', async () => {
    const levels = Array.from(
      { length: 9 },
      (_, at) => `&l${at + 1} [${Array(10).fill(`*l${at}`).join(',')}]`,
    );
    const problems = await problemsOf('list.yaml', `- &l0 [x]\n- ${levels.join('\n- ')}\n`);
    expect(problems[0]).toBe('line 1: must be an object with at least a number and a tier');
    expect(problems.at(-1)).toBe(`line 10: ${UNFOLDS}`);
  });

  it.each([
    ['an entry', '- &a { number: 4712, tier: g, attributes: { x: *a } }'],
    ['a field', '- { number: 4712, tier: g, instructions: &i { A: *i } }'],
    ['something with more behind it', '- { number: 4712, tier: g, attributes: &i { A: [*i, *i], B: 1 } }'],
  ])('reports %s that holds itself by an alias, and nothing else', async (_, content) => {
    expect(await problemsOf('list.yaml', `- { number: 4711, tier: g }\n${content}\n`)).toEqual([
      `line 2: ${UNFOLDS}`,
    ]);
  });
});

describe.each([
  [
    'JSON',
    (number: string, tier: string) => `[{"number":${number},"tier":${tier}},`,
    '{"number":"4711","tier":"g"}]',
  ],
  [
    'YAML',
    (number: string, tier: string) => `- { number: ${number}, tier: ${tier} }`,
    '- { number: 4711, tier: g }',
  ],
])('an empty value in %s', (format, write, other) => {
  const EMPTY = ['""', '" \\t"', 'null', '"-"', '"NULL"', '"n/a"'];
  const readBeside = (entry: string) => read(`list.${format.toLowerCase()}`, `${entry}\n${other}`);

  it.each(EMPTY)('in place of a number or a tier leaves the entry out: %s', async (empty) => {
    for (const [field, entry] of [
      ['number', write(empty, '"gold"')],
      ['tier', write('"050 123 1234"', empty)],
      ['number', write(empty, empty)],
    ] as const) {
      const list = await readBeside(entry);
      expect(list.problems).toEqual([]);
      expect(list.records.map(({ record }) => record.number)).toEqual(['4711']);
      expect(list.leftOut).toEqual([expect.stringMatching(`^line 1, ${field}: (?:is missing|says that)`)]);
    }
  });

  it('does not excuse what else is wrong with the entry', async () => {
    const { problems } = await readBeside(write('null', 'true').replace('true', '["gold"]'));
    expect(problems).toEqual(['line 1, tier: must be text']);
  });
});

function parseOrUndefined(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined;
  }
}

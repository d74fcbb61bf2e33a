import { describe, expect, it } from '@jest/globals';
import { checkConfig } from '../app/app.config.js';
import { parseConfig } from '../config/read-config-file.js';

class NoOptions {}
const kinds = new Map([['none', { options: NoOptions }]]);

/** Line 1 is the target's; the rest of the file is as short as can be. */
function check(target: string, variables = {}) {
  const text = `targets: { T: ${target} }
providers: { vip-list: { kind: none }, customers: { kind: none } }
credentials: [{ id: core, apiKey: key-of-16-or-more }]`;
  return checkConfig(parseConfig(text, 'test.yaml', variables), kinds, { databaseUrl: 'sqlite::memory:' });
}

function problemsOf(target: string, variables = {}): string[] {
  try {
    check(target, variables);
    return [];
  } catch (error) {
    expect((error as Error).name).toBe('ConfigError');
    return (error as Error).message
      .split('\n- line 1, targets.T')
      .slice(1)
      .map((problem) => problem.replace(/^\./, ''));
  }
}

const ROUTES = 'routes: [{ instructions: { ExtraPriority: 5 } }]';
const withRoute = (route: string) => `{ providers: [vip-list, customers], routes: [${route}] }`;
const withInstructions = (text: string) => withRoute(`{ instructions: { ${text} } }`);

describe('a target', () => {
  it.each<[string, string]>([
    ['vip-list', ': "vip-list" is not a map of keys. Write providers: and routes:.'],
    [`{ ${ROUTES} }`, 'providers: is missing. Write the names of one or more providers.'],
    [`{ providers: [], ${ROUTES} }`, 'providers: is empty. Write the names of one or more providers.'],
    [
      `{ providers: [vip-list, customer], ${ROUTES} }`,
      'providers[1]: "customer" is not a configured provider. Did you mean "customers"? Known: vip-list, customers.',
    ],
    [
      `{ providers: [crm], ${ROUTES} }`,
      'providers[0]: "crm" is not a configured provider. Known: vip-list, customers.',
    ],
    [`{ providers: [vip-list, vip-list], ${ROUTES} }`, 'providers[1]: "vip-list" is listed twice. Keep one.'],
    [
      `{ providers: [vip-list], deadline: 5s, ${ROUTES} }`,
      'deadline: "5s" is too long. Core gives up after 5s. Write 4500ms or less. Default: 1500ms.',
    ],
    [
      `{ providers: [vip-list], deadline: 49ms, ${ROUTES} }`,
      'deadline: "49ms" is too short. Core gives up after 5s. Write 50ms or more. Default: 1500ms.',
    ],
    [
      `{ providers: [vip-list], stagger: -1ms, ${ROUTES} }`,
      'stagger: "-1ms" is not a duration. Write a number with ms, s, m, h or d, at most 24d, for example 1200ms. Default: 25ms.',
    ],
    [`{ providers: [vip-list] }`, 'routes: is missing. Write at least one route with instructions.'],
    [
      `{ providers: [vip-list], routes: [] }`,
      'routes: is empty. Write at least one route with instructions.',
    ],
    [
      `{ providers: [vip-list], routes: { tier: gold } }`,
      'routes: is a map, not a list. Write at least one route with instructions.',
    ],
    [withRoute('gold'), 'routes[0]: "gold" is not a map of keys.'],
    [withRoute('[{ instructions: { Priority: 1 } }]'), 'routes[0]: is a list, not a map of keys.'],
    [
      withRoute('{ tier: gold }'),
      'routes[0].instructions: is missing. Write what Core is to do, for example InitialTarget: VIP_SALES.',
    ],
    [
      withRoute('{ tiers: [gold], instructions: { Priority: 1 } }'),
      'routes[0].tiers: is not a known key. Did you mean "tier"? Known: tier, when, instructions.',
    ],
    [
      withRoute('{ tier: [], instructions: { Priority: 1 } }'),
      'routes[0].tier: is empty. Write at least one tier, or remove the key.',
    ],
    [
      withRoute('{ tier: [1], instructions: { Priority: 1 } }'),
      'routes[0].tier: has an entry that is not the name of a tier. Write texts, for example [gold, silver].',
    ],
    [
      withRoute('{ tier: 1, instructions: { Priority: 1 } }'),
      'routes[0].tier: "1" is not text. Put it in quotes.',
    ],
    [
      withRoute('{ when: fi-FI, instructions: { Priority: 1 } }'),
      'routes[0].when: "fi-FI" is not a map of keys. Write an extradata key and its value, for example DYN_PAR_Culture: fi-FI.',
    ],
    [
      withRoute('{ when: { A: 007 }, instructions: { Priority: 1 } }'),
      'routes[0].when.A: "007" would be compared as 7. Put it in quotes to compare it as it is written.',
    ],
    [
      withRoute('{ when: { A: { b: c } }, instructions: { Priority: 1 } }'),
      'routes[0].when.A: is a map, not a value to compare with. Write a text or a list of texts.',
    ],
    [
      withRoute('{ when: { A: [x, [y]] }, instructions: { Priority: 1 } }'),
      'routes[0].when.A[1]: is a list, not a value to compare with. Write one text.',
    ],
    [
      withRoute('{ when: { A: }, instructions: { Priority: 1 } }'),
      'routes[0].when.A: is empty. Write the value that the call must have.',
    ],
  ])('%s', (target, problem) => {
    expect(problemsOf(target)).toEqual([problem]);
  });

  it('has the name of a targetid, without blanks around it', () => {
    const file = `credentials: [{ id: core, apiKey: key-of-16-or-more }]
providers: { vip-list: { kind: none } }
targets: { " T": { providers: [vip-list], ${ROUTES} } }`;
    expect(() =>
      checkConfig(parseConfig(file, 'test.yaml', {}), kinds, { databaseUrl: 'sqlite::memory:' }),
    ).toThrow(
      'line 3, targets[" T"]: is not a name for a target. Write the targetid without blanks around it, at most 200 characters.',
    );
  });
});

describe('instructions', () => {
  const BLANK = 'is empty and would be left out. Write a value, or remove the key.';
  it.each<[string, string]>([
    ['InitialTarget: 4711', 'InitialTarget: "4711" is not text. Put it in quotes.'],
    ['FailTarget: [A]', 'FailTarget: is a list, not text. Write one text.'],
    ['Priority: "9"', 'Priority: "9" is not a number. Write a number without quotes, for example 50.'],
    [
      'ExtraPriority: high',
      'ExtraPriority: "high" is not a number. Write a number without quotes, for example 50.',
    ],
    [
      'ExtraPriority: .inf',
      'ExtraPriority: ".inf" is a number that JSON cannot carry exactly. Put it in quotes to send it as text.',
    ],
    [
      'CallTag: 12345678901234567890',
      'CallTag: "12345678901234567890" is a number that JSON cannot carry exactly. Put it in quotes to send it as text.',
    ],
    ['InitialTarget: "${EMPTY}"', `InitialTarget: "\${EMPTY}" ${BLANK}`],
    ['InitialTarget: ""', `InitialTarget: ${BLANK}`],
    ['SpokenText: ', `SpokenText: ${BLANK}`],
    ['Priority:', `Priority: ${BLANK}`],
  ])('%s', (text, problem) => {
    expect(problemsOf(withInstructions(text), { EMPTY: '' })).toEqual([`routes[0].instructions.${problem}`]);
  });

  it('are not empty', () => {
    expect(problemsOf(withRoute('{ instructions: {} }'))).toEqual([
      'routes[0].instructions: is empty. Write what Core is to do, for example InitialTarget: VIP_SALES.',
    ]);
  });

  it('have every text checked as a template, at any depth, and reported with its place', () => {
    const wrong = (text: string) =>
      expect.stringMatching(
        new RegExp(`: "${text}" is not a usable template: .* Write for example \\{\\{ name `),
      );
    const problems = problemsOf(
      withInstructions('InitialTarget: "{{ name", Priority: 1, Other: { deep: [plain, 2, "{{"] }'),
    );
    expect(problems).toEqual([wrong('{{ name'), wrong('{{')]);
    expect(problems.map((problem) => problem.split(':', 1)[0])).toEqual([
      'routes[0].instructions.InitialTarget',
      'routes[0].instructions.Other.deep[2]',
    ]);
  });
});

describe('a warning, but no refusal', () => {
  it.each(['initialTarget', 'InitalTarget', 'ExtraPriorty', 'PRIORITY', 'Failtarget'])(
    'is given for the instruction key %s',
    (key) => {
      const { warnings, targets } = check(withInstructions(`${key}: "7"`));
      expect(targets.get('T')!.routes[0]!.instructions).toEqual({ [key]: '7' });
      expect(warnings).toEqual([
        expect.stringMatching(
          new RegExp(
            `^line 1, targets\\.T\\.routes\\[0\\]\\.instructions\\.${key}: The key looks like (InitialTarget|FailTarget|Priority|ExtraPriority) misspelt; Core takes names exactly as written\\.$`,
          ),
        ),
      ]);
    },
  );

  it.each(['TextToSpeech', 'RequiredAgent', 'PreferredAgents', 'Target'])('is not given for %s', (key) => {
    expect(check(withInstructions(`${key}: "7"`)).warnings).toEqual([]);
  });

  it('is given for a route behind one that fits every VIP', () => {
    const { warnings } = check(
      withRoute('{ instructions: { Priority: 1 } }, { tier: gold, instructions: { Priority: 2 } }'),
    );
    expect(warnings).toEqual([
      'line 1, targets.T.routes[1]: This route is never used: routes[0], in line 1, has neither tier nor when and fits every VIP. Move that one to the end.',
    ]);
  });

  it('is given for a provider that no target uses', () => {
    const { warnings } = check(`{ providers: [vip-list], ${ROUTES} }`);
    expect(warnings).toEqual([
      'line 2, providers.customers: No target uses this provider. List it under providers: of a target, or remove it.',
    ]);
  });
});

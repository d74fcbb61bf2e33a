import { describe, expect, it } from '@jest/globals';
import type { JsonObject } from '../common/json.js';
import { CompiledInstructions, templateProblem } from './instructions.js';
import type { InstructionScope } from './instructions.js';

const scope: InstructionScope = {
  name: 'Aino Virtanen',
  tier: 'gold',
  attributes: { company: 'Virtanen & Co "Oy"', empty: '', agents: ['a1', 'a2'] },
  call: {
    anum: '+358501231234',
    bnum: '+358942415000',
    targetid: 'SALES_QUEUE',
    extradata: { DYN_PAR_Culture: 'fi-FI' },
  },
};
const render = (instructions: JsonObject, base?: JsonObject) =>
  new CompiledInstructions(instructions).render(scope, base && { values: base, dropped: [] });
const values = (instructions: JsonObject, base?: JsonObject): JsonObject => ({
  ...render(instructions, base).values,
});

describe('instructions', () => {
  it('fill in name, tier, attributes and the call', () => {
    expect(
      values({
        InitialTarget: 'VIP_{{ tier | upcase }}',
        Greeting: 'Hello {{ name }} of {{ attributes.company }}',
        Trace: '{{ call.anum }}|{{ call.bnum }}|{{ call.targetid }}|{{ call.extradata.DYN_PAR_Culture }}',
      }),
    ).toEqual({
      InitialTarget: 'VIP_GOLD',
      Greeting: 'Hello Aino Virtanen of Virtanen & Co "Oy"',
      Trace: '+358501231234|+358942415000|SALES_QUEUE|fi-FI',
    });
  });

  it('pass any other key through exactly as it was written', () => {
    const custom = {
      PreferredAgents: ['a', { id: 7, on: true }],
      Tts: { text: 'x', rate: 1.5 },
      Flag: false,
      Zero: 0,
      None: [],
    };
    expect(values(custom)).toEqual(custom);
  });

  it('are sparse: no nulls, no empty texts, no empty objects, at any depth', () => {
    expect(
      values({
        InitialTarget: '{{ attributes.missing }}',
        A: '',
        B: '  ',
        C: null,
        D: {},
        E: { x: '{{ attributes.empty }}', y: { z: null } },
        F: ['{{ attributes.missing }}'],
        G: ['{{ tier }}', '', null],
        ExtraPriority: 5,
      }),
    ).toEqual({ G: ['gold'], ExtraPriority: 5 });
  });

  it('of a VIP are laid over those of the route; null takes one away, an empty text leaves it', () => {
    expect(
      values(
        { InitialTarget: 'OWN', FailTarget: null, Greeting: '{{ attributes.missing }}', ExtraPriority: 90 },
        { InitialTarget: 'ROUTE', FailTarget: 'OVERFLOW', Greeting: 'Hello', Priority: 1 },
      ),
    ).toEqual({ InitialTarget: 'OWN', Greeting: 'Hello', Priority: 1, ExtraPriority: 90 });
  });

  it('drop, and name, what has the wrong type for Core or cannot be rendered', () => {
    const { values: made, dropped } = render({
      InitialTarget: 7,
      Priority: '{{ tier }}',
      Bad: '{{ name | nosuchfilter }}',
      Map: 'Hello {{ attributes }}',
      Maps: 'Hello {{ call.extradata | map: "x" }}{{ call }}',
      Ok: 1,
    });
    expect({ ...made }).toEqual({ Ok: 1 });
    expect(dropped).toEqual(['InitialTarget', 'Priority', 'Bad', 'Map', 'Maps']);
  });

  it('cannot reach prototypes, files or loops', () => {
    expect(values({ A: '[{{ attributes.constructor }}{{ name.constructor }}{{ call.__proto__ }}]' })).toEqual(
      { A: '[]' },
    );
    expect(templateProblem("{% include '/etc/passwd' %}")).toContain('is not a usable template');
    expect(templateProblem('{% for i in (1..100000000) %}x{% endfor %}')).toContain(
      'is not a usable template',
    );
    expect(render({ A: '{% for i in (1..100000000) %}x{% endfor %}' }).dropped).toEqual(['A']);
  });

  it('are not given up because the process stood still for a moment', () => {
    let stalls = 0;
    const attributes = {
      get company(): string {
        const endMs = performance.now() + (stalls++ === 0 ? 80 : 0);
        while (performance.now() < endMs);
        return 'Acme';
      },
    };
    const greeting = new CompiledInstructions({ Greeting: '{{ attributes.company }} {{ name }}' });
    expect(greeting.render({ ...scope, attributes })).toMatchObject({
      values: { Greeting: `Acme ${scope.name}` },
      dropped: [],
    });
    expect(stalls).toBe(2);
  });

  it('treat a value as text, never as a template', () => {
    const hostile = { ...scope, name: '{{ call.anum }}{% raw %}' };
    expect({ ...new CompiledInstructions({ A: '{{ name }}' }).render(hostile).values }).toEqual({
      A: '{{ call.anum }}{% raw %}',
    });
  });

  it('keep a key called __proto__ as data', () => {
    const own = JSON.parse('{"__proto__": {"polluted": true}, "A": 1}') as JsonObject;
    const made = render(own).values;
    expect(JSON.stringify(made)).toBe('{"__proto__":{"polluted":true},"A":1}');
    expect(({} as Record<string, unknown>)['polluted']).toBeUndefined();
  });

  it.each([
    ['{{ name', 'output "{{ name" not closed'],
    ['{% if tier %}x', 'tag {% if tier %} not closed'],
    ['{{ name | nosuch }}', 'undefined filter: nosuch'],
  ])('say what is wrong with the template %j', (text, reason) => {
    expect(templateProblem(text)).toBe(
      `is not a usable template: ${reason}, line:1, col:1. Write for example {{ name }} or {{ attributes.company | default: "you" }}.`,
    );
  });

  it('say nothing of a good template or a plain text', () => {
    expect(templateProblem('Hello {{ name | default: "you" }}')).toBeUndefined();
    expect(templateProblem('100 % {braces}')).toBeUndefined();
  });
});

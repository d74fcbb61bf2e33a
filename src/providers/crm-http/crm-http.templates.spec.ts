import { describe, expect, it } from '@jest/globals';
import { crmOptionProblems } from '../../../test/support/crm-provider.js';
import { CALLER_VARIABLES, templateProblem } from './crm-http.templates.js';

const problemOf = (text: string): string | undefined => templateProblem(text, 'url', CALLER_VARIABLES);

describe('a list in a template', () => {
  it.each([
    '{{ numbers }}',
    '{{numbers}}',
    '{{ numbers | default: number }}',
    '{{ numbers | slice: 0, 2 }}',
    '{{ numbers | append: "x" }}',
    '{{ numbers | remove: "+" }}',
    '{{ numbers | upcase }}',
    '{{ numbers | split: "," | first }}',
    '{% assign all = numbers %}{{ all }}',
    '{% if numbers %}{{ numbers }}{% endif %}',
    '{% for n in numbers %}{{ numbers }}{% endfor %}',
  ])('is refused as one text: %s', (text) => {
    expect(problemOf(`?phone=${text}`)).toMatch(/^writes numbers, a list, as one text/);
  });

  it.each([
    '{{ numbers | join: "," }}',
    '{{ numbers | join: "," | upcase }}',
    '{{ numbers | first }}',
    '{{ numbers | last | remove: "+" }}',
    '{{ numbers | slice: 0, 1 | join }}',
    '{% for n in numbers %}{{ n | remove: "+" }}{% endfor %}',
    '{% for n in numbers %}{% unless forloop.first %},{% endunless %}{{ n }}{% endfor %}',
    '{{ number }}',
    '{{ caller.text }}',
  ])('may be written item by item: %s', (text) => {
    expect(problemOf(`?phone=${text}`)).toBeUndefined();
  });

  it('is refused in headers and bodies, too', () => {
    const options = { url: 'https://crm.example/', record: '$', method: 'POST' };
    const problem = /writes numbers, a list, as one text/;
    for (const written of [
      { headers: { 'X-Phone': '{{ numbers }}' } },
      { body: { phone: ['{{ numbers }}'] } },
      { body: '{"phone": "{{ numbers }}"}' },
    ]) {
      expect(crmOptionProblems({ ...options, ...written })).toEqual([expect.stringMatching(problem)]);
    }
  });
});

import { describe, expect, it } from '@jest/globals';
import { XmlError, XmlReader } from './xml-reader.js';

const attributes = (count: number) => Array.from({ length: count }, (_, at) => `a${at}="x"`).join(' ');

describe('XML', () => {
  it('is refused at an attribute too many, before its element ends', () => {
    const reader = new XmlReader({});
    expect(() => [...reader.write(`<a ${attributes(201)} `)]).toThrow(
      new XmlError(1, 'has more than 200 attributes in one element'),
    );
  });

  const problemOf = (xml: string): { line: number; message: string } => {
    const reader = new XmlReader({});
    try {
      Array.from(reader.write(xml));
      reader.end();
    } catch (error) {
      if (error instanceof XmlError) return error;
      throw error;
    }
    return { line: 0, message: '' };
  };

  it.each([
    ['R & D', 'write &amp;'],
    ['R &\nD', 'write &amp;'],
    ['R&D;', 'write &amp;'],
    ['5 &nbsp; 6', 'write &amp;'],
    ['<b x="R & D"/>', 'write &amp;'],
    ['1 < 2', 'write &lt;'],
    ['<1/>', 'write &lt;'],
    ['<!-- x -- y -->', '(a comment has -- in it); take that away'],
    ['<b></c>', '(a closing tag is not that of the element before it)'],
    ['<b x=y/>', 'put its value in double quotes'],
    ['<b x/>', 'put its value in double quotes'],
    [`<b x="${'x'.repeat(200_000)}"/>`, 'more than 65536 characters); shorten it'],
  ])('names the line of what is not valid in it, and the cure: %.20s', (inside, cure) => {
    const { line, message } = problemOf(`<a>\n\n${inside}</a>`);
    expect([line, message]).toEqual([3, expect.stringMatching(/^is not valid XML \(/)]);
    expect(message).toContain(cure);
  });

  it.each([
    ['<!--', 'begins a comment that has no end; write --> behind it'],
    ['<![CDATA[', 'begins a CDATA section that has no end; write ]]> behind it'],
  ])('names the line on which %s begins that has no end, however long it is', (begin, message) => {
    for (const before of ['', '\n'.repeat(20_000), '<b>x</b>\n'.repeat(5_000)]) {
      const lines = before.split('\n').length;
      const xml = `<a>${before}${begin} x ${'<b>\n</b>'.repeat(50_000)}</a>`;
      expect(problemOf(xml)).toMatchObject({ line: lines, message });
    }
  });

  it('may have long comments and CDATA sections', () => {
    const text = '<b>-\n'.repeat(50_000);
    expect(problemOf(`<a><!-- ${text} --><![CDATA[${text}]]></a>`).message).toBe('');
    expect(problemOf(`<a><!-- ${text} -->\n R & D</a>`).line).toBe(50_002);
  });

  it('has nothing outside of its first element', () => {
    expect(problemOf('\nx <a/>')).toMatchObject({
      line: 2,
      message: expect.stringContaining('(text is outside of the first element)') as unknown,
    });
  });

  it('may have many attributes, each element its own', () => {
    const seen: number[] = [];
    const reader = new XmlReader({ onOpen: (_, found) => seen.push(Object.keys(found).length) });
    const steps = [...reader.write(`<a ${attributes(200)}><b ${attributes(200)}/><c x="1"/></a>`)];
    reader.end();
    expect([steps.length, seen]).toEqual([1, [200, 200, 1]]);
  });
});

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

  it('may have many attributes, each element its own', () => {
    const seen: number[] = [];
    const reader = new XmlReader({ onOpen: (_, found) => seen.push(Object.keys(found).length) });
    const steps = [...reader.write(`<a ${attributes(200)}><b ${attributes(200)}/><c x="1"/></a>`)];
    reader.end();
    expect([steps.length, seen]).toEqual([1, [200, 200, 1]]);
  });
});

import { describe, expect, it } from '@jest/globals';
import { textRow, workbook } from '../../../../test/support/workbook.js';
import { readRecords } from '../record-file.js';

const NUMBER = '050 123 1234';
const PHONETIC = '<rPh sb="0" eb="1"><t>99</t></rPh><phoneticPr fontId="1"/>';
const EXTENSION =
  '<extLst><ext xmlns:x="urn:x"><x:v>99</x:v><x:t>99</x:t><x:r><x:t>99</x:t></x:r></ext></extLst>';

/** The numbers of a list in which `cell` is the cell of a number. */
async function numbersOf(cell: string, texts = ''): Promise<string[]> {
  const gold = '<c r="B2" t="inlineStr"><is><t>gold</t></is></c>';
  const rows = `${textRow(1, 'number', 'tier')}<row r="2">${cell}${gold}</row>`;
  const list = await readRecords(workbook({ sheets: [{ rows }], texts }), 'list.xlsx', { country: 'FI' });
  return list.records.map(({ record }) => record.number);
}

describe('the text of a cell in a workbook', () => {
  const inline = (inside: string, behind = '') => `<c r="A2" t="inlineStr"><is>${inside}</is>${behind}</c>`;

  it.each([
    ['how it is pronounced', inline(`<t>${NUMBER}</t>${PHONETIC}`)],
    ['how it is pronounced, in front', inline(`${PHONETIC}<t>${NUMBER}</t>`)],
    ['how its parts are', inline(`<r><rPr><b/></rPr><t>050 123</t></r><r><t> 1234</t></r>${PHONETIC}`)],
    ['how a part of it is', inline(`<r><t>050 123 </t>${PHONETIC}</r><r><t>1234</t></r>`)],
    ['how it is, in runs', inline(`<t>${NUMBER}</t><rPh sb="0" eb="1"><r><t>99</t></r></rPh>`)],
    ['an extension in it', inline(`<t>${NUMBER}</t>${EXTENSION}`)],
    ['an extension behind it', inline(`<t>${NUMBER}</t>`, EXTENSION)],
    ['the same as a value', inline(`<t>${NUMBER}</t>`, '<v>99</v>')],
    ['nothing but a value', `<c r="A2" t="inlineStr"><v>${NUMBER}</v></c>`],
    ['a formula', `<c r="A2" t="str"><f>A1&amp;"99"</f><v>${NUMBER}</v>${EXTENSION}</c>`],
    ['an extension, of a number', `<c r="A2"><v>501231234</v>${EXTENSION}</c>`],
    ['a text, of a number', '<c r="A2"><v>501231234</v><is><t>99</t></is></c>'],
  ])('has nothing of what stands beside it: %s', async (_, cell) => {
    expect(await numbersOf(cell)).toEqual(['+358501231234']);
  });

  it.each([PHONETIC, EXTENSION])('has nothing of that in shared texts either: %s', async (beside) => {
    const texts = `<si><t>1</t></si><si><r><t>050 123 </t></r><r><t>1234</t></r>${beside}</si>`;
    expect(await numbersOf('<c r="A2" t="s"><v>1</v></c>', texts)).toEqual(['+358501231234']);
  });

  it.each(['s', 'b', 'n'])('is empty where it has none, whatever its type says: %s', async (type) => {
    expect(await numbersOf(`<c r="A2" t="${type}"/>`, '<si><t>050 123 1234</t></si>')).toEqual([]);
  });
});

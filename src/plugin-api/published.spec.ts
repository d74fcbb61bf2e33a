import { describe, expect, it } from '@jest/globals';
import { fileURLToPath } from 'node:url';
import ts from 'typescript';

const ENTRIES = ['index.ts', 'testing/index.ts'].map((name) => fileURLToPath(new URL(name, import.meta.url)));
const options = {
  module: ts.ModuleKind.NodeNext,
  moduleResolution: ts.ModuleResolutionKind.NodeNext,
  noLib: true,
  types: [],
};
const program = ts.createProgram(ENTRIES, options);
const checker = program.getTypeChecker();

/** Name -> its doc-block's tags and text. */
function exportsOf(entry: string) {
  const module = checker.getSymbolAtLocation(program.getSourceFile(entry)!)!;
  return checker.getExportsOfModule(module).map((exported) => {
    const symbol = exported.flags & ts.SymbolFlags.Alias ? checker.getAliasedSymbol(exported) : exported;
    const since = symbol.getJsDocTags(checker).find(({ name }) => name === 'since');
    return {
      name: exported.name,
      about: ts.displayPartsToString(symbol.getDocumentationComment(checker)),
      since: ts.displayPartsToString(since?.text),
    };
  });
}

describe.each(ENTRIES)('all that %s publishes', (entry) => {
  const published = exportsOf(entry);

  it('says what it is', () => {
    expect(published.length).toBeGreaterThan(10);
    expect(published.filter(({ about }) => about === '').map(({ name }) => name)).toEqual([]);
  });

  it('says since which version it is there', () => {
    expect(published.filter(({ since }) => !/^\d+\.\d+\.\d+$/.test(since)).map(({ name }) => name)).toEqual(
      [],
    );
  });
});

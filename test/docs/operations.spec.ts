import { describe, expect, it } from '@jest/globals';
import { readdirSync, readFileSync } from 'node:fs';
import ts from 'typescript';

const LEVELS = ['trace', 'debug', 'info', 'warn', 'error', 'fatal'];
/** What has methods of these names and is not a log; the rest is taken for one, so that no line of the log is overlooked. */
const NOT_LOGS = ['report', 'source', 'this', 'console'];
/** Hands on what Nest itself logs. */
const HANDS_ON = 'src/observability/logger.ts';
/** How the constants are called that hold what health says. */
const REASON_NAME = /^HEALTH_REASONS?$/;

const root = new URL('../../', import.meta.url);
const page = readFileSync(new URL('docs/operations.md', root), 'utf8');
const sources = readdirSync(new URL('src/', root), { recursive: true, encoding: 'utf8' })
  .filter((path) => /\.ts$/.test(path) && !/\.(spec|contract)\.ts$|^plugin-api\/testing\//.test(path))
  .map((path) => `src/${path}`)
  .map((path) =>
    ts.createSourceFile(path, readFileSync(new URL(path, root), 'utf8'), ts.ScriptTarget.ESNext, true),
  );

function everyNode(visit: (node: ts.Node, file: ts.SourceFile) => void): void {
  for (const file of sources) {
    const step = (node: ts.Node): void => {
      visit(node, file);
      node.forEachChild(step);
    };
    step(file);
  }
}

const placeOf = (node: ts.Node, file: ts.SourceFile): string =>
  `${file.fileName}:${file.getLineAndCharacterOfPosition(node.getStart()).line + 1}`;

/** The texts that an expression can be; `undefined` when that is not known before the service runs. */
function textsOf(node: ts.Expression | undefined): string[] | undefined {
  if (node === undefined) return undefined;
  if (ts.isStringLiteralLike(node)) return [node.text];
  if (!ts.isConditionalExpression(node)) return undefined;
  const branches = [textsOf(node.whenTrue), textsOf(node.whenFalse)];
  return branches.includes(undefined) ? undefined : branches.flatMap((texts) => texts!);
}

/** The levels that a call logs at; none for what is not a log. */
function levelsOf({ expression: called }: ts.CallExpression): readonly string[] {
  if (ts.isPropertyAccessExpression(called)) {
    return NOT_LOGS.includes(called.expression.getText()) ? [] : [called.name.text];
  }
  return ts.isElementAccessExpression(called) ? (textsOf(called.argumentExpression) ?? []) : [];
}

/** What a page's table has under each of its headings, row by row; of a cell with code, the code. */
function tableBelow(line: string): string[][] {
  const [, below] = page.split(`\n${line}\n`);
  const rows = below!.split('\n').filter((row) => row.startsWith('|'));
  const end = below!.split('\n').findIndex((row, index) => index > 2 && !row.startsWith('|'));
  return rows.slice(2, end < 0 ? undefined : end - 1).map((row) => row.split('|').map((cell) => cell.trim()));
}

const codes = (cell: string): string[] => [...cell.matchAll(/`([^`]+)`/g)].map(([, code]) => code!);

describe('docs/operations.md', () => {
  it('has every line of the log with its level, and no other', () => {
    const logged = new Set<string>();
    const unfixed: string[] = [];
    everyNode((node, file) => {
      if (!ts.isCallExpression(node) || file.fileName === HANDS_ON) return;
      const levels = levelsOf(node).filter((level) => LEVELS.includes(level));
      if (levels.length === 0) return;
      const texts = textsOf(node.arguments.at(-1));
      if (texts === undefined) unfixed.push(placeOf(node, file));
      for (const level of levels) for (const text of texts ?? []) logged.add(`${level}: ${text}`);
    });
    const told = tableBelow('What a line of the log says, and what to do:').flatMap(([, texts, levels]) =>
      codes(texts!).flatMap((text) => codes(levels!).map((level) => `${level}: ${text}`)),
    );
    expect(unfixed).toEqual([]);
    expect(logged.size).toBeGreaterThan(50);
    expect(told.sort()).toEqual([...logged].sort());
  });

  it('has every reason that health gives, and no other', () => {
    const reasons: string[] = [];
    const inline: string[] = [];
    everyNode((node, file) => {
      if (ts.isVariableDeclaration(node) && REASON_NAME.test(node.name.getText())) {
        const values = ts.isObjectLiteralExpression(node.initializer!)
          ? node.initializer.properties.map((one) => (one as ts.PropertyAssignment).initializer)
          : [node.initializer!];
        reasons.push(...values.flatMap((value) => textsOf(value)!));
      }
      const reason = reasonIn(node);
      if (reason !== undefined && beginsWithText(reason)) inline.push(placeOf(node, file));
    });
    const told = tableBelow('What a `reason` says, and what to do:').flatMap(([, , cell]) => codes(cell!));
    expect(inline).toEqual([]);
    expect(told).toEqual([...new Set(told)]);
    expect(reasons.length).toBeGreaterThan(20);
    expect(reasons.filter((reason) => !told.some((text) => text.includes(reason)))).toEqual([]);
    expect(told.filter((text) => !reasons.some((reason) => text.includes(reason)))).toEqual([]);
  });
});

/** The reason that a node gives to health, where it does. */
function reasonIn(node: ts.Node): ts.Expression | undefined {
  if (ts.isObjectLiteralExpression(node)) {
    const valueOf = (name: string): ts.Expression | undefined =>
      node.properties.filter(ts.isPropertyAssignment).find((one) => one.name.getText() === name)?.initializer;
    const status = valueOf('status');
    const isHealth =
      (status !== undefined && textsOf(status)?.[0] === 'degraded') ||
      /\.(down|degraded)$|#notOpen$/.test(receiverOf(node.parent));
    return isHealth ? valueOf('reason') : undefined;
  }
  if (ts.isCallExpression(node) && /#happened$|[sS]tatus\.refuse$/.test(node.expression.getText())) {
    return node.arguments.at(-1);
  }
  return undefined;
}

/** What an object is given to. */
function receiverOf(parent: ts.Node): string {
  if (ts.isCallExpression(parent)) return parent.expression.getText();
  return ts.isBinaryExpression(parent) ? parent.left.getText() : '';
}

/** Such a text belongs into a `HEALTH_REASON`. */
function beginsWithText(node: ts.Expression): boolean {
  if (ts.isTemplateExpression(node)) {
    return !node.templateSpans.some(({ expression }) => expression.getText().startsWith('HEALTH_REASON'));
  }
  return textsOf(node) !== undefined;
}

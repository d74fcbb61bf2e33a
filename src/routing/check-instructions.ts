import type { ConfigMap, ConfigNode, ConfigScalar } from '../config/config-node.js';
import { toPlain } from '../config/config-node.js';
import type { Report } from '../config/report.js';
import { NOT_TEXT } from '../config/rules.js';
import { coreInstructions, coreInstructionType } from './core-instructions.js';
import type { JsonObject } from '../common/json.js';
import { nearName } from '../common/near-name.js';
import { templateProblem } from './instructions.js';

/** Checks what a route tells Core: types of the known keys, likely misspellings of them, every text. */
export function checkInstructions(map: ConfigMap, report: Report): JsonObject {
  const instructions: JsonObject = {};
  for (const [key, node] of map.entries) {
    const type = coreInstructionType(key);
    if (type === 'string') checkTextKey(node, report);
    else if (type === 'number') checkNumberKey(node, report);
    else warnOfMisspelling(key, node, report);
    if (isBlank(node)) report.at(node, 'is empty and would be left out. Write a value, or remove the key.');
    checkValues(node, report);
    instructions[key] = (type === 'number' ? numberOf(node) : undefined) ?? (toPlain(node) as JsonObject);
  }
  return instructions;
}

function checkTextKey(node: ConfigNode, report: Report): void {
  if (node.kind === 'scalar' && (typeof node.value === 'string' || node.value === null)) return;
  report.at(node, node.kind === 'scalar' ? NOT_TEXT : 'is not text. Write one text.');
}

function checkNumberKey(node: ConfigNode, report: Report): void {
  if (numberOf(node) !== undefined || (node.kind === 'scalar' && node.value === null)) return;
  report.at(node, 'is not a number. Write a number without quotes, for example 50.');
}

function numberOf(node: ConfigNode): number | undefined {
  if (node.kind !== 'scalar') return undefined;
  if (typeof node.value === 'number') return node.value;
  const isNumber = node.variable && /^[+-]?\d+(\.\d+)?$/.test(String(node.value).trim());
  return isNumber ? Number(node.value) : undefined;
}

/** Core ignores unknown keys, so a misspelling would go unnoticed; but new keys must remain possible. */
function warnOfMisspelling(key: string, node: ConfigNode, report: Report): void {
  const meant = nearName(key, coreInstructions());
  if (meant !== undefined) {
    report.warn(node, `The key looks like ${meant} misspelt; Core takes names exactly as written.`);
  }
}

function isBlank(node: ConfigNode): boolean {
  return (
    node.kind === 'scalar' &&
    (node.value === null || (typeof node.value === 'string' && node.value.trim() === ''))
  );
}

function checkValues(node: ConfigNode, report: Report): void {
  if (node.kind === 'list') node.items.forEach((item) => checkValues(item, report));
  else if (node.kind === 'map') node.entries.forEach((child) => checkValues(child, report));
  else checkScalar(node, report);
}

function checkScalar(node: ConfigScalar, report: Report): void {
  const { value } = node;
  if (typeof value === 'number' && !(Number.isSafeInteger(value) || isFraction(value))) {
    report.at(node, 'is a number that JSON cannot carry exactly. Put it in quotes to send it as text.');
  }
  const problem = typeof value === 'string' ? templateProblem(value) : undefined;
  if (problem !== undefined) report.at(node, problem);
}

function isFraction(value: number): boolean {
  return Number.isFinite(value) && !Number.isInteger(value);
}

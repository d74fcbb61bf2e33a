import type { ConfigMap, ConfigNode } from '../config/config-node.js';
import { toPlain } from '../config/config-node.js';
import type { Report } from '../config/report.js';
import { NOT_TEXT } from '../config/rules.js';
import { coreInstructions, coreInstructionType } from './core-instructions.js';
import type { Json, JsonObject } from '../common/json.js';
import { nearName } from '../common/near-name.js';
import { templateProblem } from './instructions.js';

/** Checks what a route tells Core: types of the known keys, likely misspellings of them, every text. */
export function checkInstructions(map: ConfigMap, report: Report): JsonObject {
  const instructions: JsonObject = {};
  for (const [key, node] of map.entries) {
    const type = coreInstructionType(key);
    const value = (type === 'number' ? numberOf(node) : undefined) ?? (toPlain(node) as Json);
    if (type === undefined) warnOfMisspelling(key, node, report);
    else if (value !== null && typeof value !== type) report.at(node, wrongType(type, node));
    if (value === null || (typeof value === 'string' && value.trim() === '')) {
      report.at(node, 'is empty and would be left out. Write a value, or remove the key.');
    }
    checkValues(node, report);
    instructions[key] = value;
  }
  return instructions;
}

function wrongType(type: 'string' | 'number', { kind }: ConfigNode): string {
  if (type === 'number') return 'is not a number. Write a number without quotes, for example 50.';
  return kind === 'scalar' ? NOT_TEXT : 'is not text. Write one text.';
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

function checkValues(node: ConfigNode, report: Report): void {
  if (node.kind === 'list') return node.items.forEach((item) => checkValues(item, report));
  if (node.kind === 'map') return node.entries.forEach((child) => checkValues(child, report));
  const { value } = node;
  if (typeof value === 'number' && (!Number.isFinite(value) || Math.abs(value) > Number.MAX_SAFE_INTEGER)) {
    report.at(node, 'is a number that JSON cannot carry exactly. Put it in quotes to send it as text.');
  }
  const problem = typeof value === 'string' ? templateProblem(value) : undefined;
  if (problem !== undefined) report.at(node, problem);
}

/** The instructions that Core documents by name, and the JSON type of each; others exist, their names are not public. */
export const CORE_INSTRUCTIONS = {
  InitialTarget: 'string',
  FailTarget: 'string',
  Priority: 'number',
  ExtraPriority: 'number',
} as const satisfies Readonly<Record<string, 'string' | 'number'>>;

/** The type that Core wants for an instruction; `undefined` for one that it does not document. */
export function coreInstructionType(name: string): 'string' | 'number' | undefined {
  return Object.hasOwn(CORE_INSTRUCTIONS, name)
    ? CORE_INSTRUCTIONS[name as keyof typeof CORE_INSTRUCTIONS]
    : undefined;
}

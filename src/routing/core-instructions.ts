interface CoreInstruction {
  /** The JSON type that Core expects. */
  readonly type: 'string' | 'number';
  readonly description: string;
  readonly example: string | number;
}

/**
 * The instructions that Core documents by name; others exist, but their names are not public. Schema, checks and API
 * page use this list.
 */
export const CORE_INSTRUCTIONS: Readonly<Record<string, CoreInstruction>> = {
  InitialTarget: {
    type: 'string',
    description: 'Queue, user or number the call goes to, or DISCONNECT:.',
    example: 'VIP_SALES_FI',
  },
  FailTarget: {
    type: 'string',
    description: 'Where the call goes when the initial target does not answer.',
    example: 'SALES_OVERFLOW',
  },
  Priority: { type: 'number', description: 'Priority in the queue.', example: 10 },
  ExtraPriority: { type: 'number', description: 'Added to the priority in the queue.', example: 50 },
};

/** Their names, of one type or all. */
export function coreInstructions(type?: CoreInstruction['type']): string[] {
  return Object.keys(CORE_INSTRUCTIONS).filter(
    (name) => type === undefined || CORE_INSTRUCTIONS[name]!.type === type,
  );
}

/** The type that Core expects for an instruction; `undefined` for an undocumented one. */
export function coreInstructionType(name: string): CoreInstruction['type'] | undefined {
  return Object.hasOwn(CORE_INSTRUCTIONS, name) ? CORE_INSTRUCTIONS[name]!.type : undefined;
}

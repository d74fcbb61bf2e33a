/**
 * The answer 200: only the properties that Core is to touch. Four are known by name; any other key is passed through as
 * the administrator wrote it.
 */
export class RoutingInstructions {
  InitialTarget?: string;
  FailTarget?: string;
  Priority?: number;
  ExtraPriority?: number;
}

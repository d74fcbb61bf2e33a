import { pino } from 'pino';
import { LOGGER } from '../../src/observability/logger.js';
import type { Logger } from '../../src/observability/logger.js';
import type { RunningService } from './service.js';

/** The lines that a service of this process logs from now on at level `info`, instead of writing them. */
export function logLinesOf(service: RunningService): Record<string, unknown>[] {
  const lines: Record<string, unknown>[] = [];
  const logger = service.app.get<Logger>(LOGGER);
  const { [pino.symbols.streamSym as unknown as 'stream']: stream } = logger as unknown as {
    stream: { write(line: string): boolean };
  };
  stream.write = (line) => lines.push(JSON.parse(line) as Record<string, unknown>) > 0;
  logger.level = 'info';
  return lines;
}

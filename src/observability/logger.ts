import type { LoggerService } from '@nestjs/common';
import { pino } from 'pino';
import type { DestinationStream, Logger } from 'pino';
import { within } from '../common/time-limit.js';
import type { LoggingConfig } from './logging.config.js';
import { LogOutput } from './log-output.js';
import { maskNumbersIn } from './masking.js';

export type { Logger };

export const LOGGER = Symbol.for('smartrouting-vip.logger');

/**
 * Standard output for which no call waits. The rest is written when the process exits.
 * @param dropped is called with the number of lost lines: there was no room, or they could not be written
 */
export function standardOutput(dropped: (lines: number) => void): DestinationStream {
  const output = new LogOutput(1, dropped);
  if (outputs.push(new WeakRef(output)) === 1) {
    process.once('exit', () => outputs.forEach((one) => one.deref()?.end()));
  }
  return output;
}

/** Tests create many. Node keeps one alive that still has something to write. */
const outputs: WeakRef<LogOutput>[] = [];

/**
 * The service's one logger: JSON lines. Errors are written as name, code and message with telephone
 * numbers masked; stacks only at level `debug`.
 * @param mixin returns fields for every line; called for each
 */
export function createLogger(
  config: LoggingConfig,
  destination?: DestinationStream,
  mixin?: () => object,
): Logger {
  const error = (value: unknown): unknown => describeError(value, logger.level === 'debug');
  const options = {
    level: config.level,
    base: null,
    timestamp: isoTime,
    formatters: { level: (label: string) => ({ level: label }) },
    serializers: { err: error, error },
    ...(mixin && { mixin }),
  };
  const logger = pino(options, destination);
  return logger;
}

/**
 * True when every line has been written, or cannot be; false if that takes longer than `limitMs`, because nobody
 * reads standard output.
 */
export function logWritten(logger: Logger, limitMs: number): Promise<boolean> {
  const written = new Promise<boolean>((resolve) => logger.flush(() => resolve(true)));
  return within(limitMs, written, false);
}

let timeMs = 0;
let timeText = '';

/** As pino's `isoTime`, but lines of the same millisecond share the text. */
function isoTime(): string {
  const nowMs = Date.now();
  if (nowMs !== timeMs) {
    timeMs = nowMs;
    timeText = `,"time":"${new Date(nowMs).toISOString()}"`;
  }
  return timeText;
}

function describeError(value: unknown, withStack: boolean): unknown {
  if (typeof value !== 'object' || value === null) return maskNumbersIn(String(value));
  const { name, code, message, stack, cause } = value as Partial<Error> & { code?: unknown };
  return {
    name,
    ...(code !== undefined && { code }),
    message: maskNumbersIn(String(message ?? '')),
    ...(withStack && stack !== undefined && { stack: maskNumbersIn(stack) }),
    ...(cause !== undefined && { cause: describeError(cause, withStack) }),
  };
}

/** Makes Nest write its messages through our logger, so that all lines have the same JSON form. */
export class NestLogger implements LoggerService {
  constructor(private readonly logger: Logger) {}

  readonly log = this.#writer('debug');
  readonly warn = this.#writer('warn');
  readonly error = this.#writer('error');
  readonly fatal = this.#writer('fatal');
  readonly debug = this.#writer('trace');
  readonly verbose = this.#writer('trace');

  #writer(level: 'trace' | 'debug' | 'warn' | 'error' | 'fatal') {
    return (message: unknown, ...context: unknown[]): void => this.logger[level](...line(message, context));
  }
}

function line(message: unknown, context: unknown[]): [object, string] {
  const name = context.at(-1);
  const fields = typeof name === 'string' ? { context: name } : {};
  return message instanceof Error
    ? [{ ...fields, error: message }, message.name]
    : [fields, maskNumbersIn(String(message))];
}

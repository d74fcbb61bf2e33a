import { Key } from '../config/key.js';
import { oneOf } from '../config/rules.js';
import type { TracingConfig } from './tracing-environment.js';

export class LoggingSection {
  @Key(
    'Least important messages that are logged.',
    oneOf('a log level', ['debug', 'info', 'warn', 'error', 'silent'], 'info'),
    { default: 'info' },
  )
  level: 'debug' | 'info' | 'warn' | 'error' | 'silent' = 'info';

  @Key(
    'Telephone numbers in logs: masked (+35850*****34) or plain.',
    oneOf('a way to log numbers', ['masked', 'plain'], 'masked'),
    { default: 'masked' },
  )
  numbers: 'masked' | 'plain' = 'masked';
}

/** The part of the configuration that this room sees. */
export interface ObservabilityConfig {
  readonly logging: LoggingConfig;
  /** From the `OTEL_` variables; absent: no traces. */
  readonly tracing?: TracingConfig | undefined;
  readonly server: { readonly path: string; readonly tls: object | undefined };
  readonly providers: ReadonlyMap<string, unknown>;
  readonly targets: ReadonlyMap<string, unknown>;
}

export type LoggingConfig = Readonly<LoggingSection>;

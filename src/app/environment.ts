import { ConfigError } from '../config/config-error.js';
import type { ConfigProblem } from '../config/config-error.js';
import { shorten } from '../config/config-node.js';
import { DEFAULT_CONFIG } from '../config/read-config-file.js';
import type { KeyRule } from '../config/key.js';
import type { Variables } from '../config/read-config-file.js';
import { databaseUrlProblem, ownDatabaseUrl } from '../database/url.js';
import * as rules from '../config/rules.js';
import { readTracing } from '../observability/tracing-environment.js';
import type { TracingConfig } from '../observability/tracing-environment.js';

/** What the service takes from the environment. An empty variable counts as not set. */
export interface Environment {
  /** `SMARTROUTING_CONFIG`, as given; relative to the working directory. */
  readonly configFile: string;
  /** `PORT`, over `server.port`. */
  readonly port?: number;
  /** `HOST`, over `server.host`. */
  readonly host?: string;
  /** `MANAGEMENT_PORT`, over `management.port`; makes the port where the file has none. */
  readonly managementPort?: number;
  /** `MANAGEMENT_HOST`, over `management.host`. */
  readonly managementHost?: string;
  /** `DATABASE_URL`: `sqlite:<absolute path>`, `sqlite::memory:`, `mysql://user:password@host:port/database`, several hosts with commas, or `postgres://…`. */
  readonly databaseUrl: string;
  /** What the `OTEL_` variables ask for; absent: no traces. */
  readonly tracing?: TracingConfig;
  /** Settings that are not supported, and do not stop the start. */
  readonly warnings?: readonly string[];
  /** All variables, for `${NAME}` in the file. Secrets are among them: never log this. */
  readonly variables: Variables;
}

const DEFAULT_DATABASE = 'sqlite:data/smartrouting.sqlite';

/**
 * The only place where the environment is read.
 * @throws ConfigError naming the variables; never shows `DATABASE_URL`, which holds a password
 */
export function readEnvironment(env: Variables = process.env): Environment {
  const problems: ConfigProblem[] = [];
  const refuse = (key: string, message: string) => void problems.push({ key, message });
  const given = (name: string) => (env[name] === '' ? undefined : env[name]);

  const checked = <T>(name: string, rule: KeyRule, read: (text: string) => unknown): T | undefined => {
    const text = given(name);
    const value = text === undefined ? undefined : read(text);
    const problem = text === undefined ? undefined : rule.problem(value);
    if (problem !== undefined) refuse(name, `${JSON.stringify(shorten(text!))} ${problem}`);
    return value as T | undefined;
  };
  const port = checked<number>('PORT', rules.port, readPort);
  const host = checked<string>('HOST', rules.host, String);
  const managementPort = checked<number>('MANAGEMENT_PORT', rules.furtherPort, readPort);
  const managementHost = checked<string>('MANAGEMENT_HOST', rules.host, String);

  const databaseUrl = ownDatabaseUrl(given('DATABASE_URL') ?? DEFAULT_DATABASE);
  const databaseProblem = databaseUrl.startsWith('sqlite://')
    ? 'has // after sqlite:. Write sqlite:data/vip.sqlite, or sqlite:/var/lib/vip.sqlite.'
    : databaseUrlProblem(databaseUrl);
  if (databaseProblem !== undefined) refuse('DATABASE_URL', databaseProblem);

  if (problems.length > 0) throw new ConfigError('environment', problems);
  const { tracing, warnings } = readTracing(env);
  return {
    configFile: given('SMARTROUTING_CONFIG') ?? DEFAULT_CONFIG,
    ...(port !== undefined && { port }),
    ...(host !== undefined && { host }),
    ...(managementPort !== undefined && { managementPort }),
    ...(managementHost !== undefined && { managementHost }),
    databaseUrl,
    ...(tracing !== undefined && { tracing }),
    ...(warnings.length > 0 && { warnings }),
    variables: env,
  };
}

/** What is no number stays a text, which the rule refuses. */
function readPort(text: string): unknown {
  return /^\d+$/.test(text) ? Number(text) : text;
}

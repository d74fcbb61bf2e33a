import { ConfigError } from '../config/config-error.js';
import type { ConfigProblem } from '../config/config-error.js';
import { shorten } from '../config/config-node.js';
import { DEFAULT_CONFIG } from '../config/read-config-file.js';
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

  const port = given('PORT');
  const portNumber = port !== undefined && /^\d+$/.test(port) ? Number(port) : port;
  const host = given('HOST');
  const portProblem = port && rules.port.problem(portNumber);
  const hostProblem = host && rules.host.problem(host);
  if (portProblem) refuse('PORT', `${JSON.stringify(shorten(port))} ${portProblem}`);
  if (hostProblem) refuse('HOST', `${JSON.stringify(shorten(host))} ${hostProblem}`);

  const databaseUrl = ownDatabaseUrl(given('DATABASE_URL') ?? DEFAULT_DATABASE);
  const databaseProblem = databaseUrl.startsWith('sqlite://')
    ? 'has // after sqlite:. Write sqlite:data/vip.sqlite, or sqlite:/var/lib/vip.sqlite.'
    : databaseUrlProblem(databaseUrl);
  if (databaseProblem !== undefined) refuse('DATABASE_URL', databaseProblem);

  if (problems.length > 0) throw new ConfigError('environment', problems);
  const { tracing, warnings } = readTracing(env);
  return {
    configFile: given('SMARTROUTING_CONFIG') ?? DEFAULT_CONFIG,
    ...(port !== undefined && { port: portNumber as number }),
    ...(host !== undefined && { host }),
    databaseUrl,
    ...(tracing !== undefined && { tracing }),
    ...(warnings.length > 0 && { warnings }),
    variables: env,
  };
}

import { plainToInstance } from 'class-transformer';
import type { ProviderContext } from '../../src/plugin-api/index.js';
import { providerContext } from '../../src/plugin-api/testing/index.js';
import { CrmHttpOptions } from '../../src/providers/crm-http/crm-http.options.js';
import { CrmHttpProvider } from '../../src/providers/crm-http/crm-http.provider.js';
import { crmOptionProblems, lookUp } from './crm-provider.js';
import type { CrmYaml } from './crm-provider.js';
import { startCrmServer } from './crm-server.js';
import type { CrmServer } from './crm-server.js';
import { startOAuthServer } from './oauth-server.js';
import type { OAuthServer, OAuthServerOptions } from './oauth-server.js';

/** The number of the one contact that the CRM has. */
export const AINO = '+358501231234';

export type LoggingProvider = CrmHttpProvider & {
  readonly logged: readonly { level: string; fields: object; message: string }[];
};

/** A CRM behind a token endpoint, and providers that ask it; `end` undoes all of it. */
export class OAuthCrm {
  readonly #undo: (() => unknown)[] = [];

  private constructor(readonly crm: CrmServer) {
    this.after(() => crm.stop());
  }

  static async start(): Promise<OAuthCrm> {
    return new OAuthCrm(await startCrmServer({ contacts: { [AINO]: { number: AINO, tier: 'gold' } } }));
  }

  after(step: () => unknown): void {
    this.#undo.push(step);
  }

  async end(): Promise<void> {
    for (const step of this.#undo.splice(0).reverse()) await step();
  }

  /** A strict token endpoint; from now on the CRM takes its tokens only. */
  async tokenServer(options: OAuthServerOptions = {}): Promise<OAuthServer> {
    const server = await startOAuthServer(options);
    this.after(() => server.stop());
    this.crm.answer = ({ headers }) =>
      server.accepts(headers.authorization)
        ? { body: { contacts: [{ number: AINO, tier: 'gold' }] } }
        : { status: 401, body: { message: 'no' } };
    return server;
  }

  /** One instance's provider, named `crm`. */
  provide(yaml: CrmYaml, overrides: Partial<ProviderContext<CrmHttpOptions>> = {}): LoggingProvider {
    const all = { url: `${this.crm.url}/contacts?phone={{ number }}`, record: 'contacts', ...yaml };
    const problems = crmOptionProblems(all);
    if (problems.length > 0) throw new Error(problems.join('\n'));
    const context = providerContext(plainToInstance(CrmHttpOptions, all), { name: 'crm', ...overrides });
    const provider = new CrmHttpProvider(context);
    this.after(() => provider.close());
    return Object.assign(provider, { logged: context.logged });
  }
}

/** How a lookup of the contact ends: its tier, or the message of the failure. */
export async function outcomeOf(provider: CrmHttpProvider): Promise<string> {
  try {
    const records = await lookUp(provider, AINO);
    return records?.[0]?.tier ?? 'nobody';
  } catch (error) {
    return (error as Error).message;
  }
}

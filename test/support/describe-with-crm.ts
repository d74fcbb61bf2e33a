import { afterEach, beforeEach, describe } from '@jest/globals';
import { plainToInstance } from 'class-transformer';
import type { ProviderContext } from '../../src/plugin-api/index.js';
import { providerContext } from '../../src/plugin-api/testing/index.js';
import { CrmHttpOptions } from '../../src/providers/crm-http/crm-http.options.js';
import { CrmHttpProvider } from '../../src/providers/crm-http/crm-http.provider.js';
import type { CrmTempo } from '../../src/providers/crm-http/crm-http.tempo.js';
import { crmOptionProblems, lookUp, QUICK } from './crm-provider.js';
import type { CrmYaml } from './crm-provider.js';
import { startCrmServer } from './crm-server.js';
import { PATIENCE_MS } from './eventually.js';
import type { CrmServer, CrmServerOptions } from './crm-server.js';
import { startOAuthServer } from './oauth-server.js';
import type { OAuthServer, OAuthServerOptions } from './oauth-server.js';

/** The number of the one contact that the CRM has. */
export const AINO = '+358501231234';
/** The number of nobody. */
export const UNKNOWN = '+358509999999';

const CONTACTS = { [AINO]: { tier: 'gold', name: 'Aino' } };

export type LoggingProvider = CrmHttpProvider & {
  readonly logged: readonly { level: string; fields: object; message: string }[];
};

/** What a provider of the test gets besides its options. */
export interface Surroundings extends Partial<ProviderContext<CrmHttpOptions>> {
  readonly tempo?: Partial<CrmTempo>;
}

/** Tests with a CRM of their own each, which has one contact, and providers that ask it; all is stopped after each test. */
export function describeWithCrm(name: string, tests: (trial: CrmTrial) => void): void {
  describe(name, () => {
    const trial = new CrmTrial();
    beforeEach(() => trial.begin());
    afterEach(() => trial.end());
    tests(trial);
  });
}

const now = Date.now;

/** A CRM, at will behind a token endpoint, and providers that ask it. */
export class CrmTrial {
  readonly #undo: (() => unknown)[] = [];
  #crm: CrmServer | undefined;

  get crm(): CrmServer {
    return this.#crm!;
  }

  async begin(options: CrmServerOptions = {}): Promise<void> {
    this.#crm = await startCrmServer({ contacts: CONTACTS, ...options });
    this.after(() => this.crm.stop());
  }

  /** What is to be undone after the test, the latest first. */
  after(step: () => unknown): void {
    this.#undo.push(step);
  }

  async end(): Promise<void> {
    for (const step of this.#undo.splice(0).reverse()) await step();
    Date.now = now;
  }

  /** Another CRM at the same address; nobody has asked it yet. */
  async crmComesBack(): Promise<void> {
    const { port, contacts } = this.crm;
    await this.crm.stop();
    this.#crm = await startCrmServer({ port, contacts });
  }

  /** It is so much later now than on the clock on the wall. */
  jumpAhead(ms: number): void {
    Date.now = () => now() + ms;
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

  /** One instance's provider, named `crm`; its options as in the configuration, where they differ from asking for contacts. */
  provide(yaml: CrmYaml = {}, { tempo, ...context }: Surroundings = {}): LoggingProvider {
    const all = { url: `${this.crm.url}/contacts?phone={{ number }}`, record: 'contacts', ...yaml };
    const problems = crmOptionProblems(all);
    if (problems.length > 0) throw new Error(problems.join('\n'));
    const given = providerContext(plainToInstance(CrmHttpOptions, all), {
      name: 'crm',
      timeoutMs: 2 * PATIENCE_MS,
      ...context,
    });
    const provider = new CrmHttpProvider(given, { ...QUICK, ...tempo });
    this.after(() => provider.close());
    return Object.assign(provider, { logged: given.logged });
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

import { describe, expect, it } from '@jest/globals';
import { execFile } from 'node:child_process';
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { parse } from 'yaml';
import { configCheck, databaseUrlSeen, mounted, ROOT } from './files.js';

/** What the tests look at; whether it is all that the API wants, the compiler says. */
interface Deployment {
  readonly spec: {
    readonly replicas: number;
    readonly strategy: { readonly rollingUpdate: unknown };
    readonly selector: unknown;
    readonly template: { readonly metadata: { readonly labels: object }; readonly spec: Pod };
  };
}
interface Pod {
  readonly securityContext: unknown;
  readonly automountServiceAccountToken: boolean;
  readonly terminationGracePeriodSeconds: number;
  readonly containers: readonly {
    readonly args: readonly string[];
    readonly ports: readonly { readonly name: 'http' | 'management'; readonly containerPort: number }[];
    readonly securityContext: unknown;
    readonly volumeMounts: readonly {
      readonly name: string;
      readonly mountPath: string;
      readonly subPath?: string;
    }[];
  }[];
}
interface Service {
  readonly metadata: { readonly labels: object };
  readonly spec: {
    readonly selector: unknown;
    readonly ports: readonly { readonly name: string; readonly targetPort: string }[];
  };
}

const FOLDER = join(ROOT, 'deploy/kubernetes');
const read = async <T>(name: string): Promise<T> => parse(await readFile(join(FOLDER, name), 'utf8')) as T;

const names = (await readdir(FOLDER)).filter((name) => name.endsWith('.yaml'));
const deployment = await read<Deployment>('deployment.yaml');
const configMap = await read<{ data: Record<string, string> }>('configmap.yaml');
const service = await read<Service>('service.yaml');
const pod = deployment.spec.template.spec;
const container = pod.containers[0]!;
const labels = deployment.spec.template.metadata.labels;

/** Kinds of the Kubernetes API; kustomization and ServiceMonitor are none. */
const MODULES: Readonly<Record<string, string>> = {
  v1: 'core/v1',
  'apps/v1': 'apps/v1',
  'policy/v1': 'policy/v1',
  'networking.k8s.io/v1': 'networking/v1',
};

describe('the Kubernetes manifests', () => {
  it('are what the API takes, without an unknown or missing field', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'smartrouting-kubernetes-'));
    const files: string[] = [];
    for (const name of names) {
      const manifest = await read<{ apiVersion: string; kind: string }>(name);
      const module = MODULES[manifest.apiVersion];
      if (module === undefined) continue;
      const types = JSON.stringify(join(ROOT, 'node_modules/kubernetes-types', module));
      const literal = JSON.stringify(manifest, undefined, 1);
      files.push(`${name}.ts`);
      await writeFile(
        join(folder, `${name}.ts`),
        `import type { ${manifest.kind} } from ${types};\nexport const manifest: ${manifest.kind} = ${literal};\n`,
      );
    }
    expect(files).toHaveLength(7);
    const compiler = join(ROOT, 'node_modules/typescript/bin/tsc');
    const options = [
      '--noEmit',
      '--strict',
      '--skipLibCheck',
      '--module',
      'esnext',
      '--moduleResolution',
      'bundler',
    ];
    const problems = await promisify(execFile)(process.execPath, [compiler, ...options, ...files], {
      cwd: folder,
    })
      .then(({ stdout }) => stdout)
      .catch((error: { stdout: string }) => error.stdout);
    await rm(folder, { recursive: true });
    expect(problems).toBe('');
  });

  it('are all named by kustomize, but for those that not every cluster takes', async () => {
    const { resources } = await read<{ resources: string[] }>('kustomization.yaml');
    const apart = ['kustomization.yaml', 'secret.example.yaml', 'servicemonitor.yaml'];
    expect([...resources].sort()).toEqual(names.filter((name) => !apart.includes(name)).sort());
  });

  it('select the pods of the deployment, by ports that these have', async () => {
    const disruptions = await read<{ spec: { selector: unknown } }>('poddisruptionbudget.yaml');
    const network = await read<{ spec: { podSelector: unknown; ingress: { ports: { port: string }[] }[] } }>(
      'networkpolicy.yaml',
    );
    const monitor = await read<{
      spec: { selector: { matchLabels: object }; endpoints: { port: string }[] };
    }>('servicemonitor.yaml');
    const selectors = [deployment.spec.selector, disruptions.spec.selector, network.spec.podSelector];
    for (const selector of selectors) expect(selector).toEqual({ matchLabels: labels });
    expect(service.spec.selector).toEqual(labels);
    expect(service.metadata.labels).toMatchObject(monitor.spec.selector.matchLabels);
    const open = container.ports.map(({ name }) => name);
    for (const { targetPort } of service.spec.ports) expect(open).toContain(targetPort);
    for (const { ports } of network.spec.ingress) expect(open).toContain(ports[0]!.port);
    expect(service.spec.ports.map(({ name }) => name)).toContain(monitor.spec.endpoints[0]!.port);
  });

  it('lock the pod as the "restricted" standard asks', () => {
    expect(pod.securityContext).toMatchObject({
      runAsNonRoot: true,
      seccompProfile: { type: 'RuntimeDefault' },
    });
    expect(container.securityContext).toEqual({
      allowPrivilegeEscalation: false,
      readOnlyRootFilesystem: true,
      capabilities: { drop: ['ALL'] },
    });
    expect(pod.automountServiceAccountToken).toBe(false);
  });

  it('give a pod the time that its end may take, and never fewer pods than there should be', () => {
    expect(pod.terminationGracePeriodSeconds).toBeGreaterThanOrEqual(20);
    expect(deployment.spec.strategy.rollingUpdate).toEqual({ maxUnavailable: 0, maxSurge: 1 });
    expect(deployment.spec.replicas).toBeGreaterThanOrEqual(2);
  });

  it('mount whole folders, so that a changed ConfigMap or Secret arrives', () => {
    expect(container.volumeMounts.filter(({ subPath }) => subPath !== undefined)).toEqual([]);
    const paths = Object.fromEntries(container.volumeMounts.map(({ name, mountPath }) => [name, mountPath]));
    expect(paths).toMatchObject({ config: '/etc/smartrouting', secrets: '/run/secrets/smartrouting' });
  });

  it('use the database of the Secret', async () => {
    expect(await databaseUrlSeen(container.args)).toBe('mysql://of-the-secret');
  });

  it('bring a configuration that the start takes, on the ports of the pod', async () => {
    const { folder, file } = await mounted(configMap.data, '/run/secrets/smartrouting');
    expect(await configCheck(file)).toMatchObject({ code: 0, stderr: '' });
    await rm(folder, { recursive: true });
    const config = parse(configMap.data['smartrouting.yaml']!) as Record<
      string,
      { host: string; port: number }
    >;
    const listening = { http: config['server'], management: config['management'] };
    for (const { name, containerPort } of container.ports)
      expect(listening[name]).toMatchObject({
        host: '0.0.0.0',
        port: containerPort,
      });
  });
});

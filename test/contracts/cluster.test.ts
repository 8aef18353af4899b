// Tests that the cluster's manifests are valid by Kubernetes' schemas and match the process tables.
import { describe, expect, test } from 'bun:test';
import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { Deployment } from 'kubernetes-models/apps/v1/Deployment';
import { HorizontalPodAutoscaler } from 'kubernetes-models/autoscaling/v2';
import { Job } from 'kubernetes-models/batch/v1/Job';
import { Ingress } from 'kubernetes-models/networking.k8s.io/v1/Ingress';
import { NetworkPolicy } from 'kubernetes-models/networking.k8s.io/v1/NetworkPolicy';
import { PodDisruptionBudget } from 'kubernetes-models/policy/v1/PodDisruptionBudget';
import { ConfigMap } from 'kubernetes-models/v1/ConfigMap';
import { Namespace } from 'kubernetes-models/v1/Namespace';
import { Service } from 'kubernetes-models/v1/Service';
import { ServiceAccount } from 'kubernetes-models/v1/ServiceAccount';
import { parseAllDocuments } from 'yaml';
import { clusterFile } from '../../ops/cluster/manifests.ts';
import { CONFIG, SECRETS } from '../../ops/cluster/settings.ts';
import { WORKLOADS } from '../../ops/cluster/workloads.ts';
import { ROOT } from '../../ops/instance.ts';
import { isSandbox, PROCESS_NAMES, settingsOf } from '../../ops/processes.ts';
import { isOptional, type Setting } from '../../processes/config.ts';

const TEXT = readFileSync(resolve(ROOT, 'ops/cluster/holdfast.yaml'), 'utf8');

interface Manifest {
  kind: string;
  metadata: { name: string };
}
const ALL = parseAllDocuments(TEXT).map((one) => one.toJS() as Manifest);

/** Every kind that is used, with its schema. */
const MODELS = {
  ConfigMap,
  Deployment,
  HorizontalPodAutoscaler,
  Ingress,
  Job,
  Namespace,
  NetworkPolicy,
  PodDisruptionBudget,
  Service,
  ServiceAccount,
} as unknown as Record<string, new (manifest: unknown) => { validate(): void }>;

const find = <T>(kind: string, name: string): T | undefined =>
  ALL.find((one) => one.kind === kind && one.metadata.name === name) as T | undefined;

interface Pods {
  spec: {
    template: {
      spec: {
        terminationGracePeriodSeconds: number;
        containers: {
          env: { name: string; value?: string }[];
          livenessProbe: { httpGet: { path: string } };
          readinessProbe: { httpGet: { path: string } };
          securityContext: { readOnlyRootFilesystem: boolean };
        }[];
      };
    };
  };
}

describe('the cluster file', () => {
  test('equals the output of ops/cluster/manifests.ts', () => {
    expect(TEXT).toBe(clusterFile());
  });

  test.each(ALL.map((one) => [one.kind, one.metadata.name, one] as const))(
    'has a %s %s that is valid by its schema',
    (kind, _name, manifest) => {
      const Model = MODELS[kind];
      if (!Model) throw new Error(`no schema for a ${kind}`);
      expect(() => new Model(manifest).validate()).not.toThrow();
    },
  );

  test('is refused with a wrong type in it', () => {
    const [wrong] = ALL.filter(({ kind }) => kind === 'Deployment').map((one) =>
      structuredClone(one),
    );
    (wrong as unknown as { spec: { template: unknown } }).spec.template = { spec: 5 };
    expect(() => new Deployment(wrong as never).validate()).toThrow();
  });

  test('has no name twice', () => {
    const names = ALL.map(({ kind, metadata }) => `${kind}/${metadata.name}`);
    expect(names.toSorted()).toEqual([...new Set(names)].toSorted());
  });

  test('runs every process but the sandboxes, and no other', () => {
    const run = new Set(WORKLOADS.map(({ process }) => process));
    expect([...run].toSorted()).toEqual(
      PROCESS_NAMES.filter((name) => !isSandbox(name)).toSorted(),
    );
  });
});

describe.each(WORKLOADS.map((workload) => [workload.name, workload] as const))(
  'the workload %s',
  (name, workload) => {
    const pod = find<Pods>('Deployment', name)?.spec.template.spec;
    const container = pod?.containers[0];

    test('is alive whatever its stores do, and ready only when it can work', () => {
      expect(container?.livenessProbe.httpGet.path).toBe('/heartbeat');
      expect(container?.readinessProbe.httpGet.path).toBe('/ready');
      expect(pod?.terminationGracePeriodSeconds).toBeGreaterThan(9 + 5);
    });

    test('may lose one pod at a time, and grows between its bounds', () => {
      const budget = find<{ spec: object }>('PodDisruptionBudget', name);
      expect(budget?.spec).toMatchObject({ maxUnavailable: 1 });
      const scaler = find<{ spec: object }>('HorizontalPodAutoscaler', name);
      const { min, max } = workload;
      expect(scaler?.spec).toMatchObject({ minReplicas: min, maxReplicas: max });
      expect(min).toBeGreaterThanOrEqual(2);
    });

    test('has every setting that it needs to start', () => {
      const published = new Set(container?.env.map((variable) => variable.name));
      const needed: Setting[] = settingsOf(workload.process).filter(
        (one: Setting) => !isOptional(one),
      );
      expect(needed.filter((one) => !published.has(one))).toEqual([]);
    });

    test('has no secret in plain text, and no way to write to its disk', () => {
      const plain = container?.env.filter(({ value }) => value !== undefined) ?? [];
      expect(plain.map((one) => one.name).filter((one) => SECRETS.includes(one as never))).toEqual(
        [],
      );
      expect(container?.securityContext.readOnlyRootFilesystem).toBe(true);
    });
  },
);

describe('the gateway', () => {
  test('is what the Ingress leads to, at the public address and over TLS', () => {
    const found = find<{ spec: { rules: { host: string }[]; tls: { hosts: string[] }[] } }>(
      'Ingress',
      'holdfast',
    );
    const host = new URL(CONFIG.HOLDFAST_PUBLIC_URL ?? '').host;
    expect(found?.spec.tls.map(({ hosts }) => hosts)).toEqual([[host]]);
    expect(found?.spec.rules).toMatchObject([
      { host, http: { paths: [{ path: '/', backend: { service: { name: 'gateway' } } }] } },
    ]);
    expect(CONFIG.HOLDFAST_TRUSTED_PROXIES).toBe('1');
  });
});

test('no setting is both a value and a secret', () => {
  expect(SECRETS.filter((one) => one in CONFIG)).toEqual([]);
});

interface Peer {
  podSelector?: { matchExpressions: { values: string[] }[] };
  namespaceSelector?: { matchLabels: Record<string, string> };
  ipBlock?: object;
}
interface Policy {
  spec: {
    policyTypes: string[];
    ingress?: { from?: Peer[] }[];
    egress?: { to?: Peer[]; ports: { port: number }[] }[];
  };
}

const nameOf = ({ podSelector, namespaceSelector, ipBlock }: Peer): string[] => {
  if (podSelector) return podSelector.matchExpressions[0]?.values ?? [];
  if (ipBlock) return ['outside'];
  return Object.values(namespaceSelector?.matchLabels ?? {});
};
const policy = (name: string) => find<Policy>('NetworkPolicy', name)?.spec;
const callersOf = (name: string): string[] =>
  (policy(name)?.ingress ?? []).flatMap(({ from = [] }) => from.flatMap(nameOf)).toSorted();
const reachedBy = (name: string): string[] =>
  (policy(name)?.egress ?? []).flatMap(({ to = [] }) => to.flatMap(nameOf)).toSorted();

describe('the network', () => {
  const WORKERS = WORKLOADS.filter(({ process }) => process === 'worker').map(({ name }) => name);

  test('lets a service be called by those who have its address, and by no others', () => {
    expect(callersOf('gateway')).toEqual(['ingress-nginx']);
    expect(callersOf('orders')).toEqual(['gateway']);
    expect(callersOf('recovery')).toEqual(['gateway']);
    expect(callersOf('products')).toEqual(['gateway', 'orders', 'search']);
    expect(callersOf('inventory')).toEqual(
      ['gateway', 'recovery', 'search', ...WORKERS].toSorted(),
    );
    expect(callersOf('relay')).toEqual([]);
  });

  test('lets a pod call what its settings name, and nothing else', () => {
    expect(reachedBy('search')).toEqual(['cassandra', 'inventory', 'products']);
    expect(reachedBy('projector')).toEqual(['cassandra', 'kafka']);
    expect(reachedBy('relay')).toEqual(['kafka', 'postgres']);
    expect(reachedBy('promote')).toEqual(['temporal']);
    expect(WORKLOADS.filter(({ name }) => reachedBy(name).includes('outside'))).toEqual(
      WORKLOADS.filter(({ process }) => ['gateway', 'recovery', 'worker'].includes(process)),
    );
  });

  test('has a policy for every pod, in both directions, with a peer in every rule', () => {
    for (const name of [...WORKLOADS.map((one) => one.name), 'migrate', 'promote', 'holdfast']) {
      const { policyTypes, ingress = [], egress = [] } = policy(name) ?? { policyTypes: [] };
      expect([name, policyTypes]).toEqual([name, ['Ingress', 'Egress']]);
      const peers = [...ingress.map(({ from = [] }) => from), ...egress.map(({ to = [] }) => to)];
      expect([name, peers.filter((some) => some.length === 0)]).toEqual([name, []]);
    }
  });
});

test('every pod meets the strictest Pod Security Standard, and its image cannot change', () => {
  const labels = find<{ metadata: { labels: Record<string, string> } }>('Namespace', 'holdfast')
    ?.metadata.labels;
  expect(labels?.['pod-security.kubernetes.io/enforce']).toBe('restricted');
  for (const { kind, metadata } of ALL) {
    if (kind !== 'Deployment' && kind !== 'Job') continue;
    const pod = find<Pods>(kind, metadata.name)?.spec.template.spec;
    expect(pod).toMatchObject({
      securityContext: { runAsNonRoot: true, seccompProfile: { type: 'RuntimeDefault' } },
    });
    for (const container of pod?.containers ?? []) {
      expect(container).toMatchObject({
        image: expect.stringMatching(/@sha256:[0-9a-f]{64}$/),
        securityContext: { allowPrivilegeEscalation: false, capabilities: { drop: ['ALL'] } },
      });
    }
  }
});

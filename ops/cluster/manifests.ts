// Generates ops/cluster/holdfast.yaml from the tables of processes and settings.
import { writeFileSync } from 'node:fs';
import { resolve } from 'node:path';
import type { IDeployment } from 'kubernetes-models/apps/v1/Deployment';
import type { IHorizontalPodAutoscaler } from 'kubernetes-models/autoscaling/v2';
import type { IJob } from 'kubernetes-models/batch/v1/Job';
import type { IIngress } from 'kubernetes-models/networking.k8s.io/v1/Ingress';
import type { IPodDisruptionBudget } from 'kubernetes-models/policy/v1/PodDisruptionBudget';
import type { IConfigMap } from 'kubernetes-models/v1/ConfigMap';
import type { INamespace } from 'kubernetes-models/v1/Namespace';
import type { IEnvVar } from 'kubernetes-models/v1/EnvVar';
import type { IService } from 'kubernetes-models/v1/Service';
import type { IServiceAccount } from 'kubernetes-models/v1/ServiceAccount';
import { stringify } from 'yaml';
import { ROOT } from '../instance.ts';
import { settingsOf, specOf } from '../processes.ts';
import { networkPolicies } from './network.ts';
import {
  API_PORT,
  CONFIG,
  databaseOf,
  environmentIn,
  GRPC_PORT,
  keyVolumesOf,
  labelsOf,
  metadataOf,
  NAME,
  OPS_PORT,
  variablesOf,
} from './settings.ts';
import { WORKLOADS, type Signal, type Workload } from './workloads.ts';

/** The build of the image's workflows. */
const VERSION = '0.0.0';
/** By its digest: a tag may be moved to another image. Both are examples to replace. */
const DIGEST = '0'.repeat(64);
const IMAGE = `registry.shop.example/holdfast@sha256:${DIGEST}`;
/** Seconds a load balancer needs to stop sending to an ending pod. */
const BALANCER_SECONDS = 5;
/** Above the balancer's time and a process' drain (9 s) together. */
const GRACE_SECONDS = 30;

/** Not root, no privilege escalation, and no writable folder except one in memory. */
const SECURITY = {
  pod: {
    runAsNonRoot: true,
    runAsUser: 1000,
    runAsGroup: 1000,
    seccompProfile: { type: 'RuntimeDefault' as const },
  },
  container: {
    allowPrivilegeEscalation: false,
    readOnlyRootFilesystem: true,
    capabilities: { drop: ['ALL'] },
  },
};

const probe = (path: string, periodSeconds: number, failureThreshold: number) => ({
  httpGet: { path, port: 'ops' },
  periodSeconds,
  failureThreshold,
  timeoutSeconds: 3,
});

const portsOf = ({ process }: Workload) => {
  const { port, grpcPort } = specOf(process);
  return [
    { name: 'ops', containerPort: OPS_PORT },
    ...(port ? [{ name: 'http', containerPort: API_PORT }] : []),
    ...(grpcPort ? [{ name: 'grpc', containerPort: GRPC_PORT }] : []),
  ];
};

const containerOf = (workload: Workload) => ({
  name: workload.process,
  image: IMAGE,
  command: ['bun', `processes/${workload.process}.ts`],
  env: environmentIn(workload.process, {
    ...workload.variables,
    ...(workload.process === 'worker' && { HOLDFAST_BUILD_ID: VERSION }),
  }),
  ports: portsOf(workload),
  resources: {
    requests: { cpu: workload.cpu, memory: workload.memory },
    limits: { memory: workload.memory },
  },
  // Liveness checks no dependency: an unavailable store must not restart the pods.
  startupProbe: probe('/heartbeat', 1, 60),
  livenessProbe: probe('/heartbeat', 10, 3),
  readinessProbe: probe('/ready', 3, 2),
  lifecycle: { preStop: { sleep: { seconds: BALANCER_SECONDS } } },
  securityContext: SECURITY.container,
  volumeMounts: [{ name: 'tmp', mountPath: '/tmp' }, ...keyVolumesOf(workload.process).mounts],
});

const deployment = (workload: Workload): IDeployment => ({
  apiVersion: 'apps/v1',
  kind: 'Deployment',
  metadata: metadataOf(workload.name),
  spec: {
    // The autoscaler sets the number of replicas.
    selector: { matchLabels: labelsOf(workload.name) },
    strategy: { rollingUpdate: { maxUnavailable: 0, maxSurge: '25%' } },
    template: {
      metadata: { labels: labelsOf(workload.name) },
      spec: {
        serviceAccountName: NAME,
        automountServiceAccountToken: false,
        terminationGracePeriodSeconds: GRACE_SECONDS,
        securityContext: SECURITY.pod,
        topologySpreadConstraints: ['topology.kubernetes.io/zone', 'kubernetes.io/hostname'].map(
          (topologyKey) => ({
            topologyKey,
            maxSkew: 1,
            whenUnsatisfiable: 'ScheduleAnyway' as const,
            labelSelector: { matchLabels: labelsOf(workload.name) },
          }),
        ),
        containers: [containerOf(workload)],
        volumes: [
          { name: 'tmp', emptyDir: { medium: 'Memory', sizeLimit: '64Mi' } },
          ...keyVolumesOf(workload.process).volumes,
        ],
      },
    },
  },
});

const metricOf = (signal: Signal) => {
  if ('cpu' in signal) {
    const target = { type: 'Utilization' as const, averageUtilization: signal.cpu };
    return { type: 'Resource' as const, resource: { name: 'cpu', target } };
  }
  if ('metric' in signal) {
    const target = { type: 'AverageValue' as const, averageValue: signal.mean };
    return { type: 'Pods' as const, pods: { metric: { name: signal.metric }, target } };
  }
  const selector = { matchLabels: { namespace: NAME, taskqueue: signal.backlogOf } };
  const metric = { name: 'approximate_backlog_count', selector };
  const target = { type: 'AverageValue' as const, averageValue: String(signal.each) };
  return { type: 'External' as const, external: { metric, target } };
};

const autoscaler = ({ name, min, max, signal }: Workload): IHorizontalPodAutoscaler => ({
  apiVersion: 'autoscaling/v2',
  kind: 'HorizontalPodAutoscaler',
  metadata: metadataOf(name),
  spec: {
    scaleTargetRef: { apiVersion: 'apps/v1', kind: 'Deployment', name },
    minReplicas: min,
    maxReplicas: max,
    metrics: [metricOf(signal)],
    // Scales up fast for a sale and down slowly.
    behavior: {
      scaleUp: { policies: [{ type: 'Percent', value: 100, periodSeconds: 15 }] },
      scaleDown: { stabilizationWindowSeconds: 600 },
    },
  },
});

const disruptionBudget = ({ name }: Workload): IPodDisruptionBudget => ({
  apiVersion: 'policy/v1',
  kind: 'PodDisruptionBudget',
  metadata: metadataOf(name),
  spec: {
    maxUnavailable: 1,
    unhealthyPodEvictionPolicy: 'AlwaysAllow',
    selector: { matchLabels: labelsOf(name) },
  },
});

const service = ({ name, process }: Workload): IService[] => {
  const { port, grpcPort } = specOf(process);
  if (!port) return [];
  const ports = [
    { name: 'http', port: API_PORT, targetPort: 'http' },
    ...(grpcPort ? [{ name: 'grpc', port: GRPC_PORT, targetPort: 'grpc' }] : []),
  ];
  return [
    {
      apiVersion: 'v1',
      kind: 'Service',
      metadata: metadataOf(name),
      spec: { selector: labelsOf(name), ports },
    },
  ];
};

/**
 * The shop's public address; the Secret `holdfast-tls` has its certificate. The controller is the
 * one proxy that HOLDFAST_TRUSTED_PROXIES counts, and streams uploads instead of storing them.
 */
const ingress = (): IIngress => {
  const host = new URL(CONFIG.HOLDFAST_PUBLIC_URL ?? '').host;
  const backend = { service: { name: 'gateway', port: { name: 'http' } } };
  return {
    apiVersion: 'networking.k8s.io/v1',
    kind: 'Ingress',
    metadata: {
      ...metadataOf(NAME),
      annotations: {
        'nginx.ingress.kubernetes.io/proxy-body-size': '110m',
        'nginx.ingress.kubernetes.io/proxy-request-buffering': 'off',
        'nginx.ingress.kubernetes.io/proxy-buffering': 'off',
        'nginx.ingress.kubernetes.io/proxy-read-timeout': '1800',
      },
    },
    spec: {
      ingressClassName: 'nginx',
      tls: [{ hosts: [host], secretName: `${NAME}-tls` }],
      rules: [{ host, http: { paths: [{ path: '/', pathType: 'Prefix', backend }] } }],
    },
  };
};

/** A process that runs once. */
const job = (name: string, activeDeadlineSeconds: number, env: IEnvVar[]): IJob => ({
  apiVersion: 'batch/v1',
  kind: 'Job',
  metadata: metadataOf(name),
  spec: {
    backoffLimit: 5,
    activeDeadlineSeconds,
    ttlSecondsAfterFinished: 86_400,
    template: {
      metadata: { labels: labelsOf(name) },
      spec: {
        restartPolicy: 'OnFailure',
        serviceAccountName: NAME,
        automountServiceAccountToken: false,
        securityContext: SECURITY.pod,
        containers: [
          {
            name,
            image: IMAGE,
            command: ['bun', `processes/${name}.ts`],
            env,
            securityContext: SECURITY.container,
          },
        ],
      },
    },
  },
});

/** Runs before a new version, idempotently; the only job that may change tables. */
const migration = (): IJob =>
  job('migrate', 600, [databaseOf('owner'), ...variablesOf(settingsOf('migrate'))]);

/** Waits until the build's workers poll; refused when another build than expected is current. */
const promotion = (): IJob =>
  job('promote', 1_800, [
    ...variablesOf(settingsOf('promote')),
    { name: 'HOLDFAST_BUILD_ID', value: VERSION },
    { name: 'HOLDFAST_PROMOTE_FROM', value: 'none' },
  ]);

const configMap = (): IConfigMap => ({
  apiVersion: 'v1',
  kind: 'ConfigMap',
  metadata: metadataOf(NAME),
  data: CONFIG,
});

const account = (): IServiceAccount => ({
  apiVersion: 'v1',
  kind: 'ServiceAccount',
  metadata: metadataOf(NAME),
  automountServiceAccountToken: false,
});

/** The strictest of Kubernetes' Pod Security Standards, at the version of their writing. */
const namespace = (): INamespace => ({
  apiVersion: 'v1',
  kind: 'Namespace',
  metadata: {
    name: NAME,
    labels: {
      ...labelsOf(NAME),
      ...Object.fromEntries(
        ['enforce', 'audit', 'warn'].flatMap((mode) => [
          [`pod-security.kubernetes.io/${mode}`, 'restricted'],
          [`pod-security.kubernetes.io/${mode}-version`, 'v1.34'],
        ]),
      ),
    },
  },
});

const manifests = () => [
  namespace(),
  account(),
  configMap(),
  migration(),
  ...networkPolicies(),
  ingress(),
  ...WORKLOADS.flatMap((workload) => [
    deployment(workload),
    ...service(workload),
    disruptionBudget(workload),
    autoscaler(workload),
  ]),
  promotion(),
];

const HEADER = `# Holdfast on Kubernetes: kubectl apply -n holdfast -f ops/cluster/holdfast.yaml
# Made by ops/cluster/manifests.ts; what to set beforehand is in docs/capacity.md.
`;

/** The text of ops/cluster/holdfast.yaml. */
export const clusterFile = (): string =>
  HEADER +
  manifests()
    .map((one) => stringify(one, { lineWidth: 0, aliasDuplicateObjects: false }))
    .join('---\n');

if (import.meta.main) writeFileSync(resolve(ROOT, 'ops/cluster/holdfast.yaml'), clusterFile());

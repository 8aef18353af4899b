// ops/cluster/holdfast.yaml, made from the tables of processes and settings, as compose's file is.
import { writeFileSync } from 'node:fs';
import { resolve } from 'node:path';
import type { IDeployment } from 'kubernetes-models/apps/v1/Deployment';
import type { IHorizontalPodAutoscaler } from 'kubernetes-models/autoscaling/v2';
import type { IPodDisruptionBudget } from 'kubernetes-models/policy/v1/PodDisruptionBudget';
import type { IService } from 'kubernetes-models/v1/Service';
import { stringify } from 'yaml';
import { ROOT } from '../instance.ts';
import { specOf } from '../processes.ts';
import { account, configMap, migration, networkPolicies } from './around.ts';
import { containerOf, GRACE_SECONDS, labelsOf, metadataOf, SECURITY } from './pods.ts';
import { API_PORT, GRPC_PORT, NAME, keyVolumesOf } from './settings.ts';
import { WORKLOADS, type Signal, type Workload } from './workloads.ts';

const deployment = (workload: Workload): IDeployment => ({
  apiVersion: 'apps/v1',
  kind: 'Deployment',
  metadata: metadataOf(workload.name),
  spec: {
    // How many there are is the autoscaler's word.
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
    // A sale begins at once and ends slowly.
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

export const manifests = () => [
  account(),
  configMap(),
  migration(),
  ...networkPolicies(),
  ...WORKLOADS.flatMap((workload) => [
    deployment(workload),
    ...service(workload),
    disruptionBudget(workload),
    autoscaler(workload),
  ]),
];

const HEADER = `# Holdfast on Kubernetes: kubectl apply -f ops/cluster/holdfast.yaml
# Made by ops/cluster/manifests.ts; what to set beforehand is in docs/capacity.md.
`;

/** The text of ops/cluster/holdfast.yaml. */
export const clusterFile = (): string =>
  HEADER +
  manifests()
    .map((one) => stringify(one, { lineWidth: 0, aliasDuplicateObjects: false }))
    .join('---\n');

if (import.meta.main) writeFileSync(resolve(ROOT, 'ops/cluster/holdfast.yaml'), clusterFile());

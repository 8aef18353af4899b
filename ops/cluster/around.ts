// What is there once for all of a cluster's workloads: settings, migration, and who may call whom.
import type { IJob } from 'kubernetes-models/batch/v1/Job';
import type { INetworkPolicy } from 'kubernetes-models/networking.k8s.io/v1/NetworkPolicy';
import type { IConfigMap } from 'kubernetes-models/v1/ConfigMap';
import type { IServiceAccount } from 'kubernetes-models/v1/ServiceAccount';
import { settingsOf } from '../processes.ts';
import { IMAGE, labelsOf, metadataOf, SECURITY } from './pods.ts';
import {
  CONFIG,
  databaseOf,
  API_PORT,
  GRPC_PORT,
  NAME,
  OPS_PORT,
  variablesOf,
} from './settings.ts';

const ours = { podSelector: { matchLabels: { 'app.kubernetes.io/part-of': NAME } } };
const monitoring = {
  namespaceSelector: { matchLabels: { 'kubernetes.io/metadata.name': 'monitoring' } },
};

/** Only ours may call ours; the gateway is the one public door. */
const networkPolicy = (
  name: string,
  matchLabels: Record<string, string>,
  ingress: NonNullable<NonNullable<INetworkPolicy['spec']>['ingress']>,
): INetworkPolicy => ({
  apiVersion: 'networking.k8s.io/v1',
  kind: 'NetworkPolicy',
  metadata: metadataOf(name),
  spec: { podSelector: { matchLabels }, policyTypes: ['Ingress'], ingress },
});

export const networkPolicies = (): INetworkPolicy[] => [
  networkPolicy(NAME, ours.podSelector.matchLabels, [
    { from: [ours], ports: [{ port: API_PORT }, { port: GRPC_PORT }] },
    { from: [monitoring], ports: [{ port: OPS_PORT }] },
  ]),
  networkPolicy('gateway', labelsOf('gateway'), [{ ports: [{ port: API_PORT }] }]),
];

/** Before a new version: may run twice, and is the only one that may change tables. */
export const migration = (): IJob => ({
  apiVersion: 'batch/v1',
  kind: 'Job',
  metadata: metadataOf('migrate'),
  spec: {
    backoffLimit: 5,
    activeDeadlineSeconds: 600,
    ttlSecondsAfterFinished: 86_400,
    template: {
      metadata: { labels: labelsOf('migrate') },
      spec: {
        restartPolicy: 'OnFailure',
        serviceAccountName: NAME,
        automountServiceAccountToken: false,
        securityContext: SECURITY.pod,
        containers: [
          {
            name: 'migrate',
            image: IMAGE,
            command: ['bun', 'processes/migrate.ts'],
            env: [databaseOf('owner'), ...variablesOf(settingsOf('migrate'))],
            securityContext: SECURITY.container,
          },
        ],
      },
    },
  },
});

export const configMap = (): IConfigMap => ({
  apiVersion: 'v1',
  kind: 'ConfigMap',
  metadata: metadataOf(NAME),
  data: CONFIG,
});

export const account = (): IServiceAccount => ({
  apiVersion: 'v1',
  kind: 'ServiceAccount',
  metadata: metadataOf(NAME),
  automountServiceAccountToken: false,
});

// Makes the network policies: which pods may call which, and what each may call outside.
import type { INetworkPolicy } from 'kubernetes-models/networking.k8s.io/v1/NetworkPolicy';
import type { Setting } from '../../processes/config.ts';
import { PROCESS_SETTINGS, type ProcessWithSettings } from '../../processes/settings.ts';
import { specOf } from '../processes.ts';
import { API_PORT, labelsOf, metadataOf, NAME, OPS_PORT } from './settings.ts';
import { WORKLOADS } from './workloads.ts';

type Spec = NonNullable<INetworkPolicy['spec']>;
type Ingress = NonNullable<Spec['ingress']>[number];
type Egress = NonNullable<Spec['egress']>[number];

const namespaceOf = (name: string) => ({
  namespaceSelector: { matchLabels: { 'kubernetes.io/metadata.name': name } },
});

/** The pods of Holdfast with these names. */
const podsOf = (names: string[]) => ({
  podSelector: {
    matchExpressions: [{ key: 'app.kubernetes.io/name', operator: 'In', values: names }],
  },
});

const service = (name: string): Egress => ({ to: [podsOf([name])], ports: [{ port: API_PORT }] });

/** Each store is expected in a namespace of its own name; an example to replace. */
const store = (namespace: string, port: number): Egress => ({
  to: [namespaceOf(namespace)],
  ports: [{ port }],
});

/** Everything but private and link-local addresses, where the cluster and its machines are. */
const outside = (...ports: number[]): Egress => ({
  to: [
    {
      ipBlock: {
        cidr: '0.0.0.0/0',
        except: [
          '10.0.0.0/8',
          '100.64.0.0/10',
          '169.254.0.0/16',
          '172.16.0.0/12',
          '192.168.0.0/16',
        ],
      },
    },
  ],
  ports: ports.map((port) => ({ port })),
});

const POSTGRES = store('postgres', 5432);
const REDIS = store('redis', 6379);

/** What a process reaches by a setting; a process with the setting may reach it, and no other. */
const REACHED: Partial<Record<Setting, Egress>> = {
  HOLDFAST_PRODUCTS_URL: service('products'),
  HOLDFAST_SEARCH_URL: service('search'),
  HOLDFAST_INVENTORY_URL: service('inventory'),
  HOLDFAST_ORDERS_URL: service('orders'),
  HOLDFAST_RECOVERY_URL: service('recovery'),
  HOLDFAST_POSTGRES_URL: POSTGRES,
  HOLDFAST_IDENTITY_URL: POSTGRES,
  HOLDFAST_CATALOGUE_URL: POSTGRES,
  HOLDFAST_PUBLISHED_URL: POSTGRES,
  HOLDFAST_REDIS_URL: REDIS,
  HOLDFAST_LIMITS_REDIS_URL: REDIS,
  HOLDFAST_CARTS_REDIS_URL: REDIS,
  HOLDFAST_KAFKA_BROKERS: store('kafka', 9092),
  HOLDFAST_CASSANDRA_CONTACT_POINT: store('cassandra', 9042),
  HOLDFAST_TEMPORAL_ADDRESS: store('temporal', 7233),
  STRIPE_SECRET_KEY: outside(443),
  HOLDFAST_CARRIER_URL: outside(443),
  HOLDFAST_SMTP_URL: outside(465, 587),
};

const settingsOf = (process: ProcessWithSettings): readonly Setting[] => PROCESS_SETTINGS[process];

const egressOf = (process: ProcessWithSettings): Egress[] => [
  ...new Set(settingsOf(process).flatMap((setting) => REACHED[setting] ?? [])),
];

/** The workloads that may call a service: those with its address among their settings. */
const callersOf = (name: string): string[] => {
  const setting = `HOLDFAST_${name.toUpperCase()}_URL` as Setting;
  return WORKLOADS.filter(({ process }) => settingsOf(process).includes(setting)).map(
    (workload) => workload.name,
  );
};

/** The gateway is the only public API, and only the ingress controller reaches it. */
const ingressOf = (name: string): Ingress[] => {
  const from = name === 'gateway' ? [namespaceOf('ingress-nginx')] : [podsOf(callersOf(name))];
  return [{ from, ports: [{ port: API_PORT }] }];
};

const policyOf = (
  name: string,
  matchLabels: Record<string, string>,
  { ingress, egress }: Pick<Spec, 'ingress' | 'egress'>,
): INetworkPolicy => ({
  apiVersion: 'networking.k8s.io/v1',
  kind: 'NetworkPolicy',
  metadata: metadataOf(name),
  spec: {
    podSelector: { matchLabels },
    policyTypes: ['Ingress', 'Egress'],
    ...(ingress && { ingress }),
    ...(egress && { egress }),
  },
});

/** Of all pods: names are resolved, metrics are read, traces are sent, and nothing else. */
const common = (): INetworkPolicy =>
  policyOf(
    NAME,
    { 'app.kubernetes.io/part-of': NAME },
    {
      ingress: [{ from: [namespaceOf('monitoring')], ports: [{ port: OPS_PORT }] }],
      egress: [
        {
          to: [namespaceOf('kube-system')],
          ports: (['UDP', 'TCP'] as const).map((protocol) => ({ protocol, port: 53 })),
        },
        { to: [namespaceOf('monitoring')], ports: [{ port: 4318 }] },
      ],
    },
  );

export const networkPolicies = (): INetworkPolicy[] => [
  common(),
  ...WORKLOADS.map(({ name, process }) =>
    policyOf(name, labelsOf(name), {
      ...(specOf(process).port && { ingress: ingressOf(name) }),
      egress: egressOf(process),
    }),
  ),
  ...(['migrate', 'promote'] as const).map((name) =>
    policyOf(name, labelsOf(name), { egress: egressOf(name) }),
  ),
];

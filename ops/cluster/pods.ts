// The pods of a cluster: what each container is told, may do, and is asked whether it lives.
import { specOf } from '../processes.ts';
import { API_PORT, environmentIn, GRPC_PORT, keyVolumesOf, NAME, OPS_PORT } from './settings.ts';
import type { Workload } from './workloads.ts';

export const IMAGE = 'registry.shop.example/holdfast:0.0.0';
/** The balancer is told that a pod ends, and needs this long to stop sending to it. */
const BALANCER_SECONDS = 5;
/** Above the balancer's time and the drain of a process (9 s) together. */
export const GRACE_SECONDS = 30;

export const labelsOf = (name: string) => ({
  'app.kubernetes.io/name': name,
  'app.kubernetes.io/part-of': NAME,
});
export const metadataOf = (name: string) => ({ name, labels: labelsOf(name) });

/** Not root, no way to become it, nothing to write to but a folder in memory. */
export const SECURITY = {
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

export const containerOf = (workload: Workload) => ({
  name: workload.process,
  image: IMAGE,
  command: ['bun', `processes/${workload.process}.ts`],
  env: environmentIn(workload.process, workload.variables),
  ports: portsOf(workload),
  resources: {
    requests: { cpu: workload.cpu, memory: workload.memory },
    limits: { memory: workload.memory },
  },
  // Alive asks nothing of others: a store that is away must not restart the shop.
  startupProbe: probe('/heartbeat', 1, 60),
  livenessProbe: probe('/heartbeat', 10, 3),
  readinessProbe: probe('/ready', 3, 2),
  lifecycle: { preStop: { sleep: { seconds: BALANCER_SECONDS } } },
  securityContext: SECURITY.container,
  volumeMounts: [{ name: 'tmp', mountPath: '/tmp' }, ...keyVolumesOf(workload.process).mounts],
});

// Every port of an instance, as offsets from its base.

/** Below 32,000, where the kernel's ephemeral ports begin. */
export const DEFAULT_PORT_BASE = 24_000;
export const PORT_BASE_MAX = 31_600;
/** The tests' instance is this far above the shop's. */
export const TEST_PORT_SHIFT = 200;
/** Further copies of a process have their own operations and gRPC ports. */
const COPY_SHIFT = 60;

export const PORT_OFFSETS = {
  postgres: 0,
  redis: 1,
  kafka: 2,
  'kafka-controller': 3,
  cassandra: 4,
  'cassandra-storage': 5,
  'cassandra-jmx': 6,
  temporal: 7,
  'temporal-ui': 8,
  'temporal-metrics': 9,
  'sandbox-stripe': 10,
  'sandbox-carrier': 11,
  'mail-smtp': 12,
  'sandbox-mail': 13,
  'redis-limits': 14,
  'redis-carts': 15,
  gateway: 20,
  products: 21,
  search: 22,
  inventory: 23,
  'inventory-grpc': 24,
  orders: 25,
  'orders-grpc': 26,
  recovery: 27,
  'gateway-ops': 40,
  'products-ops': 41,
  'search-ops': 42,
  'inventory-ops': 43,
  'orders-ops': 44,
  'recovery-ops': 45,
  'worker-ops': 46,
  'relay-ops': 47,
  'projector-ops': 48,
  'sandbox-stripe-ops': 49,
  'sandbox-carrier-ops': 50,
  'sandbox-mail-ops': 51,
} as const;

export type PortName = keyof typeof PORT_OFFSETS;

/** The port of `name`; a further copy of a process shares public ports but not the others. */
export const portOf = (base: number, name: PortName, copy = 1): number => {
  const own = name.endsWith('-ops') || name.endsWith('-grpc');
  return base + PORT_OFFSETS[name] + (own ? COPY_SHIFT * (copy - 1) : 0);
};

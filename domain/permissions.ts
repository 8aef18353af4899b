// The permissions of every API: routes, fields and calls name a permission, and roles have them.

/**
 * The capacity in which a caller acts. A person may have several; a route names the one it needs.
 */
export const ROLES = [
  /** Sends no credentials. */
  'anyone',
  /** Sends the token of one order. */
  'guest',
  /** Signed in; sees its own data. */
  'account',
  /** Works for a store: reads, and counts stock. */
  'clerk',
  /** Works for a store: edits the catalogue and makes keys. */
  'manager',
  /** Works for a store: everything, including its staff. */
  'owner',
  /** A store's machine, with the scopes of its key. */
  'key',
  /** Works for the operator of Holdfast: repairs orders of every store. */
  'operator',
] as const;
export type Role = (typeof ROLES)[number];

export const STAFF_ROLES = ['clerk', 'manager', 'owner'] as const satisfies Role[];
export type StaffRole = (typeof STAFF_ROLES)[number];

const STAFF = ['clerk', 'manager', 'owner'] as const;
const KEEPERS = ['manager', 'owner'] as const;

/** The roles that have each permission; other roles are refused. */
export const PERMISSIONS = {
  /** Needs no credentials, and ignores any that are sent. */
  public: ROLES,
  /** Search the catalogue, which keys may, too. Invalid credentials are refused. */
  browse: ['anyone', 'guest', 'account', 'key', 'operator'],
  /** Fill a cart and buy. Credentials are optional, but others than a session are refused. */
  shop: ['anyone', 'account'],
  /** One order and its returns: with its token, or signed in as its owner. */
  'own-order': ['guest', 'account'],
  /** The caller's own profile, sessions and orders. */
  'own-account': ['account'],
  'products:read': [...STAFF, 'key'],
  'products:write': [...KEEPERS, 'key'],
  'inventory:read': [...STAFF, 'key'],
  'inventory:write': [...STAFF, 'key'],
  'imports:write': [...KEEPERS, 'key'],
  /** Orders of one's own store, with what is needed to pack them and to answer their shoppers. */
  'orders:read': [...STAFF, 'key'],
  /** A store's API keys; a key cannot have a scope that its maker does not have. */
  'keys:manage': [...KEEPERS, 'operator'],
  /** A store's staff. */
  'staff:manage': ['owner', 'operator'],
  /** A store's own rules, such as where returns go. */
  'settings:manage': [...KEEPERS, 'operator'],
  /** Orders of every store, and the accounts of operators. */
  recovery: ['operator'],
} as const satisfies Record<string, readonly Role[]>;

export type Permission = keyof typeof PERMISSIONS;

/** The permission of each GraphQL root field, behind `POST /graphql`, which needs `browse`. */
export const FIELDS = {
  'Query.products': 'browse',
  'Query.product': 'browse',
  'Query.collections': 'browse',
  'Query.suggest': 'browse',
  'Query.asOf': 'browse',
  /** Null without a session. */
  'Query.me': 'shop',
  'Query.orders': 'own-account',
  'Query.order': 'own-order',
  /** A guest's cart needs only its id; without an id it is the account's cart. */
  'Query.cart': 'shop',
  'Mutation.placeOrder': 'shop',
  'Mutation.providePayment': 'own-order',
  'Mutation.cancelOrder': 'own-order',
  'Mutation.requestReturn': 'own-order',
  'Mutation.addToCart': 'shop',
  'Mutation.setCartLine': 'shop',
  'Mutation.removeCartLine': 'shop',
  'Mutation.mergeCart': 'own-account',
  'Mutation.checkoutCart': 'shop',
} as const satisfies Record<string, Permission>;
export type Field = keyof typeof FIELDS;

/**
 * The scopes of an API key. `recovery` makes it an operator's key, which only Holdfast's own
 * command issues.
 */
export const SCOPES = [
  'products:read',
  'products:write',
  'inventory:read',
  'inventory:write',
  'imports:write',
  'orders:read',
  'recovery',
] as const satisfies Permission[];
export type Scope = (typeof SCOPES)[number];

/** The scopes a store may give to its own keys. */
export const STORE_SCOPES = SCOPES.filter((scope) => scope !== 'recovery');

export const isAllowed = (role: Role, permission: Permission): boolean =>
  (PERMISSIONS[permission] as readonly Role[]).includes(role);

const SERVICE_NAMES = ['gateway', 'search', 'orders', 'recovery', 'worker'] as const;
export type ServiceName = (typeof SERVICE_NAMES)[number];

/**
 * The subject of local programs, which use the token of `./holdfast env` and may make every call.
 */
export const LOCAL_CALLER = 'local';

/** Allows only local programs. */
const UNAUTHENTICATED_ONLY: readonly ServiceName[] = [];

/** The services that may make each call, by the call's path. */
export const SERVICE_CALLS: Record<string, readonly ServiceName[]> = {
  'holdfast.products.v1.ProductsService/BatchGetPrices': ['gateway', 'orders'],
  'holdfast.products.v1.ProductsService/GetProduct': ['search'],
  'holdfast.products.v1.ProductsService/GetSearchSettings': ['gateway', 'search'],
  'holdfast.products.v1.ProductsService/PutSearchSettings': ['gateway'],

  'holdfast.inventory.v1.InventoryService/BatchGetStock': ['gateway', 'search', 'worker'],
  'holdfast.inventory.v1.InventoryService/AdjustStock': ['gateway'],
  'holdfast.inventory.v1.InventoryService/ReceiveStock': ['worker'],
  'holdfast.inventory.v1.InventoryService/BatchSetStock': ['worker'],
  'holdfast.inventory.v1.InventoryService/Reserve': ['worker'],
  'holdfast.inventory.v1.InventoryService/ExtendReservation': ['worker'],
  'holdfast.inventory.v1.InventoryService/ClaimReservation': ['worker'],
  'holdfast.inventory.v1.InventoryService/ReleaseReservation': ['worker'],
  'holdfast.inventory.v1.InventoryService/ReverseClaim': ['worker'],
  'holdfast.inventory.v1.InventoryService/GetReservation': ['worker', 'recovery'],
  'holdfast.inventory.v1.InventoryService/ListHolds': ['recovery'],
  'holdfast.inventory.v1.InventoryService/ListMovements': UNAUTHENTICATED_ONLY,
  'holdfast.inventory.v1.InventoryService/WatchStock': UNAUTHENTICATED_ONLY,
  'holdfast.inventory.v1.InventoryService/CreateLocation': UNAUTHENTICATED_ONLY,
  'holdfast.inventory.v1.InventoryService/ListLocations': ['gateway'],

  'holdfast.orders.v1.OrdersService/PlaceOrder': ['gateway'],
  'holdfast.orders.v1.OrdersService/GetOrder': ['gateway'],
  'holdfast.orders.v1.OrdersService/FindOrderByKey': ['gateway'],
  'holdfast.orders.v1.OrdersService/ListOrderEvents': ['gateway'],
  'holdfast.orders.v1.OrdersService/WatchOrders': ['gateway'],
  'holdfast.orders.v1.OrdersService/ConfirmPayment': ['gateway'],
  'holdfast.orders.v1.OrdersService/CancelOrder': ['gateway'],
  'holdfast.orders.v1.OrdersService/ListOrders': ['gateway'],
  'holdfast.orders.v1.OrdersService/ListStoreOrders': ['gateway'],
  'holdfast.orders.v1.OrdersService/ListReturns': ['gateway'],
  'holdfast.orders.v1.OrdersService/ChangeAddress': ['gateway'],
  'holdfast.orders.v1.OrdersService/RequestReturn': ['gateway'],
  'holdfast.orders.v1.OrdersService/GetReturn': ['gateway'],
  'holdfast.orders.v1.OrdersService/GetReturnSettings': ['gateway'],
  'holdfast.orders.v1.OrdersService/PutReturnSettings': ['gateway'],
};

/** `call` is `<service>/<method>`; an unlisted call is refused. */
export const mayCall = (subject: string, call: string): boolean => {
  const callers: readonly string[] | undefined = SERVICE_CALLS[call];
  return callers !== undefined && (subject === LOCAL_CALLER || callers.includes(subject));
};

// Who may do what: the one page. A route, field or call names a permission; roles have them.

/** In what capacity somebody calls. A person may have several; a route says which it asks for. */
export const ROLES = [
  /** Shows nothing. */
  'anyone',
  /** Shows the token of one order. */
  'guest',
  /** Signed in; everybody's own things. */
  'account',
  /** Works for a store: looks, and counts stock. */
  'clerk',
  /** Works for a store: keeps the catalogue, and makes keys. */
  'manager',
  /** Works for a store: all of it, and who else does. */
  'owner',
  /** A machine of a store, with the scopes that it was given. */
  'key',
  /** Works for the house: mends orders of every store. */
  'operator',
] as const;
export type Role = (typeof ROLES)[number];

export const STAFF_ROLES = ['clerk', 'manager', 'owner'] as const satisfies Role[];
export type StaffRole = (typeof STAFF_ROLES)[number];

const STAFF = ['clerk', 'manager', 'owner'] as const;
const KEEPERS = ['manager', 'owner'] as const;

/** What may be done, and by whom; who is not named may not. */
export const PERMISSIONS = {
  /** Needs nobody: what is shown is looked at by nobody either. */
  public: ROLES,
  /** Browse and buy. Credentials are not needed, but those that are shown must be good. */
  shop: ['anyone', 'guest', 'account'],
  /** One order and its returns: with its token, or signed in as whose it is. */
  'own-order': ['guest', 'account'],
  /** Oneself: profile, sessions, the list of one's orders. */
  'own-account': ['account'],
  'products:read': [...STAFF, 'key'],
  'products:write': [...KEEPERS, 'key'],
  'inventory:read': [...STAFF, 'key'],
  'inventory:write': [...STAFF, 'key'],
  'imports:write': [...KEEPERS, 'key'],
  /** A store's API keys: none with a scope that its maker has not. */
  'keys:manage': [...KEEPERS, 'operator'],
  /** A store's people. */
  'staff:manage': ['owner', 'operator'],
  /** Orders of every store, and who works for the house. */
  recovery: ['operator'],
} as const satisfies Record<string, readonly Role[]>;

export type Permission = keyof typeof PERMISSIONS;

/** What each root field of GraphQL asks for, behind `POST /graphql`, which is `shop`. */
export const FIELDS = {
  'Query.products': 'shop',
  'Query.product': 'shop',
  'Query.collections': 'shop',
  'Query.suggest': 'shop',
  'Query.asOf': 'shop',
  /** Of nobody it is null. */
  'Query.me': 'shop',
  'Query.orders': 'own-account',
  'Query.order': 'own-order',
  /** Whoever knows the id of a guest's cart may use it; without one it is one's own account's. */
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

/** What a key may be given. `recovery` makes it an operator's, and is given by the house alone. */
export const SCOPES = [
  'products:read',
  'products:write',
  'inventory:read',
  'inventory:write',
  'imports:write',
  'recovery',
] as const satisfies Permission[];
export type Scope = (typeof SCOPES)[number];

/** What a store may give to its own keys. */
export const STORE_SCOPES = SCOPES.filter((scope) => scope !== 'recovery');

export const isAllowed = (role: Role, permission: Permission): boolean =>
  (PERMISSIONS[permission] as readonly Role[]).includes(role);

const SERVICE_NAMES = ['gateway', 'search', 'orders', 'recovery', 'worker'] as const;
export type ServiceName = (typeof SERVICE_NAMES)[number];

/** Programs of this machine's own user, by the token of `./holdfast env`: every call. */
export const LOCAL_CALLER = 'local';

/** Only local programs. */
const UNAUTHENTICATED_ONLY: readonly ServiceName[] = [];

/** Every call there is, by its path. */
export const SERVICE_CALLS: Record<string, readonly ServiceName[]> = {
  'holdfast.products.v1.ProductsService/BatchGetPrices': ['gateway', 'orders'],
  'holdfast.products.v1.ProductsService/GetProduct': ['search'],

  'holdfast.inventory.v1.InventoryService/BatchGetStock': ['gateway', 'search'],
  'holdfast.inventory.v1.InventoryService/AdjustStock': ['gateway'],
  'holdfast.inventory.v1.InventoryService/ReceiveStock': ['worker'],
  'holdfast.inventory.v1.InventoryService/BatchSetStock': ['worker'],
  'holdfast.inventory.v1.InventoryService/Reserve': ['worker'],
  'holdfast.inventory.v1.InventoryService/ExtendReservation': ['worker'],
  'holdfast.inventory.v1.InventoryService/ClaimReservation': ['worker'],
  'holdfast.inventory.v1.InventoryService/ReleaseReservation': ['worker'],
  'holdfast.inventory.v1.InventoryService/ReverseClaim': ['worker'],
  'holdfast.inventory.v1.InventoryService/GetReservation': ['worker', 'recovery'],
  'holdfast.inventory.v1.InventoryService/ListMovements': UNAUTHENTICATED_ONLY,
  'holdfast.inventory.v1.InventoryService/WatchStock': UNAUTHENTICATED_ONLY,
  'holdfast.inventory.v1.InventoryService/CreateLocation': UNAUTHENTICATED_ONLY,
  'holdfast.inventory.v1.InventoryService/ListLocations': UNAUTHENTICATED_ONLY,

  'holdfast.orders.v1.OrdersService/PlaceOrder': ['gateway'],
  'holdfast.orders.v1.OrdersService/GetOrder': ['gateway'],
  'holdfast.orders.v1.OrdersService/FindOrderByKey': ['gateway'],
  'holdfast.orders.v1.OrdersService/ListOrderEvents': ['gateway'],
  'holdfast.orders.v1.OrdersService/ConfirmPayment': ['gateway'],
  'holdfast.orders.v1.OrdersService/CancelOrder': ['gateway'],
  'holdfast.orders.v1.OrdersService/ListOrders': ['gateway'],
  'holdfast.orders.v1.OrdersService/ChangeAddress': ['gateway'],
  'holdfast.orders.v1.OrdersService/RequestReturn': ['gateway'],
  'holdfast.orders.v1.OrdersService/GetReturn': ['gateway'],
};

/** `call` is `<service>/<method>`; one that is on no line is nobody's. */
export const mayCall = (subject: string, call: string): boolean => {
  const callers: readonly string[] | undefined = SERVICE_CALLS[call];
  return callers !== undefined && (subject === LOCAL_CALLER || callers.includes(subject));
};

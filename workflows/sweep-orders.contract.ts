// The sweep that finds orders nobody has begun: its name, its queue, its schedule.

export const SWEEP_ORDERS = 'sweepOrders' satisfies keyof typeof import('./index.ts');
export const RECOVERY_QUEUE = 'recovery';
export const SWEEP_SCHEDULE_ID = 'sweep-orders';

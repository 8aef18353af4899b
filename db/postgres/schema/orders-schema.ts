// The orders schema itself, which the files of its tables share.
import { pgSchema } from 'drizzle-orm/pg-core';

export const ordersSchema = pgSchema('orders');

// The schema of a postal address, shared by every HTTP API.
import { z } from 'zod';

const TEXT_MAX = 200;
const text = z.string().trim().min(1).max(TEXT_MAX);

export const addressShape = z
  .strictObject({
    name: text,
    line1: text,
    line2: text.optional(),
    city: text,
    region: text.optional(),
    postalCode: text,
    country: z
      .string()
      .regex(/^[A-Z]{2}$/, 'is not an ISO 3166 code')
      .max(2),
  })
  .meta({ title: 'Address' });

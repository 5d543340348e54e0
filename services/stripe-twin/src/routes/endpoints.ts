import type { Endpoint } from "./api/endpoint.ts";
import { catalogueEndpoints } from "./catalogue.ts";
import { checkoutEndpoints } from "./checkout.ts";
import { customerEndpoints } from "./customers.ts";
import { eventEndpoints } from "./events.ts";
import { invoiceEndpoints } from "./invoices.ts";
import { portalEndpoints } from "./portal.ts";
import { scheduleEndpoints } from "./schedules.ts";
import { subscriptionEndpoints } from "./subscriptions.ts";

export const allEndpoints: readonly Endpoint[] = [
  ...customerEndpoints,
  ...catalogueEndpoints,
  ...subscriptionEndpoints,
  ...scheduleEndpoints,
  ...invoiceEndpoints,
  ...checkoutEndpoints,
  ...portalEndpoints,
  ...eventEndpoints,
];

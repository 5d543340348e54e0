import type { AnySignal } from "../event.ts";
import { permitsRecalled } from "./permits-recalled.ts";
import { quotaRecalled } from "./quota-recalled.ts";
import { usageCounted } from "./usage-counted.ts";

/** Every signal on the bus: who may send and who may hear follows from this list. */
export const signalCatalog: readonly AnySignal[] = [quotaRecalled, permitsRecalled, usageCounted];

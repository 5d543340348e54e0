import { z } from "zod";

/**
 * When quota's database was started. Another one than before: it was restored, or another server took its place, and it may have gone back in
 * time. A gateway then tells again what it holds. Absent from a quota of the release before.
 */
export const historySchema = z.string().max(64);

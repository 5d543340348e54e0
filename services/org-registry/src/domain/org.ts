import type { Standing } from "./permissions.ts";

export interface Org {
  readonly id: string;
  readonly name: string;
  readonly ownerUserId: string;
  readonly version: number;
  readonly createdAt: Date;
}

export interface Member extends Standing {
  readonly orgId: string;
  readonly version: number;
  readonly activatedAt: Date | null;
  readonly createdAt: Date;
}

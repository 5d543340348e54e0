import process from "node:process";
import type { Share } from "./main.ts";
import { search } from "./search.ts";
import { stageInMemory } from "./stage.ts";

const stage = stageInMemory();
process.on("message", (share: Share) => {
  void search(stage, share).then((searched) => process.send?.(searched));
});

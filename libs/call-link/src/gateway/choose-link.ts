import type { RouterLink } from "./router-link.ts";

/** Links that share a weight. */
export interface WeightedLinks {
  readonly weight: number;
  readonly links: readonly RouterLink[];
}

type Accepts = (link: RouterLink) => boolean;

const countIn = (links: readonly RouterLink[], accepts: Accepts): number => {
  let count = 0;
  for (const link of links) if (accepts(link)) count += 1;
  return count;
};

function nth(links: readonly RouterLink[], index: number, accepts: Accepts): RouterLink | null {
  let left = index;
  for (const link of links) {
    if (!accepts(link)) continue;
    if (left === 0) return link;
    left -= 1;
  }
  return null;
}

/** The less loaded of two at random: nearly as even as the least loaded of all, and many gateways do not all pick the same. */
function lessLoadedOfTwo(links: readonly RouterLink[], accepts: Accepts, random: () => number): RouterLink | null {
  const count = countIn(links, accepts);
  if (count < 2) return nth(links, 0, accepts);
  const first = Math.floor(random() * count);
  const other = (first + 1 + Math.floor(random() * (count - 1))) % count;
  const one = nth(links, first, accepts) as RouterLink;
  const two = nth(links, other, accepts) as RouterLink;
  return two.inFlight() < one.inFlight() ? two : one;
}

function chooseAmong(groups: readonly WeightedLinks[], accepts: Accepts, random: () => number): RouterLink | null {
  let total = 0;
  for (const group of groups) if (countIn(group.links, accepts) > 0) total += group.weight;
  if (total === 0) return null;
  let left = random() * total;
  for (const group of groups) {
    if (group.weight === 0 || countIn(group.links, accepts) === 0) continue;
    left -= group.weight;
    if (left < 0) return lessLoadedOfTwo(group.links, accepts, random);
  }
  return null;
}

/**
 * The link for the next call: a group by its weight, in it the less loaded of two. Links that do not answer their pings are
 * used only when no other is ready. Null when there is none.
 */
export function chooseLink(
  groups: readonly WeightedLinks[],
  avoided: RouterLink | null,
  random: () => number,
): RouterLink | null {
  const isUsable: Accepts = (link) => link !== avoided && link.isReady();
  return (
    chooseAmong(groups, (link) => isUsable(link) && !link.isEjected(), random) ?? chooseAmong(groups, isUsable, random)
  );
}

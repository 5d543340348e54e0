const nanoPerUsd = 1_000_000_000n;

/** 30_600 → "0.0000306": US dollars in full precision, without trailing zeros. */
export function toUsdText(nanoUsd: number): string {
  const nano = BigInt(nanoUsd);
  const fraction = (nano % nanoPerUsd).toString().padStart(9, "0").replace(/0+$/, "");
  return `${nano / nanoPerUsd}${fraction === "" ? "" : `.${fraction}`}`;
}

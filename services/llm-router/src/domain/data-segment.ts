/** What data a call is about, or an answer that is judged: `X-Data-Segment`. */
export const dataSegments = ["general", "medical", "scientific"] as const;
export type DataSegment = (typeof dataSegments)[number];

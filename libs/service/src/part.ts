/** A thing that works from its start to its stop: a consumer, a responder, a subscription. */
export interface Part {
  start(): void | Promise<void>;
  stop(): void | Promise<void>;
}

type Stop = () => void | Promise<void>;

/** A part of something that works from the moment it is made, until its `stop` is called: a responder, a subscription. */
export function partOf(open: () => { stop: Stop } | Promise<{ stop: Stop }>): Part {
  let opened: { stop: Stop } | undefined;
  return {
    start: async () => {
      opened = await open();
    },
    stop: async () => {
      await opened?.stop();
    },
  };
}

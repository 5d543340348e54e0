import { afterAll, beforeAll, describe } from "@jest/globals";
import { type Platform, startPlatform } from "../support/platform.ts";
import { tellOfAnthropic } from "../support/sdks/anthropic.ts";
import { tellOfOpenAiChat } from "../support/sdks/openai-chat.ts";
import { tellOfOpenAiResponses } from "../support/sdks/openai-responses.ts";

let platform: Platform;
const here = (): Platform => platform;

beforeAll(async () => {
  platform = await startPlatform({});
});
afterAll(async () => {
  await platform.stop();
});

describe("OpenAI's package, chat completions", () => {
  tellOfOpenAiChat(here);
});
describe("OpenAI's package, responses", () => {
  tellOfOpenAiResponses(here);
});
describe("Anthropic's package", () => {
  tellOfAnthropic(here);
});

import { afterEach, describe, expect, test } from "@jest/globals";
import { Secret } from "@topdog/config/secret";
import type { Dialect, StreamingDialect } from "@topdog/dialects/dialect";
import { dialects, streamingDialects } from "@topdog/dialects/dialects";
import { samplesOf } from "@topdog/testing/dialect-samples";
import { type FakeReply, type FakeUpstream, startFakeUpstream } from "@topdog/testing/fake-upstream";
import type { OpenCall, Provider, ProviderStream, StreamEnd } from "../src/clients/providers/provider.ts";

interface ProviderUnderTest {
  readonly connect: (url: string) => Provider;
  /** How a credential reaches the provider. */
  readonly credentialHeader: (secret: string) => readonly [string, string];
}

const secret = "sk-of-this-call";
const credential = Secret.of(secret);

interface Collected {
  readonly text: string;
  readonly end: StreamEnd;
}

function collect(stream: ProviderStream): Promise<Collected> {
  return new Promise((resolve) => {
    let text = "";
    stream.attach({
      onEvents(bytes) {
        text += bytes.toString();
        return true;
      },
      onEnd: (end) => resolve({ text, end }),
    });
  });
}

const statedUsage = { promptTokens: 5, completionTokens: 7, estimated: false };

/** What a provider's folder must do in every dialect that it speaks. */
export function describeProvider(name: string, provider: ProviderUnderTest): void {
  const probe = provider.connect("http://127.0.0.1:9");
  void probe.close();
  checksKeys(name, provider);
  for (const id of probe.native) {
    const dialect = dialects.find((one) => one.id === id);
    if (dialect === undefined) throw new Error(`${name} speaks ${id}, which is no dialect`);
    const streaming = streamingDialects.find((one) => one.id === id);
    describe(`${name} in ${id}`, () => {
      if (streaming === undefined) conformsWithoutStreams(provider, dialect);
      else conforms(provider, streaming);
    });
  }
}

/** Embeddings: one request, one answer. */
function conformsWithoutStreams({ connect, credentialHeader }: ProviderUnderTest, dialect: Dialect): void {
  const vectors = {
    object: "list",
    model: "fake",
    data: [{ object: "embedding", index: 0, embedding: [0.5] }],
    usage: { prompt_tokens: 5, total_tokens: 5 },
  };

  test("sends a request as it came, with its credential, and takes nothing but an answer for one", async () => {
    let reply: FakeReply = { body: vectors };
    const fake = await startFakeUpstream(() => reply);
    const provider = connect(fake.url);
    const body = Buffer.from('{ "model": "fake", "input": ["a", "b"], "dimensions": 1.50 }');
    const request = dialect.readRequest(body);
    const timeouts = { firstContentTimeoutMs: 2000, interChunkTimeoutMs: 2000, totalTimeoutMs: 5000 };
    const outcome = () => {
      const call = { format: dialect, request, requestId: "req_1", headers: [], ...timeouts };
      return provider.open(call, credential).outcome;
    };
    const usage = { promptTokens: 5, completionTokens: 0, estimated: false };
    expect(await outcome()).toEqual({ kind: "answer", body: Buffer.from(JSON.stringify(vectors)), usage });
    const [seen] = fake.requests;
    expect(seen?.body).toBe(body.toString());
    const [header, value] = credentialHeader(secret);
    expect(seen?.headers[header]).toBe(value);
    for (const other of ["{}", "[]", '{"error":{"message":"no"}}', '{"data":{}}']) {
      reply = { body: other };
      expect(await outcome()).toMatchObject({ kind: "failure", failure: { kind: "malformed" } });
    }
    await provider.close();
    await fake.close();
  });
}

/** What a provider says of a credential, asked without cost. */
function checksKeys(name: string, { connect, credentialHeader }: ProviderUnderTest): void {
  test.each([
    [200, "valid"],
    [401, "invalid"],
    [403, "unverified"],
    [500, "unverified"],
    [302, "unverified"],
  ] as const)(`${name} says of a credential by a %i that it is %s`, async (status, verdict) => {
    const fake = await startFakeUpstream(() => ({ status, headers: { location: "/elsewhere" }, body: {} }));
    const provider = connect(fake.url);
    expect(await provider.check(credential, 2000)).toBe(verdict);
    const [header, value] = credentialHeader(secret);
    expect(fake.requests.map(({ method, headers }) => [method, headers[header]])).toEqual([["GET", value]]);
    await provider.close();
    await fake.close();
  });
}

function conforms({ connect, credentialHeader }: ProviderUnderTest, dialect: StreamingDialect): void {
  const samples = samplesOf(dialect);
  const { opening, content, finish, usage, end, error } = samples.stream(["a", "b"]);
  const open: (() => Promise<void>)[] = [];
  afterEach(async () => {
    for (const close of open.splice(0).toReversed()) await close();
  });

  async function call(
    reply: FakeReply,
    streamed: boolean,
    key: Secret | null = credential,
  ): Promise<{ call: OpenCall; fake: FakeUpstream }> {
    const fake = await startFakeUpstream(() => reply);
    const provider = connect(fake.url);
    open.push(
      () => fake.close(),
      () => provider.close(),
    );
    const request = dialect.readRequest(Buffer.from(JSON.stringify(samples.request(streamed))));
    // Short only where it is waited for: a busy machine may take its time.
    const silenceMs = reply.hang === true ? 200 : 10_000;
    const timeouts = { firstContentTimeoutMs: silenceMs, interChunkTimeoutMs: silenceMs, totalTimeoutMs: 20_000 };
    return {
      call: provider.open({ format: dialect, request, requestId: "req_1", headers: [], ...timeouts }, key),
      fake,
    };
  }
  const outcome = async (reply: FakeReply, streamed: boolean) => (await call(reply, streamed)).call.outcome;
  async function streamOf(events: readonly string[], reply: FakeReply = {}): Promise<Collected> {
    const begun = await outcome({ ...reply, events }, true);
    if (begun.kind !== "stream") throw new Error(JSON.stringify(begun));
    return collect(begun.stream);
  }

  test("sends each call with the credential that the call was given", async () => {
    const reply = { body: samples.answer("x") };
    const given = await call(reply, false);
    await given.call.outcome;
    const [header, value] = credentialHeader(secret);
    expect(given.fake.requests[0]!.headers[header]).toBe(value);
    const without = await call(reply, false, null);
    await without.call.outcome;
    expect(without.fake.requests[0]!.headers[header]).toBeUndefined();
  });

  test("gives a plain answer whole, with its usage", async () => {
    const body = samples.answer("hello");
    expect(await outcome({ body }, false)).toEqual({
      kind: "answer",
      body: Buffer.from(JSON.stringify(body)),
      usage: statedUsage,
    });
  });

  test("gives a stream at its first content, without what only we asked for, its usage, and its own end event", async () => {
    const collected = await streamOf([...opening, ...content, ...finish, ...usage, end]);
    expect(collected.text).toBe([...opening, ...content, ...finish].join(""));
    expect(collected.end).toEqual({ endEvent: Buffer.from(end), failure: null, usage: statedUsage });
  });

  test.each([true, false])("calls nothing begun that gave no content (stream: %s)", async (streamed) => {
    const part = streamed ? { events: opening } : { body: '{"half' };
    const failures: Record<string, FakeReply> = {
      dropped: { cut: "at_once" },
      timeout: { ...part, hang: true },
      cut: { ...part, cut: "at_end" },
      redirect: { status: 302, headers: { location: "/elsewhere" }, body: {} },
      server_error: { status: 500, body: {} },
      overloaded: { status: 529, body: {} },
      credential: { status: 401, body: {} },
      out_of_credit: { status: 402, body: {} },
      forbidden: { status: 403, body: "<html>" },
      model_missing: { status: 404, body: {} },
    };
    for (const [kind, reply] of Object.entries(failures)) {
      expect(await outcome(reply, streamed)).toMatchObject({ kind: "failure", failure: { kind } });
    }
  });

  test("takes neither an error within a 200 nor another kind of document for an answer", async () => {
    expect(await outcome({ events: [...opening, error] }, true)).toMatchObject({ kind: "failure" });
    for (const body of ["[]", "null", "{}", "<html>", '{"error":{"message":"no"}}']) {
      expect(await outcome({ body }, false)).toMatchObject({ kind: "failure", failure: { kind: "malformed" } });
    }
  });

  test("does not take a plain document for the stream that was asked for", async () => {
    const whole = await outcome({ body: samples.answer("x") }, true);
    expect(whole).toMatchObject({ kind: "failure", failure: { kind: "malformed" } });
  });

  test("passes on how long a limited upstream wants to rest", async () => {
    const limited = await outcome({ status: 429, headers: { "retry-after": "9" }, body: {} }, true);
    expect(limited).toEqual({ kind: "failure", failure: { kind: "rate_limited", retryAfterSeconds: 9 } });
  });

  test("gives the caller's own fault back", async () => {
    const refused = await outcome({ status: 422, body: { error: { message: "no", type: "t" } } }, true);
    expect(refused).toMatchObject({ kind: "refusal", status: 422, refusal: { message: "no", type: "t" } });
  });

  test("takes a stream for whole that says it is finished and ends cleanly without its end event", async () => {
    const { endEvent } = dialect.stream;
    const collected = await streamOf([...opening, ...content, ...finish, ...usage]);
    if (endEvent !== null) expect(collected.end).toEqual({ endEvent, failure: null, usage: statedUsage });
    else expect(collected.end).toMatchObject({ endEvent: null, failure: { kind: "cut" } });
    const unfinished = await streamOf([...opening, ...content]);
    expect(unfinished.end).toMatchObject({ endEvent: null, failure: { kind: "cut" } });
    const cut = await streamOf([...opening, ...content, ...finish], { cut: "at_end" });
    expect(cut.end).toMatchObject({ endEvent: null, failure: { kind: "cut" } });
  });

  test("ends a stream that breaks later as failed, with what it gave", async () => {
    const cut = await streamOf([...opening, ...content], { cut: "at_end" });
    expect(cut.text).toBe([...opening, ...content].join(""));
    expect(cut.end).toMatchObject({ endEvent: null, failure: { kind: "cut" }, usage: null });
    const failed = await streamOf([...opening, ...content, error]);
    expect(failed.text).toBe([...opening, ...content].join(""));
    expect(failed.end).toMatchObject({ endEvent: null, failure: { kind: "server_error" } });
  });

  test.each([true, false])("an abort reaches the upstream at once (stream: %s)", async (streamed) => {
    const { call: opened, fake } = await call({ hang: true }, streamed);
    while (fake.requests.length === 0) await new Promise((resolve) => setTimeout(resolve, 5));
    opened.abort();
    expect(await opened.outcome).toMatchObject({ kind: "failure", failure: { kind: "aborted" } });
    await fake.requests[0]!.aborted;
  });
}

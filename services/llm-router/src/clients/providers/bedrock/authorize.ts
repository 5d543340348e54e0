import type { Secret } from "@topdog/config/secret";
import aws4 from "aws4";
import type { OutgoingRequest } from "../../provider-http/http-api.ts";

const accessKey = /^((?:AKIA|ASIA)[A-Z0-9]{12,}):([^:\s]+)(?::(\S+))?$/;
const regionOfHost = /bedrock-runtime(?:-fips)?\.([a-z0-9-]+)\./;
const defaultRegion = "us-east-1";
const signedHeaders = ["authorization", "x-amz-date", "x-amz-security-token"];

/**
 * A credential is an access key, `id:secret` or `id:secret:sessionToken`, and signs each request (Signature Version 4); anything else is
 * an API key of Bedrock, and is shown as it is.
 */
export function authorize({ method, host, path, body }: OutgoingRequest, credential: Secret): readonly string[] {
  const [, accessKeyId, secretAccessKey, sessionToken] = accessKey.exec(credential.reveal()) ?? [];
  if (accessKeyId === undefined || secretAccessKey === undefined) {
    return ["authorization", `Bearer ${credential.reveal()}`];
  }
  const region = regionOfHost.exec(host)?.[1] ?? defaultRegion;
  const request = { service: "bedrock", region, method, host, path };
  const content = body === null ? {} : { body, headers: { "content-type": "application/json" } };
  const keys = { accessKeyId, secretAccessKey, ...(sessionToken === undefined ? {} : { sessionToken }) };
  const { headers = {} } = aws4.sign({ ...request, ...content }, keys);
  return Object.entries(headers).flatMap(([name, value]) =>
    signedHeaders.includes(name.toLowerCase()) ? [name.toLowerCase(), String(value)] : [],
  );
}

import type { Dispatcher } from "undici";

/** By which the demo's person signs in; the password is the stack's own (`demo.password`). */
const demoEmail = "demo@topdog.example";

/** Headers by which a browser acts in a new session of the demo's person, or of another one of the demo. Throws when the password is refused. */
export async function signInAsDemo(
  gateway: Dispatcher,
  origin: string,
  password: string,
  email = demoEmail,
): Promise<Record<string, string>> {
  const answer = await gateway.request({
    origin,
    path: "/api/auth/sign-in",
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ email, password }),
  });
  await answer.body.dump();
  if (answer.statusCode !== 200) throw new Error(`a sign-in was answered ${answer.statusCode}`);
  const cookies = [answer.headers["set-cookie"] ?? []].flat().map((cookie) => cookie.split(";", 1)[0] ?? "");
  const csrf = cookies.find((cookie) => cookie.startsWith("topdog_csrf="))?.split("=")[1] ?? "";
  return { cookie: cookies.join("; "), "x-csrf-token": csrf };
}

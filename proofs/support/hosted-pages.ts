/** What a person does with a browser at Stripe's hosted pages. */

const payer = { email: "ada@example.test", name: "Ada", country: "US" };

/** Sends a page's form; returns where the browser goes then. */
async function submit(url: string, form: Readonly<Record<string, string>>): Promise<string> {
  const answer = await fetch(url, { method: "POST", body: new URLSearchParams(form), redirect: "manual" });
  const location = answer.headers.get("location");
  if (answer.status !== 303 || location === null)
    throw new Error(`${url} answered ${answer.status}: ${await answer.text()}`);
  return new URL(location, url).href;
}

/** Pays at a checkout or an invoice; returns the bank's page when it asks for one. */
export const payAt = (url: string, number: string): Promise<string> => submit(url, { ...payer, number });

/** Answers the bank's challenge. */
export const answerBank = (url: string, outcome: "pass" | "fail"): Promise<string> => submit(url, { outcome });

export const enterCode = (checkoutUrl: string, code: string): Promise<string> =>
  submit(`${checkoutUrl}/promotion`, { code });

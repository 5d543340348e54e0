import { auth } from "../copy/auth.ts";
import { TextField } from "./field.tsx";

/** The code of an authenticator app. It appears because it is asked for: typing goes on in it. */
export const CodeField = () => (
  <TextField
    label={auth.code}
    hint={auth.codeHint}
    name="code"
    autoComplete="one-time-code"
    inputMode="numeric"
    required
    ref={(input) => input?.focus()}
  />
);

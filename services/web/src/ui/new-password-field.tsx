import { auth } from "../copy/auth.ts";
import { TextField } from "./field.tsx";

/** As the server counts it. */
const leastLength = 10;

/** Where a password is chosen. */
export const NewPasswordField = () => (
  <TextField
    label={auth.newPassword}
    hint={auth.passwordHint}
    name="password"
    type="password"
    autoComplete="new-password"
    minLength={leastLength}
    required
  />
);

import type { ButtonHTMLAttributes } from "react";
import { Link, type LinkProps } from "react-router";

interface Look {
  readonly look?: "solid" | "line" | "quiet" | "danger";
  readonly size?: "small" | "normal";
}

type ButtonProps = ButtonHTMLAttributes<HTMLButtonElement> & Look & { readonly isPending?: boolean };

/** While it is pending it takes no click, and keeps its place in the order of focus. */
export function Button({ look = "line", size = "normal", isPending = false, onClick, ...rest }: ButtonProps) {
  return (
    <button
      type="button"
      className="button"
      data-look={look}
      data-size={size}
      aria-disabled={isPending || undefined}
      aria-busy={isPending || undefined}
      onClick={isPending ? (event) => event.preventDefault() : onClick}
      {...rest}
    />
  );
}

/** A link that looks like a button. */
export function ButtonLink({ look = "line", size = "normal", ...rest }: LinkProps & Look) {
  return <Link className="button" data-look={look} data-size={size} {...rest} />;
}

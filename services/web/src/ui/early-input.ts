type Field = HTMLInputElement | HTMLSelectElement | HTMLTextAreaElement;

const isTick = (field: Field): field is HTMLInputElement => field.type === "radio" || field.type === "checkbox";

/**
 * What somebody chose or typed in the page that the server drew, before React takes it over: React would leave it in the field and hear nothing of
 * it, so that the page's figures were of another choice. The fields become as they were drawn; the function that is returned gives them back what was
 * entered, as if it were entered then.
 */
export function takeEarlyInput(root: Element): () => void {
  const fields = [...root.querySelectorAll<Field>("input, select, textarea")];
  const entered = fields.flatMap((field) => (isAsDrawn(field) ? [] : [{ field, value: field.value }]));
  const enter = entered.flatMap(({ field, value }) => {
    if (!isTick(field)) return [() => type(field, value)];
    // Of a group of radio buttons the one that was left changed too.
    return field.type === "checkbox" || field.checked ? [() => field.click()] : [];
  });
  for (const { field } of entered) drawAgain(field);
  return () => {
    for (const one of enter.splice(0)) one();
  };
}

const drawnOption = ({ options }: HTMLSelectElement): number =>
  Math.max(
    0,
    [...options].findIndex(({ defaultSelected }) => defaultSelected),
  );

function isAsDrawn(field: Field): boolean {
  if (field instanceof HTMLSelectElement) return field.selectedIndex === drawnOption(field);
  return isTick(field) ? field.checked === field.defaultChecked : field.value === field.defaultValue;
}

function drawAgain(field: Field): void {
  if (field instanceof HTMLSelectElement) field.selectedIndex = drawnOption(field);
  else if (isTick(field)) field.checked = field.defaultChecked;
  else field.value = field.defaultValue;
}

function type(field: Field, value: string): void {
  // React watches the field's own `value`: what is set past it is a change to it, as what a person types is.
  Reflect.set(Object.getPrototypeOf(field) as object, "value", value, field);
  field.dispatchEvent(new Event(field instanceof HTMLSelectElement ? "change" : "input", { bubbles: true }));
}

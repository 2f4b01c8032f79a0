// Elements, made without HTML: whatever text comes from a pickle is text in the page.

/** What stands in an element. */
export type Child = Node | string | undefined;

/** An element with a class and what stands in it. */
export function element<K extends keyof HTMLElementTagNameMap>(
  tag: K,
  className = "",
  ...children: Child[]
): HTMLElementTagNameMap[K] {
  const made = document.createElement(tag);
  if (className) made.className = className;
  made.append(...children.filter((child) => child !== undefined));
  return made;
}

/** The element of the page with an id. */
export function byId<T extends HTMLElement>(id: string, type: new () => T): T {
  const found = document.getElementById(id);
  if (!(found instanceof type)) throw new Error(`the page has no ${id}`);
  return found;
}

/** `1 pickle`, `2,732 bytes` */
export function count(number: number, what: string): string {
  return `${number.toLocaleString("en")} ${what}${number === 1 ? "" : "s"}`;
}

/** Shows the items of a long row a few at a time: the next ones when a button below them is pressed. */
export function showInSteps<T>(
  parent: HTMLElement,
  items: Iterable<T>,
  step: number,
  show: (item: T) => Node,
  /** Where the button goes. Default: into the parent, below the items. */
  below: HTMLElement = parent,
): void {
  const iterator = items[Symbol.iterator]();
  let next = iterator.next();
  const button = element("button", "more", "Show more");
  button.type = "button";
  const showStep = (): void => {
    const shown = document.createDocumentFragment();
    for (let i = 0; i < step && !next.done; i++) {
      shown.append(show(next.value));
      next = iterator.next();
    }
    button.remove();
    parent.append(shown);
    if (!next.done) below.append(button);
  };
  button.addEventListener("click", () => {
    const before =
      parent.lastElementChild === button ? button.previousElementSibling : parent.lastElementChild;
    showStep();
    // The button is gone or further down: whoever came by keyboard goes on at the first that is new.
    const first = before?.nextElementSibling;
    if (first instanceof HTMLElement) (first.querySelector("summary") ?? button).focus();
  });
  showStep();
}

// Small tools for the page's elements. Text only ever goes in as text.

import { explain } from "./texts.js";

/** The first element within another that a selector finds. */
export const $ = (selector, within = document) => within.querySelector(selector);

/** All of them. */
export const $$ = (selector, within = document) => [...within.querySelectorAll(selector)];

/** Makes an element: its properties, and what is in it. What is null is left out. */
export function h(tag, properties = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(properties)) {
    if (name === "dataset") {
      Object.assign(element.dataset, value);
    } else if (name.startsWith("aria-") || name === "role" || name === "scope") {
      element.setAttribute(name, value);
    } else {
      element[name] = value;
    }
  }
  element.append(...children.flat().filter((child) => child !== null && child !== undefined));
  return element;
}

/** Sets a text only when it differs, so that screen readers are not interrupted for nothing. */
export function setText(element, text) {
  if (element.textContent !== text) {
    element.textContent = text;
  }
}

/** Replaces what is in an element only where it differs, so that the focus stays where it is. */
export function replace(element, children) {
  const shown = [...element.childNodes];
  const same = children.length === shown.length && children.every((child, i) => shown[i].isEqualNode(child));
  if (!same) {
    const focused = element.contains(document.activeElement) ? document.activeElement.dataset.key : null;
    element.replaceChildren(...children);
    if (focused) {
      $$("[data-key]", element)
        .find((child) => child.dataset.key === focused)
        ?.focus();
    }
  }
}

/** Fills a select with choices: pairs of value and words, or groups of such. Keeps what was chosen. */
export function choose(select, choices, chosen = select.value) {
  const option = ([value, words]) => h("option", { value }, words);
  replace(
    select,
    choices.map((choice) =>
      choice.label ? h("optgroup", { label: choice.label }, choice.choices.map(option)) : option(choice),
    ),
  );
  select.value = chosen;
  if (select.selectedIndex < 0) {
    select.selectedIndex = 0;
  }
}

/** Whether the user sees light letters on a dark ground. */
export const isDark = () => matchMedia("(prefers-color-scheme: dark)").matches;

/** Calls `work` once nobody has asked for it for a while. */
export function settled(work, wait = 250) {
  let timer = null;
  return (...args) => {
    clearTimeout(timer);
    timer = setTimeout(() => work(...args), wait);
  };
}

/** Where errors are shown that are about no field in particular. */
const homes = new WeakMap();

/** Shows an error: beside its field where it has one, else in `place`. */
export function showProblem(place, error) {
  const form = place.closest("form");
  const field = error.field && form ? form.elements[error.field] : null;
  place.textContent = explain(error);
  place.hidden = false;
  if (!homes.has(place)) {
    const home = document.createComment("");
    place.before(home);
    homes.set(place, home);
  }
  homes.get(place).after(place);
  if (field instanceof HTMLElement) {
    field.setAttribute("aria-invalid", "true");
    place.id ||= `${field.id}-problem`;
    field.setAttribute("aria-describedby", place.id);
    field.closest(".field")?.append(place);
    field.focus();
  }
  // A failure that nobody sees seems to be none.
  place.scrollIntoView({ block: "nearest" });
}

/** Brings a failure before the user's eyes, and the keyboard to it: one that is out of sight seems to be none. */
export function bring(place) {
  place.tabIndex = -1;
  place.scrollIntoView({ block: "center" });
  place.focus({ preventScroll: true });
}

/** The same unless a field is marked, which has the focus then. */
export function bringProblem(place) {
  if (!place.hidden && !$("[aria-invalid]", place.closest("form") ?? document)) {
    bring(place);
  }
}

/** Takes an error back. */
export function clearProblem(place) {
  place.hidden = true;
  place.textContent = "";
  for (const field of $$("[aria-invalid]", place.closest("form") ?? document)) {
    field.removeAttribute("aria-invalid");
  }
}

// What a search means beside its letters: days as they are written, kinds, units and results in the user's words.

import { dayForms, t, wordsOf } from "./texts.js";

/** How many days back a date or a weekday is looked for. */
const DAYS = 400;

/** The request for a search among what `catalogue` names. */
export function meaning(text, catalogue) {
  const search = withoutUnit(text.trim(), catalogue);
  const wanted = search.toLowerCase();
  const meant = (words) => wanted !== "" && words.toLowerCase().includes(wanted);
  const isUnit = ({ units }) => units.some(([, symbol]) => symbol !== "" && symbol.toLowerCase() === wanted);
  return {
    search,
    meant: {
      kinds: catalogue.kinds.filter((kind) => meant(t(`kind.${kind.name}`)) || isUnit(kind)).map((kind) => kind.number),
      reasons: wordsOf("reason").filter((reason) => meant(t(`reason.${reason}`))),
      outcomes: wordsOf("outcome_word").filter((word) => meant(t(`outcome_word.${word}`))),
    },
    days: days(wanted),
  };
}

/** A value without the unit that it is shown with. */
function withoutUnit(text, catalogue) {
  const [, value, unit] = /^(-?\d+(?:[.,]\d+)?)\s*(\D+)$/.exec(text) ?? [];
  const symbols = catalogue.kinds.flatMap((kind) => kind.units.map(([, symbol]) => symbol.toLowerCase()));
  return unit && symbols.includes(unit.trim().toLowerCase()) ? value : text;
}

/** The days that are written so, as `2026-11-24`. A bare number is a value. */
function days(wanted) {
  if (wanted.length < 3 || /^[\d.,]+$/.test(wanted)) {
    return [];
  }
  const found = [];
  for (let back = 0; back < DAYS; back += 1) {
    const { iso, forms } = dayForms(back);
    if (forms.some((form) => form.toLowerCase().includes(wanted))) {
      found.push(iso);
    }
  }
  return found;
}

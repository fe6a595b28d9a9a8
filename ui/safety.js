// How safe a goal is, and what it needs, in Beeminder's words and colours.

import { amount, moment, t } from "./texts.js";

/** A word for the colour and the shape, and the words for people: Beeminder's bands of safe days. */
export function buffer({ alive, buffer_days: days, loses_at: loses }) {
  if (!alive) {
    return { safety: "ended", words: t("buffer.ended") };
  }
  if (days === null) {
    return { safety: "unknown", words: t("buffer.unknown") };
  }
  if (days <= 0) {
    return { safety: "due", words: loses && new Date(loses) < Date.now() ? t("buffer.over") : t("buffer.today") };
  }
  const safety = days < 2 ? "soon" : days < 3 ? "near" : days < 7 ? "safe" : "well";
  return { safety, words: t("buffer.days", { count: days }) };
}

/** The amount needed, and by when: "≤ 79.8 kg by Thu 3 AM". */
export function needed({ needed: what, unit, loses_at: loses }) {
  const by = loses ? t("needed.by", { at: moment(loses) }) : "";
  const [name, value] = what ?? [];
  const much = name ? t(`needed.${name}`, { value: amount(String(Math.round(value * 100) / 100), unit) }) : "";
  return [much, by].filter(Boolean).join(" ");
}

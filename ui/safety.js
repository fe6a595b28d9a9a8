// How safe a goal is, in Beeminder's words.

import { t } from "./texts.js";

/** A word for the colour and the shape, and the words for people. */
export function buffer({ alive, buffer_days: days, loses_at: loses }) {
  if (!alive) {
    return { safety: "ended", words: t("buffer.ended") };
  }
  if (days === null) {
    return { safety: "unknown", words: t("buffer.unknown") };
  }
  if (days <= 0) {
    return { safety: "due", words: loses ? t("buffer.due", { at: loses }) : t("buffer.today") };
  }
  return { safety: days === 1 ? "soon" : days < 4 ? "near" : "safe", words: t("buffer.days", { count: days }) };
}

// What is said, in the user's language: keys in, sentences out. Dates and numbers follow the same locale.

const LANGUAGES = ["en", "de"];

let texts = new Map();
let locale = "en";
let timeZone;

/** Loads the language that was chosen, or else the desktop's. */
export async function load(chosen) {
  const wanted = [chosen, ...navigator.languages, "en"].filter(Boolean);
  const known = wanted.find((tag) => LANGUAGES.includes(tag.split("-")[0])) ?? "en";
  const language = known.split("-")[0];
  // Someone who reads English in Paris still writes dates as in Paris.
  locale = navigator.languages.find((tag) => tag.startsWith(language)) ?? language;
  const answer = await fetch(`texts/${language}.json`);
  texts = flattened(await answer.json());
  document.documentElement.lang = language;
}

function flattened(group, before = "", found = new Map()) {
  for (const [name, value] of Object.entries(group)) {
    const key = before ? `${before}.${name}` : name;
    if (typeof value === "string") {
      found.set(key, value);
    } else {
      flattened(value, key, found);
    }
  }
  return found;
}

/** Whether this computer's clock shows another time than the one that deadlines and days go by. */
export function clocksDiffer() {
  const shown = (zone) => new Date().toLocaleString("sv-SE", { timeZone: zone });
  return shown(undefined) !== shown(timeZone);
}

/** Says by whose clock measurements, deadlines and days are shown. */
export function setTimeZone(zone) {
  timeZone = zone;
}

/** Whether there are words for a key. */
export const has = (key) => texts.has(key);

/** The words that a group of texts names, in the order of the file. */
export const wordsOf = (group) =>
  [...texts.keys()].filter((key) => key.startsWith(`${group}.`)).map((key) => key.slice(group.length + 1));

/** Says it. `facts` fill the places of the sentence, as `text.rs` does. */
export function t(key, facts = {}) {
  const one = Number(facts.count) === 1 ? texts.get(`${key}_one`) : undefined;
  const text = one ?? texts.get(key) ?? key;
  return text.replace(/\{(\w+)(?::(\w+))?\}/g, (place, name, form, at) => {
    const words = filled(String(facts[name] ?? ""), form, facts);
    // What others say often ends as a sentence does.
    return /^[”“]?[.:;,]/.test(text.slice(at + place.length)) ? words.replace(/\.$/, "") : words;
  });
}

function filled(fact, form, facts) {
  if (fact === "") {
    return "";
  }
  switch (form) {
    case undefined:
      return fact;
    case "moment":
      return moment(fact);
    case "ago":
      return ago(fact);
    case "here":
      return momentHere(fact);
    case "time":
      return list(fact.split(",").map(time));
    case "day":
      return day(fact);
    case "number":
      return number(fact);
    case "error":
      return sentence(word(form, fact, facts));
    default:
      return list(fact.split(",").map((one) => word(form, one, facts)));
  }
}

/** What a group of texts has for a word, about the same facts; the word itself when it has nothing. */
const word = (group, one, facts) => (has(`${group}.${one}`) ? t(`${group}.${one}`, facts) : one);

/** Ends a sentence that another one follows. */
const sentence = (words) => (/[.!?]$/.test(words) ? words : `${words}.`);

/** Several words in a row. */
export const list = (words) => new Intl.ListFormat(locale, { type: "conjunction" }).format(words);

/** A number as the user's locale writes it; exact decimals keep their digits. */
export function number(value) {
  const digits = String(value).split(".")[1]?.length ?? 0;
  return Number(value).toLocaleString(locale, { minimumFractionDigits: digits, maximumFractionDigits: digits });
}

/** The sentence of a message from the program: a key and its arguments. */
export const say = ({ key, args }) => t(key, args);

/** The words for what went wrong; what is no answer of the program is a fault of the window's own. */
export const explain = (error) =>
  say(error.sentence ?? { key: "error.unforeseen", args: { detail: error.message ?? String(error) } });

/** How a time of day is written: as in the tray and in notifications. */
const clock = () => ({ hour: "numeric", minute: "2-digit", hour12: document.documentElement.lang === "en" });

/** A moment by this computer's clock: today the time alone, with the weekday when it is near. */
export const momentHere = (text) => momentIn(text, undefined);

/** The same by the clock of the Beeminder user. */
export const moment = (text) => momentIn(text, timeZone);

/** The same by the clock of a zone; none is this computer's. */
function momentIn(text, zone) {
  const at = new Date(text);
  const days = Math.abs(at - Date.now()) / 86_400_000;
  const dayThere = (moment) => moment.toLocaleDateString("sv-SE", { timeZone: zone });
  if (dayThere(at) === dayThere(new Date())) {
    return at.toLocaleTimeString(locale, { ...clock(), timeZone: zone });
  }
  const date =
    days < 6 ? { weekday: "short" } : { year: days > 300 ? "numeric" : undefined, month: "short", day: "numeric" };
  return at.toLocaleString(locale, { ...date, ...clock(), timeZone: zone });
}

/** A day from today, in a word where there is one: “yesterday”. */
export const relativeDay = (days) => new Intl.RelativeTimeFormat(locale, { numeric: "auto" }).format(days, "day");

/** The day of a moment as `2026-11-24`. */
export const isoDay = (text) => new Date(text).toLocaleDateString("sv-SE", { timeZone });

const formats = new Map();

/** How a day may be written that lies some days back, by the clock of the Beeminder user. */
export function dayForms(back) {
  const key = `${locale} ${timeZone}`;
  if (!formats.has(key)) {
    const written = (options) => new Intl.DateTimeFormat(locale, { ...options, timeZone });
    formats.set(key, [
      written({ weekday: "short", month: "short", day: "numeric" }),
      written({ weekday: "long", year: "numeric", month: "long", day: "numeric" }),
      written({ year: "numeric", month: "short", day: "numeric" }),
      written({ year: "numeric", month: "numeric", day: "numeric" }),
    ]);
  }
  const at = new Date(Date.now() - back * 86_400_000);
  const iso = isoDay(at);
  const near = back < 2 ? [relativeDay(-back)] : [];
  return { iso, forms: [...formats.get(key).map((format) => format.format(at)), ...near] };
}

/** How long ago a moment was, where that is shorter than saying when: “2 minutes ago”. */
export function ago(text) {
  const minutes = Math.round((new Date(text) - Date.now()) / 60_000);
  const written = new Intl.RelativeTimeFormat(locale, { numeric: "auto", style: "short" });
  if (minutes > 0 || minutes < -24 * 60) {
    return momentHere(text);
  }
  return minutes > -60 ? written.format(minutes, "minute") : written.format(Math.round(minutes / 60), "hour");
}

/** The time of day of a moment. */
export const time = (text) => new Date(text).toLocaleTimeString(locale, { ...clock(), timeZone });

/** The day of a moment. */
export const dayOf = (text) =>
  new Date(text).toLocaleDateString(locale, {
    weekday: "short",
    year: Date.now() - new Date(text) > 300 * 86_400_000 ? "numeric" : undefined,
    month: "short",
    day: "numeric",
    timeZone,
  });

/** A moment to the minute, with its date. */
export const exactly = (text) =>
  new Date(text).toLocaleString(locale, { year: "numeric", month: "short", day: "numeric", ...clock(), timeZone });

/** A day, as `2026-11-24` or `20261124`. */
export function day(text) {
  const [, year, month, date] = /^(\d{4})-?(\d{2})-?(\d{2})$/.exec(text) ?? [];
  if (!year) {
    return text;
  }
  const at = new Date(Date.UTC(Number(year), Number(month) - 1, Number(date)));
  return at.toLocaleDateString(locale, { year: "numeric", month: "short", day: "numeric", timeZone: "UTC" });
}

/** A day with its weekday. */
export function dayWithWeekday(text) {
  const [, year, month, date] = /^(\d{4})-?(\d{2})-?(\d{2})$/.exec(text) ?? [];
  const at = new Date(Date.UTC(Number(year), Number(month) - 1, Number(date)));
  return at.toLocaleDateString(locale, { weekday: "short", month: "short", day: "numeric", timeZone: "UTC" });
}

/** A value with its unit. */
export function amount(value, unit) {
  const figure = value === null ? "?" : number(value);
  return unit ? `${figure}${unit === "%" && !locale.startsWith("de") ? "" : " "}${unit}` : figure;
}

/** What was measured, in words; of many values the first few. */
export function values(list, most = 4) {
  const words = list
    .slice(0, most)
    .map((one) => `${t(`kind.${one.kind}`).replace(/^kind\./, "")} ${amount(one.value, one.unit)}`);
  return list.length > most
    ? `${words.join(", ")} ${t("history.more", { count: list.length - most })}`
    : words.join(", ");
}

/** Says everything in a part of the page that names its words by `data-text`, `data-label`, `data-hint`. */
export function fill(part) {
  const each = (attribute, put) => {
    for (const element of part.querySelectorAll(`[data-${attribute}]`)) {
      put(element, t(element.dataset[attribute]));
    }
  };
  each("text", (element, words) => {
    element.textContent = words;
  });
  each("label", (element, words) => element.setAttribute("aria-label", words));
  each("hint", (element, words) => {
    element.placeholder = words;
  });
}

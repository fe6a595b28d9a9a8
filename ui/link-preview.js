// What a link would send, beside its form: datapoints, warnings, and from when on.

import { look, showChart } from "./chart.js";
import { $, h, replace, setText, showProblem } from "./dom.js";
import { amount, day, dayOf, exactly, explain, number, say, t } from "./texts.js";

/** Whether what was measured today before now is to be sent as well. */
export const includesToday = (form) => form.include_today.checked && !$(".include-today", form).hidden;

/** Offers to send what was measured today before now, where there is something. */
function offerToday(form, today) {
  $(".include-today", form).hidden = !today || form.since.value !== "";
  if (today) {
    const part = form.sends.value === "count" ? "count" : today.morning ? "morning" : "day";
    setText($(".include-today span", form), t(`link.include_${part}`, { value: amount(today.value, today.unit) }));
  }
  sayFrom(form);
}

/** Says from when on the link sends. */
export function sayFrom(form) {
  const since = form.since.value;
  const words = since
    ? t("link.from_day", { day: since })
    : t(includesToday(form) ? "link.from_today" : "link.from_now");
  setText($(".from", form), words);
}

let latest = 0;

/** The keys of the warnings that the preview shows. */
let shown = [];

/** Whether the user could read a warning in the preview. */
export const isShown = (misfit) => shown.includes(misfit.key);

/** Takes the preview for old: what is asked for has changed. */
export function outdate() {
  shown = [];
}

/** Shows what the link would send. `values` reads the form; `exists` says that the link is there already. */
export async function showPreview(form, context, problem, values, exists) {
  const asked = ++latest;
  const wish = values();
  if (!wish.goal) {
    setText($(".summary", form), t("link.no_goals"));
    return;
  }
  setText($(".summary", form), t("link.previewing"));
  shown = [];
  let preview;
  try {
    preview = await context.backend.previewLink(wish, look($(".chart", form)));
  } catch (error) {
    if (asked === latest && form.isConnected) {
      setText($(".summary", form), "");
      showProblem(problem, error);
    }
    return;
  }
  if (asked !== latest || !form.isConnected) {
    return;
  }
  const { datapoints, kept_out: keptOut, misfits, trouble } = preview;
  const summary = exists ? "link.summary_of_change" : "link.summary";
  setText($(".summary", form), datapoints.length === 0 ? t("link.nothing") : t(summary, { count: datapoints.length }));
  $(".from", form).hidden = exists;
  offerToday(form, preview.today);
  showChart($(".chart", form), preview.chart, t("link.chart", { count: datapoints.length }), dayOf);
  replace(
    $("tbody", form),
    datapoints.map((one) =>
      h(
        "tr",
        {},
        h("td", {}, day(one.day)),
        h("td", { className: "number" }, number(one.value)),
        h("td", {}, one.comment),
      ),
    ),
  );
  $(".scroll", form).hidden = datapoints.length === 0;
  const out = $(".kept-out", form);
  out.hidden = keptOut.length === 0;
  setText($("summary", out), t("link.kept_out", { count: keptOut.length }));
  replace(
    $("ul", out),
    keptOut.map((one) => h("li", {}, `${exactly(one.measured_at)}: ${t(`reason.${one.reason}`)}`)),
  );
  const list = $(".misfits", form);
  shown = misfits.map(({ key }) => key);
  list.hidden = misfits.length === 0;
  replace(
    list,
    misfits.map((misfit) => h("li", {}, say(misfit))),
  );
  const doubt = $(".trouble", form);
  doubt.hidden = !trouble;
  setText(doubt, trouble ? explain(trouble) : "");
}

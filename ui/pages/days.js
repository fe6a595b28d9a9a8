// The page of a goal: one line a day, with what was sent, or why nothing was, and what can be done about it.

import { choosePeriod, look, period, showChart } from "../chart.js";
import { $, clearProblem, h, replace, setText, showProblem } from "../dom.js";
import { buffer, needed } from "../safety.js";
import { amount, dayOf, dayWithWeekday, explain, list, number, say, t } from "../texts.js";

const PERIODS = [7, 30, 90, 365];

/** Makes the page live. */
export async function init(root, context, [slug]) {
  const periods = $("#days-count", root);
  choosePeriod(periods, "days", PERIODS, 30);
  root.dataset.goal = slug;
  delete root.dataset.askedForLine;
  periods.addEventListener("change", () => show(root, context));
  $("#open-goal", root).addEventListener("click", (event) =>
    context.attempt(event.target, context.problem, () => context.backend.openGoal(slug)),
  );
  $("#days", root).addEventListener("click", (event) => {
    const button = event.target.closest("button[data-act]");
    if (button) {
      act(button, root, context);
    }
  });
  await show(root, context);
}

/** Shows what has changed. */
export const update = (root, view, context) => (root.dataset.goal ? show(root, context) : undefined);

/** Shows the chart in another width or colour. */
export const redraw = (root, context) => chart(root, context);

let latest = 0;

async function show(root, context) {
  const asked = ++latest;
  const problem = $("section > .problem", root);
  let page;
  try {
    page = await context.backend.goalOfDays(root.dataset.goal, period($("#days-count", root)));
  } catch (error) {
    showProblem(problem, error);
    return;
  }
  if (asked !== latest || !problem.isConnected) {
    return;
  }
  clearProblem(problem);
  const { safety, words } = buffer(page);
  const sends = page.links.map((link) => say(link.sends)).join(" · ");
  replace(
    $("#goal-name", root),
    [
      page.slug,
      h("small", {}, ` ${[page.title === page.slug ? "" : page.title, sends].filter(Boolean).join(" · ")}`),
    ].map((part) => (typeof part === "string" ? document.createTextNode(part) : part)),
  );
  $("#goal-buffer", root).className = `buffer ${safety}`;
  setText($("#goal-buffer .words", root), words);
  setText($("#goal-buffer .needed", root), page.alive ? needed(page) : "");
  showGraph(root, page.slug, context.view());
  chart(root, context);
  const change = $("#change", root);
  change.hidden = page.links.length !== 1;
  change.href = `#link/${page.links[0]?.id}`;
  replace($("#days", root), page.days.map(line));
}

let drawn = 0;

/** Draws the goal's datapoints beside the bright red line, which is read where it is not known or old. */
async function chart(root, context) {
  const asked = ++drawn;
  const { backend } = context;
  const [box, slug] = [$("#goal-chart", root), root.dataset.goal];
  const problem = $("section > .problem", root);
  let made;
  try {
    made = await backend.chartOfGoal(slug, period($("#days-count", root)), look(box));
  } catch (error) {
    showProblem(problem, error);
    return;
  }
  if (asked !== drawn || !box.isConnected) {
    return;
  }
  const [low, high] = made.range ?? [0, 0];
  const words =
    made.count === 0
      ? t("days.no_datapoints")
      : t("days.chart_words", { count: made.count, low: number(low), high: amount(high, made.unit) });
  showChart(box, made, words, dayOf);
  // Once a visit: what cannot be read now is not asked for at each change.
  if (made.wants_line && !root.dataset.askedForLine) {
    root.dataset.askedForLine = "yes";
    await askForLine(root, context, made.has_line);
  }
}

/** Reads the line, and draws again with it; says why there is none. */
async function askForLine(root, context, isKnown) {
  const hint = $("#no-line", root);
  let why = null;
  try {
    why = (await context.backend.readLine(root.dataset.goal)) ? null : t("days.line_unknown");
  } catch (error) {
    why = t("days.no_line", { problem: explain(error) });
  }
  if (!hint.isConnected) {
    return;
  }
  hint.hidden = why === null || isKnown;
  setText(hint, why ?? "");
  if (why === null) {
    await chart(root, context);
  }
}

/** Beeminder's own picture of the goal's graph. */
function showGraph(root, slug, view) {
  const picture = $("#graph", root);
  const graph = view.links.find((link) => link.form.goal === slug)?.graph;
  $("#graph-box", root).hidden = !graph;
  if (graph && picture.getAttribute("src") !== graph) {
    picture.src = graph;
    picture.alt = t("days.graph", { goal: slug });
  }
}

/** One day: its entries below each other, then what is noted. */
function line(day) {
  const name = `${day.is_today ? `${t("days.today")}, ` : ""}${dayWithWeekday(day.day)}`;
  return h(
    "li",
    { className: "day" },
    h("span", { className: "date" }, name),
    h(
      "div",
      { className: "entries" },
      day.entries.map((entry) => part(entry, day.day, name)),
      day.notes.map((note) => h("p", { className: "hint" }, say(note))),
    ),
  );
}

function part(entry, day, name) {
  return h(
    "div",
    { className: `entry ${entry.outcome}` },
    h("span", { className: "value" }, entry.value === null ? "–" : amount(entry.value, entry.unit)),
    h("span", { className: "why" }, say(entry.why)),
    h(
      "span",
      { className: "actions" },
      entry.acts.flatMap((one) => buttons(one).map(([act, id]) => button(act, id, day, `${name}: ${say(entry.why)}`))),
    ),
  );
}

/** The buttons of something that can be done, each with the number it is about. */
function buttons({ act, group, datapoint, link }) {
  return act === "answer"
    ? [
        ["mine", group],
        ["not_mine", group],
      ]
    : [[act, group ?? datapoint ?? link]];
}

const button = (act, id, day, about) =>
  h(
    "button",
    {
      type: "button",
      dataset: { act, id, day, key: `${act}${id}${day}` },
      "aria-label": `${t(`days.${act}`)}: ${about}`,
    },
    t(`days.${act}`),
  );

/** Does what a button says; what can be undone offers it. */
async function act(button, root, context) {
  const { backend, attempt, go, toast } = context;
  const id = Number(button.dataset.id);
  const problem = $("section > .problem", root);
  const works = {
    mine: () => backend.answerHeld(id, true, false),
    not_mine: () => backend.answerHeld(id, false, false),
    take_back: () => backend.takeBackAnswer(id),
    retry: () => backend.retryEntry(id),
    discard: () => backend.discardEntry(id),
    send_again: () => backend.retryEntry(id),
    decide: () => go("questions"),
    send_day: () => sendDay(id, button.dataset.day, context),
  };
  const undo = {
    mine: () => backend.takeBackAnswer(id),
    not_mine: () => backend.takeBackAnswer(id),
    discard: () => backend.retryEntry(id),
  };
  const { act } = button.dataset;
  const done = await attempt(button, problem, works[act]);
  if (done && undo[act]) {
    toast(t(`days.done_${act}`), undo[act]);
  }
}

/** Posts one day of the past, after a look at what it does. */
async function sendDay(link, daystamp, { backend, confirm }) {
  const day = daystamp.replace(/(\d{4})(\d{2})(\d{2})/, "$1-$2-$3");
  const stretch = { link, from: day, to: day };
  const preview = await backend.previewBackfill(stretch);
  const values = preview.days.flatMap((one) => one.values);
  const risky = preview.days.some((one) => one.may_derail);
  const body = [
    values.length > 0 ? t("days.send_values", { values: list(values) }) : t("days.send_nothing"),
    risky ? t("days.may_derail") : null,
  ].filter(Boolean);
  if (values.length === 0) {
    await confirm(t("days.send_day"), body, t("shell.understood"), { told: true });
  } else if (await confirm(t("days.send_sure", { count: values.length }), body, t("days.send_day"))) {
    await backend.startBackfill(stretch, risky);
  }
}

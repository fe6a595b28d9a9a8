// The ledger: every measurement and what became of it, a page at a time, however many there are.

import { choosePeriod, look, period, showChart } from "../chart.js";
import { $, $$, choose, clearProblem, h, replace, setText, settled, showProblem } from "../dom.js";
import { meaning } from "../search.js";
import { amount, day, dayOf, exactly, isoDay, number, relativeDay, t, time, values, wordsOf } from "../texts.js";

/** How many lines a page has. */
const PAGE = 100;

/** What a page that is open knows, by its root. */
const open = new WeakMap();

/** Makes the page live. */
export async function init(root, context) {
  const { backend } = context;
  // What an earlier visit knew is not of this one.
  open.delete(root);
  for (const chip of $$(".chip", root)) {
    setText(chip, relativeDay(-Number(chip.dataset.back)));
  }
  const catalogue = await backend.catalogue();
  const filter = $("#filter", root);
  if (!filter.isConnected) {
    return;
  }
  // `places` are the last lines of the pages before this one.
  const state = { catalogue, places: [], older: null, known: fingerprint(context.view()), asked: 0, drawn: 0 };
  open.set(root, state);
  fillChoices(root, context.view(), catalogue);
  const anew = settled(() => {
    state.places = [];
    lines(root, context);
  });
  filter.addEventListener("input", anew);
  filter.addEventListener("submit", (event) => event.preventDefault());
  $("#chart-form", root).addEventListener("input", () => redraw(root, context));
  for (const chip of $$(".chip", root)) {
    chip.addEventListener("click", () => {
      filter.search.value = chip.textContent;
      anew();
    });
  }
  const turn = (selector, work) =>
    $(selector, root).addEventListener("click", async () => {
      work();
      await lines(root, context);
      $(".wide", root).scrollTop = 0;
    });
  turn("#older", () => state.places.push(state.older));
  turn("#newer", () => state.places.pop());
  for (const button of $$(".export", root)) {
    button.addEventListener("click", () =>
      context.attempt(button, $(".problem", root), async () => {
        const file = await backend.exportHistory(request(root), button.dataset.format);
        setText($("#exported", root), t("history.exported", { count: file.count, path: file.path }));
      }),
    );
  }
  $("#lines", root).addEventListener("click", async (event) => {
    const button = event.target.closest("button[data-group]");
    if (button) {
      const problem = $("section:last-of-type > .problem", root);
      await context.attempt(button, problem, () => backend.takeBackAnswer(Number(button.dataset.group)));
      await lines(root, context);
    }
  });
  await Promise.all([lines(root, context), redraw(root, context)]);
}

function fillChoices(root, view, catalogue) {
  const [filter, chart] = [$("#filter", root), $("#chart-form", root)];
  const kinds = catalogue.kinds.filter((kind) => kind.trackable).map((kind) => [kind.name, t(`kind.${kind.name}`)]);
  const any = ["", t("history.any")];
  choose(chart.kind, kinds, view.links.find((link) => link.form.kind)?.form.kind ?? "weight");
  choosePeriod($("#chart-days", root), "days", [7, 30, 90, 365, 0], 90);
  choose(filter.kind, [any, ...kinds]);
  choose(filter.goal, [any, ...[...new Set(view.links.map((link) => link.form.goal))].map((goal) => [goal, goal])]);
  choose(filter.outcome, [any, ...wordsOf("outcome_word").map((word) => [word, t(`outcome_word.${word}`)])]);
}

/** Shows what has changed; the lines only while the user has not turned the page. */
export async function update(root, view, context) {
  const state = open.get(root);
  const now = fingerprint(view);
  if (!state || now === state.known) {
    return;
  }
  state.known = now;
  await Promise.all([state.places.length === 0 ? lines(root, context) : null, redraw(root, context)]);
}

const fingerprint = ({ overview, syncing }) =>
  JSON.stringify([
    overview.measure_groups,
    overview.pending,
    overview.parked,
    overview.held,
    overview.stale,
    overview.last_sync,
    syncing,
  ]);

function request(root) {
  const filter = $("#filter", root);
  const { catalogue, places } = open.get(root);
  return {
    ...meaning(filter.search.value, catalogue),
    kind: filter.kind.value || null,
    goal: filter.goal.value || null,
    outcome: filter.outcome.value || null,
    unlinked: filter.unlinked.checked,
    after: places.at(-1) ?? null,
  };
}

async function lines(root, context) {
  const state = open.get(root);
  const asked = ++state.asked;
  const summary = $("#lines-summary", root);
  $("#newer", root).disabled = true;
  $("#older", root).disabled = true;
  const problem = $("section:last-of-type > .problem", root);
  let page;
  try {
    page = await context.backend.history(request(root));
  } catch (error) {
    showProblem(problem, error);
    return;
  }
  if (asked !== state.asked || !summary.isConnected) {
    return;
  }
  clearProblem(problem);
  const before = state.places.length * PAGE;
  const shown = { from: number(before + 1), to: number(before + page.rows.length), all: number(page.count) };
  setText(summary, page.count === 0 ? nothing(root) : t("history.summary", shown));
  replace($("#lines tbody", root), byDay(page.rows));
  state.older = page.rows.at(-1)?.place ?? null;
  $("#newer", root).disabled = state.places.length === 0;
  $("#older", root).disabled = before + page.rows.length >= page.count;
}

/** Why there is no line: what the filters hide, or that nothing was measured. */
function nothing(root) {
  const filter = $("#filter", root);
  const hides = filter.search.value.trim() || filter.kind.value || filter.goal.value || filter.outcome.value;
  return t(hides ? "history.nothing_found" : "history.none");
}

/** The lines, with a heading before those of each day. */
function byDay(rows) {
  let last = null;
  return rows.flatMap((line) => {
    const name = dayOf(line.measured_at);
    const heading = name === last ? [] : [dayHeading(name)];
    last = name;
    return [...heading, row(line)];
  });
}

const dayHeading = (name) =>
  h(
    "tr",
    { className: "day-heading", role: "row" },
    h("th", { colSpan: 5, scope: "rowgroup", role: "rowheader" }, name),
  );

function row(line) {
  const device = line.typed_in ? t("history.typed_in") : (line.device ?? "");
  const cell = (className, ...children) => h("td", { className, role: "cell" }, ...children);
  return h(
    "tr",
    { className: line.outcome, role: "row" },
    cell("when", time(line.measured_at), device ? h("small", {}, ` ${device}`) : null),
    cell("", values(line.values, 2)),
    cell("goals", line.goal ?? ""),
    cell("", t(`outcome.${line.outcome}`, line.facts), changeAnswer(line), detail(line)),
    cell("number", line.sent ? number(line.sent) : "", otherDay(line)),
  );
}

/** Takes back that it was not the user, where that is told. */
const changeAnswer = (line) =>
  line.facts.why === "not_mine"
    ? h(
        "button",
        { type: "button", className: "small", dataset: { group: line.group, key: `${line.group} ${line.goal}` } },
        t("days.take_back"),
      )
    : null;

/** The day a datapoint counts for, where it is not that of the reading. */
function otherDay(line) {
  const own = isoDay(line.measured_at).replaceAll("-", "");
  return line.sent && line.daystamp && line.daystamp !== own ? h("small", {}, ` ${day(line.daystamp)}`) : null;
}

/** What few want to know of a line. */
const detail = (line) =>
  line.request_id
    ? h(
        "details",
        { className: "more" },
        h("summary", {}, t("history.details")),
        h("span", { className: "code" }, `${t("history.request_id")}: ${line.request_id}`),
      )
    : null;

/** Draws the chart again. Of several that are under way the last one is shown. */
export async function redraw(root, context) {
  const state = open.get(root);
  if (!state) {
    return;
  }
  const asked = ++state.drawn;
  const form = $("#chart-form", root);
  const box = $("#chart", root);
  let made;
  try {
    made = await context.backend.chart(form.kind.value, period(form), look(box));
  } catch (error) {
    showProblem(context.problem, error);
    return;
  }
  if (asked !== state.drawn || !box.isConnected) {
    return;
  }
  const [low, high] = made.range ?? [0, 0];
  const words = t("history.chart_summary", {
    kind: form.kind.value,
    count: made.count,
    low: number(low),
    high: amount(high, made.unit),
  });
  showChart(box, made, words, exactly);
  $("#no-chart", root).hidden = made.count > 0;
}

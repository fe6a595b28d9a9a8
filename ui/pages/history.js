// The ledger: every measurement and what became of it, a page at a time, however many there are.

import { choosePeriod, look, period, showChart } from "../chart.js";
import { $, $$, choose, clearProblem, h, replace, setText, settled, showProblem } from "../dom.js";
import { amount, day, exactly, number, t, values, wordsOf } from "../texts.js";

let catalogue = null;
let places = [];
let older = null;
let known = "";

/** Makes the page live. */
export async function init(root, context) {
  const { backend } = context;
  const filter = $("#filter", root);
  places = [];
  catalogue = null;
  catalogue = await backend.catalogue();
  if (!filter.isConnected) {
    return;
  }
  const kinds = catalogue.kinds.filter((kind) => kind.trackable).map((kind) => [kind.name, t(`kind.${kind.name}`)]);
  const chart = $("#chart-form", root);
  choose(chart.kind, kinds, context.view().links.find((link) => link.form.kind)?.form.kind ?? "weight");
  choosePeriod($("#chart-days", root), "days", [7, 30, 90, 365, 0], 90);
  choose(filter.kind, [["", t("history.any")], ...kinds]);
  choose(filter.goal, [
    ["", t("history.any")],
    ...[...new Set(context.view().links.map((link) => link.form.goal))].map((goal) => [goal, goal]),
  ]);
  choose(filter.outcome, [
    ["", t("history.any")],
    ...wordsOf("outcome_word").map((word) => [word, t(`outcome_word.${word}`)]),
  ]);
  const anew = settled(() => {
    places = [];
    lines(root, context);
  });
  filter.addEventListener("input", anew);
  filter.addEventListener("submit", (event) => event.preventDefault());
  chart.addEventListener("input", () => redraw(root, context));
  const turn = (selector, work) =>
    $(selector, root).addEventListener("click", async () => {
      work();
      await lines(root, context);
      $(".wide", root).scrollTop = 0;
    });
  turn("#older", () => places.push(older));
  turn("#newer", () => places.pop());
  for (const button of $$(".export", root)) {
    button.addEventListener("click", () =>
      context.attempt(button, $(".problem", root), async () => {
        const file = await backend.exportHistory(request(root), button.dataset.format);
        setText($("#exported", root), t("history.exported", { count: file.count, path: file.path }));
      }),
    );
  }
  known = fingerprint(context.view());
  await Promise.all([lines(root, context), redraw(root, context)]);
}

/** Shows what has changed, unless the user has turned the page. */
export async function update(root, view, context) {
  const now = fingerprint(view);
  if (now === known || !catalogue) {
    return;
  }
  known = now;
  await Promise.all([places.length === 0 ? lines(root, context) : null, redraw(root, context)]);
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

/** What is asked for; a search for a word of the user's language means what it stands for. */
function request(root) {
  const filter = $("#filter", root);
  const search = filter.search.value.trim();
  const meant = (words) => search !== "" && words.toLowerCase().includes(search.toLowerCase());
  return {
    search,
    meant: {
      kinds: catalogue.kinds.filter((kind) => meant(t(`kind.${kind.name}`))).map((kind) => kind.number),
      reasons: wordsOf("reason").filter((reason) => meant(t(`reason.${reason}`))),
    },
    kind: filter.kind.value || null,
    goal: filter.goal.value || null,
    outcome: filter.outcome.value || null,
    after: places.at(-1) ?? null,
  };
}

let latest = 0;

async function lines(root, context) {
  const asked = ++latest;
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
  if (asked !== latest || !summary.isConnected) {
    return;
  }
  clearProblem(problem);
  const before = places.length * 100;
  setText(
    summary,
    page.count === 0
      ? t("history.none")
      : t("history.summary", {
          from: number(before + 1),
          to: number(before + page.rows.length),
          all: number(page.count),
        }),
  );
  replace($("#lines tbody", root), page.rows.map(row));
  older = page.rows.at(-1)?.place ?? null;
  $("#newer", root).disabled = places.length === 0;
  $("#older", root).disabled = before + page.rows.length >= page.count;
}

function row(line) {
  const device = line.typed_in ? t("history.typed_in") : (line.device ?? "");
  const cell = (className, ...children) => h("td", { className, role: "cell" }, ...children);
  return h(
    "tr",
    { className: line.outcome, role: "row" },
    cell("when", exactly(line.measured_at), device ? h("small", {}, ` ${device}`) : null),
    cell("", values(line.values)),
    cell("", line.goal ?? ""),
    cell("", t(`outcome.${line.outcome}`, line.facts)),
    cell("number", line.sent ? [number(line.sent), h("small", {}, ` ${day(line.daystamp ?? "")}`)] : ""),
    cell("code", line.request_id ?? ""),
  );
}

let drawn = 0;

/** Draws the chart again. Of several that are under way the last one is shown. */
export async function redraw(root, context) {
  const asked = ++drawn;
  const form = $("#chart-form", root);
  const box = $("#chart", root);
  let made;
  try {
    made = await context.backend.chart(form.kind.value, period(form), look(box));
  } catch (error) {
    showProblem(context.problem, error);
    return;
  }
  if (asked !== drawn || !box.isConnected) {
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

// How things are at a glance: what the user should know, the linked goals, the two accounts.

import { $, $$, h, replace, setText } from "../dom.js";
import { buffer, needed } from "../safety.js";
import { account, lastSuccess, said } from "../shell.js";
import { amount, clocksDiffer, list, moment, number, say, t, values } from "../texts.js";
import { act } from "./help.js";

/** So many goals are shown until the user asks for all. */
const MOST = 18;

/** From so many goals on they can be searched. */
const MANY = 7;

/** Makes the page live. */
export function init(root, context) {
  const { backend, attempt, confirm, problem } = context;
  for (const item of $$(".account", root)) {
    const service = item.dataset.service;
    const again = $(".again", item);
    again?.addEventListener("click", () =>
      attempt(again, problem, () => backend.signInWithings("", "", context.view().settings.callback_way)),
    );
    const disconnect = $(".disconnect", item);
    disconnect.addEventListener("click", async () => {
      const name = t(`service.${service}`);
      if (
        await confirm(
          t("account.disconnect_title", { service: name }),
          t("account.disconnect_hint"),
          t("account.disconnect"),
        )
      ) {
        attempt(disconnect, problem, () => backend.disconnect(service));
      }
    });
  }
  root.dataset.shown = String(MOST);
  $("#find-goal", root).addEventListener("input", () => showGoals(root, context.view()));
  $("#show-all", root).addEventListener("click", () => {
    root.dataset.shown = "all";
    showGoals(root, context.view());
  });
  root.addEventListener("click", (event) => {
    const button = event.target.closest("button[data-action], button[data-backfill]");
    if (!button) {
      return;
    }
    const { action, about, backfill } = button.dataset;
    attempt(button, problem, () => (backfill ? backend.cancelBackfill(Number(backfill)) : act(action, context, about)));
  });
}

/** Shows how things are. */
export function update(root, view) {
  const { overview } = view;
  showAttention($("#attention", root), view);
  showLatest($("#latest", root), view.latest);
  $("#empty", root).hidden = view.links.length > 0;
  $("#add-link", root).hidden = view.links.length === 0;
  $("#new-goal", root).hidden = !overview.beeminder.connected;
  const other = clocksDiffer() && view.links.length > 0;
  $("#other-clock", root).hidden = !other;
  setText($("#other-clock", root), other ? t("overview.other_clock", { zone: overview.time_zone }) : "");
  showGoals(root, view);
  for (const item of $$(".account", root)) {
    const line = overview[item.dataset.service];
    setText($(".who", item), account(line));
    setText($(".success", item), line.connected ? lastSuccess(line) : "");
    $(".disconnect", item).hidden = !line.connected;
    $("a", item).hidden = line.connected;
    const again = $(".again", item);
    if (again) {
      again.hidden = !line.connected;
    }
  }
}

/** What is worth knowing beside what the status says already. What has one cause is one line. */
function showAttention(place, { overview, problems }) {
  const rest = overview.attention.filter((item, i) => i > 0 || overview.status === "fine");
  const causes = new Map();
  for (const item of rest) {
    causes.set(item.code, [...(causes.get(item.code) ?? []), item]);
  }
  place.hidden = rest.length === 0;
  replace(
    place,
    [...causes.values()].map(([item, ...others]) => {
      const { urgency, remedy } = problems[item.code];
      const also = others.map((other) => other.goal).filter(Boolean);
      return h(
        "li",
        { className: urgency },
        h("span", { className: "shape", "aria-hidden": "true" }),
        h("span", {}, said(item), also.length > 0 ? ` ${t("overview.also", { goals: list(also) })}` : null),
        remedy
          ? h(
              "button",
              {
                type: "button",
                dataset: { action: remedy, about: item.goal ?? "", key: item.code + (item.goal ?? "") },
              },
              t(`action.${remedy}`),
            )
          : null,
      );
    }),
  );
}

/** The latest reading, when, and where it went. */
function showLatest(place, rows) {
  const [first] = rows;
  place.hidden = !first;
  if (!first) {
    return;
  }
  const went = rows
    .filter((row) => row.goal)
    .map((row) => `${row.goal} ${row.sent ? number(row.sent) : t(`outcome_word.${row.outcome}`)}`);
  replace(place, [
    h("strong", {}, values(first.values.slice(0, 1))),
    h("span", {}, moment(first.measured_at)),
    h("span", {}, went.length > 0 ? `→ ${went.join(" · ")}` : t("overview.to_no_goal")),
  ]);
}

function showGoals(root, view) {
  const { links } = view;
  const search = $("#find-goal", root);
  search.hidden = links.length < MANY;
  const words = search.value.trim().toLowerCase();
  const found = links.filter((link) =>
    `${link.form.goal} ${link.title} ${say(link.sends)}`.toLowerCase().includes(words),
  );
  const shown = root.dataset.shown === "all" || words ? found : found.slice(0, MOST);
  setText(
    $("#goals-title", root),
    links.length > 1 ? t("overview.goals_count", { count: links.length }) : t("overview.goals"),
  );
  $("#none-found", root).hidden = found.length > 0 || links.length === 0;
  const all = $("#show-all", root);
  all.hidden = shown.length === found.length;
  setText(all, t("overview.show_all", { count: found.length }));
  replace(
    $("#goals", root),
    shown.map((link) => card(link, view.overview)),
  );
}

/** What waits for the user in a link, in a word each. */
function tags(link) {
  const tag = (kind, count) =>
    count > 0 ? h("span", { className: `tag ${kind}` }, t(`card.${kind}`, { count })) : null;
  return [tag("held", link.held), tag("parked", link.parked), tag("pending", link.pending)].filter(Boolean);
}

function card(link, overview) {
  const { safety, words } = buffer(link);
  const slug = link.form.goal;
  const backfill = overview.backfills.find((one) => one.link === link.id);
  const last = link.last
    ? t("card.last", { value: amount(link.last[0], link.unit), day: link.last[1] })
    : t("card.none");
  return h(
    "li",
    { className: `goal ${safety}`, dataset: { goal: slug } },
    h(
      "div",
      { className: "name" },
      h(
        "h2",
        {},
        h("a", { href: `#days/${slug}`, dataset: { key: `d${link.id}` } }, slug),
        link.title === slug ? null : h("small", {}, link.title),
      ),
      // Beside the name, whose title makes room: what comes and goes with a pass moves nothing.
      ...tags(link),
    ),
    h(
      "p",
      { className: `buffer ${safety}` },
      h("span", { className: "shape", "aria-hidden": "true" }),
      h("strong", {}, words),
      h("span", {}, link.alive ? needed(link) : ""),
    ),
    h("p", { className: "sends" }, say(link.sends)),
    h("p", { className: "last" }, last),
    backfill
      ? h(
          "p",
          { className: "hint" },
          t("card.backfill", { count: backfill.released, at: backfill.reached }),
          " ",
          h(
            "button",
            { type: "button", dataset: { backfill: backfill.id, key: `b${backfill.id}` } },
            t("shell.cancel"),
          ),
        )
      : null,
  );
}

// How things are at a glance: what the user should know, the linked goals, the two accounts.

import { $, $$, h, replace, setText } from "../dom.js";
import { buffer } from "../safety.js";
import { account, lastSuccess, said } from "../shell.js";
import { moment, number, say, t } from "../texts.js";
import { act } from "./help.js";

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
  root.addEventListener("click", (event) => {
    const button = event.target.closest("button[data-goal], button[data-action], button[data-backfill]");
    if (!button) {
      return;
    }
    const { goal, action, about, backfill } = button.dataset;
    attempt(button, problem, () =>
      goal ? backend.openGoal(goal) : backfill ? backend.cancelBackfill(Number(backfill)) : act(action, context, about),
    );
  });
}

/** Shows how things are. */
export function update(root, view) {
  const { overview } = view;
  showAttention($("#attention", root), view);
  $("#empty", root).hidden = view.links.length > 0;
  $("#add-link", root).hidden = view.links.length === 0;
  $("#new-goal", root).hidden = !overview.beeminder.connected;
  replace(
    $("#goals", root),
    view.links.map((link) => card(link, overview)),
  );
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

/** What is worth knowing beside what the status says already. */
function showAttention(list, { overview, remedies }) {
  const rest = overview.attention.filter((item, i) => i > 0 || overview.status === "fine");
  list.hidden = rest.length === 0;
  replace(
    list,
    rest.map((item) => {
      const action = remedies[item.code];
      return h(
        "li",
        {},
        h("span", {}, said(item)),
        action
          ? h(
              "button",
              { type: "button", dataset: { action, about: item.goal ?? "", key: item.code + (item.goal ?? "") } },
              t(`action.${action}`),
            )
          : null,
      );
    }),
  );
}

function card(link, overview) {
  const { safety, words } = buffer(link);
  const slug = link.form.goal;
  const backfill = overview.backfills.find((one) => one.link === link.id);
  const pending = link.pending > 0 ? h("p", { className: "hint" }, t("card.pending", { count: link.pending })) : null;
  const parked = link.parked > 0 ? h("p", { className: "problem" }, t("card.parked", { count: link.parked })) : null;
  const last = link.last ? t("card.last", { value: number(link.last[0]), day: link.last[1] }) : t("card.none");
  const picture = link.graph
    ? h("img", { src: link.graph, alt: t("card.graph", { goal: slug }), className: "graph", width: 696, height: 453 })
    : h("div", { className: "graph none" }, h("span", {}, t("card.no_graph")));
  return h(
    "li",
    { className: "card", dataset: { goal: slug } },
    picture,
    h(
      "div",
      { className: "about" },
      h("h3", {}, slug, link.title === slug ? null : h("small", {}, ` ${link.title}`)),
      h(
        "p",
        { className: `buffer ${safety}` },
        h("span", { className: "shape", "aria-hidden": "true" }),
        " ",
        h("span", {}, words),
      ),
      h("p", {}, say(link.sends)),
      h("p", { className: "hint" }, last),
      link.alive && link.loses_at
        ? h("p", { className: "hint" }, t("card.deadline", { at: moment(link.loses_at) }))
        : null,
      pending,
      parked,
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
      h(
        "p",
        { className: "actions" },
        h(
          "a",
          {
            className: "button main",
            href: `#days/${slug}`,
            "aria-label": t("card.days_of", { goal: slug }),
            dataset: { key: `d${link.id}` },
          },
          t("card.days"),
        ),
        h(
          "a",
          {
            className: "button",
            href: `#link/${link.id}`,
            "aria-label": t("card.change_of", { goal: slug }),
            dataset: { key: `c${link.id}` },
          },
          t("card.change"),
        ),
        h(
          "button",
          {
            type: "button",
            "aria-label": t("card.open_of", { goal: slug }),
            dataset: { goal: slug, key: `o${link.id}` },
          },
          t("card.open"),
        ),
      ),
    ),
  );
}

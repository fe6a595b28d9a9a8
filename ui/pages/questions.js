// What waits for the user's answer, and the rest of the outbox.

import { $, h, replace, setText, showProblem } from "../dom.js";
import { day, exactly, list, number, t, values } from "../texts.js";

/** Makes the page live. */
export function init(root, context) {
  const { backend, attempt } = context;
  const problem = $(":scope > .problem", root);
  const works = {
    mine: (id) => backend.answerHeld(id, true, $("#remember", root).checked),
    not_mine: (id) => backend.answerHeld(id, false, $("#remember", root).checked),
    retry: (id) => backend.retryEntry(id),
    discard: (id) => backend.discardEntry(id),
    remove: (id) => backend.removeStale(id),
    keep: (id) => backend.keepStale(id),
  };
  const undo = {
    mine: (id) => backend.takeBackAnswer(id),
    not_mine: (id) => backend.takeBackAnswer(id),
    discard: (id) => backend.retryEntry(id),
    keep: (id) => backend.retryEntry(id),
  };
  root.addEventListener("click", async (event) => {
    const button = event.target.closest("button[data-work]");
    if (!button) {
      return;
    }
    const { work, about } = button.dataset;
    const id = Number(button.dataset.id);
    if (work === "remove" && !(await isSure(about, context))) {
      return;
    }
    if ((await attempt(button, problem, () => works[work](id))) && undo[work]) {
      context.toast(t(`days.done_${work}`), () => undo[work](id));
    }
  });
  const gone = $("#confirm-gone", root);
  gone.addEventListener("click", () => attempt(gone, problem, () => backend.confirmGone()));
}

/** Asks before what cannot be undone. */
const isSure = (about, { confirm }) =>
  confirm(t("questions.remove_sure"), [about, t("questions.remove_hint")], t("questions.remove"), { danger: true });

/** Shows what waits. */
export async function update(root, view, context) {
  const nothing = $("#nothing", root);
  let questions;
  try {
    questions = await context.backend.questions();
  } catch (error) {
    showProblem($(":scope > .problem", root), error);
    return;
  }
  if (!nothing.isConnected) {
    return;
  }
  const { held, stale, outbox, many_gone: manyGone } = questions;
  const parked = outbox.filter((entry) => entry.parked !== null);
  const waiting = outbox.filter((entry) => entry.parked === null);
  show(root, "#held", held, (one) =>
    line(
      [exactly(one.measured_at), values(one.values), t("questions.for", { goals: list(one.goals) })],
      [
        ["mine", one.group],
        ["not_mine", one.group],
      ],
    ),
  );
  show(root, "#stale", stale, (one) =>
    line(
      [one.goal, one.daystamp ? day(one.daystamp) : "", number(one.value)],
      [
        ["remove", one.id],
        ["keep", one.id],
      ],
    ),
  );
  show(root, "#parked", parked, (one) =>
    line(
      [one.goal, exactly(one.moment), number(one.value), t("questions.refused", { problem: one.parked })],
      [
        ["retry", one.id],
        ["discard", one.id],
      ],
    ),
  );
  show(root, "#outbox", waiting, (one) =>
    line(
      [
        one.goal,
        exactly(one.moment),
        one.removes ? t("questions.removes") : number(one.value),
        one.attempts > 0 ? t("questions.attempts", { count: one.attempts }) : "",
      ],
      [],
    ),
  );
  $("#gone", root).hidden = manyGone === 0;
  setText($("#gone p", root), t("attention.many_gone", { count: manyGone }));
  nothing.hidden = held.length + stale.length + outbox.length + manyGone > 0;
}

function show(root, selector, entries, make) {
  const section = $(selector, root);
  section.hidden = entries.length === 0;
  replace($(".lines", section), entries.map(make));
}

function line(words, buttons) {
  const text = words.filter(Boolean).join(" · ");
  return h(
    "li",
    {},
    h("span", {}, text),
    h(
      "span",
      { className: "actions" },
      buttons.map(([work, id]) =>
        h(
          "button",
          {
            type: "button",
            dataset: { work, id, about: text, key: work + id },
            "aria-label": `${t(`questions.${work}`)}: ${text}`,
          },
          t(`questions.${work}`),
        ),
      ),
    ),
  );
}

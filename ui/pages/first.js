// The guide's last page: waits with the user for the first datapoint. The program looks for it, window or not;
// here it is only shown.

import { $, setText } from "../dom.js";
import { amount, t } from "../texts.js";

/** The picture of each state; the others are still under way. */
const ICONS = { arrived: "fine", held: "needs-you", refused: "needs-you", left_out: "needs-you", early: "needs-you" };

/** Makes the page live. */
export function init(root, context) {
  const { backend, attempt, go } = context;
  const problem = $(".problem", root);
  const login = $("#start-at-login", root);
  login.addEventListener("change", () => attempt(login, problem, () => backend.setStartAtLogin(login.checked)));
  const done = $("#first-done", root);
  done.addEventListener("click", () =>
    attempt(done, problem, async () => {
      await backend.leaveFirst();
      go("overview");
    }),
  );
}

/** The sentence for how far the datapoint has come. */
function sentence(first) {
  const { goal, until, state, why } = first;
  switch (state) {
    case "arrived": {
      const facts = { goal, value: amount(first.value, first.unit), day: first.day };
      return t(first.is_today ? "first.arrived_today" : "first.arrived", facts);
    }
    case "held":
      return t("first.held", { goal });
    case "refused":
      return t("first.refused", { goal });
    case "sending":
      return t("first.sending", { goal });
    case "left_out":
      return t("first.left_out", { goal, reason: t(why.key, why.args) });
    case "early":
      return t("first.early", { goal });
    case "over":
      return t("first.over", { goal });
    default:
      return t("first.waiting", { goal, until });
  }
}

/** What to know beside it; nothing where the sentence says all. */
function hintFor({ act, state, why }) {
  switch (state) {
    case "arrived":
      return t("first.all_set");
    case "waiting":
      return t(`first.hint_${act}`);
    case "sending":
      return why ? t(why.key, why.args) : t("first.hint_sending");
    default:
      return "";
  }
}

/** Shows how far it has come. */
export function update(root, view, context) {
  const { first } = view;
  if (!first) {
    // It was left in another window, or its link is gone.
    context.go("overview");
    return;
  }
  const { act, state } = first;
  const isThere = ["arrived", "sending"].includes(state);
  setText($("#first-title", root), t(`first.title_${isThere ? state : act}`));
  $("#first-icon", root).className = `icon ${ICONS[state] ?? "syncing"}`;
  setText($("#first-state", root), sentence(first));
  const hint = $("#first-hint", root);
  const words = hintFor(first);
  hint.hidden = !words;
  setText(hint, words);
  $("#first-late", root).hidden = !["late", "over"].includes(state);
  $("#first-review", root).hidden = !["held", "refused"].includes(state);
  const login = $("#start-at-login", root);
  login.checked = view.start_at_login === "on";
  login.disabled = view.start_at_login === null;
}

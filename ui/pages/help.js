// Help: looking what is wrong and mending it, telling others about it, forgetting everything.

import { $, h, replace, setText } from "../dom.js";
import { explain, has, say, t } from "../texts.js";

/** What mends a check that is not fine, beside what helps with an attention. */
const REPAIRS = {
  scheme: "scheme",
  autostart: "autostart",
  keychain: "sync",
  withings: "sign_in",
  beeminder: "guide",
  link: "link",
};

/** Does what a button promises, for the goal it is about; see `problems.rs`. */
export async function act(action, context, about) {
  const { backend, go } = context;
  switch (action) {
    case "guide":
    case "reconnect_beeminder":
      return go("guide");
    case "questions":
      return go("questions");
    case "reconnect_withings":
      // What was disconnected has to be entered again.
      return context.view().overview.withings.connected ? act("sign_in", context) : go("guide");
    case "sign_in":
      return backend.signInWithings("", "", context.view().settings.callback_way);
    case "sync":
      return backend.syncNow();
    case "seen":
      return backend.markSeen();
    case "resume":
      return backend.resume();
    case "link":
      return go(`link/${context.view().links.find((link) => link.form.goal === about)?.id}`);
    case "open_goal":
      return backend.openGoal(about);
    case "beeminder":
      return backend.openHelp("beeminder");
    case "scheme":
      return backend.repair("scheme");
    case "autostart":
      return backend.repair("autostart");
    default:
      throw new Error(action);
  }
}

/** Makes the page live. */
export function init(root, context) {
  const { backend, attempt } = context;
  const problem = $(":scope > .problem", root);
  const test = $("#self-test", root);
  const look = async () => {
    setText($("#test-summary", root), t("help.testing"));
    try {
      showChecks(root, await backend.selfTest(), context.view().problems);
    } catch (error) {
      setText($("#test-summary", root), "");
      throw error;
    }
  };
  test.addEventListener("click", () => attempt(test, problem, look));
  $("#checks", root).addEventListener("click", (event) => {
    const button = event.target.closest("button[data-repair]");
    if (button) {
      attempt(button, problem, async () => {
        await act(button.dataset.repair, context, button.dataset.about);
        if (location.hash === "#help") {
          await look();
        }
      });
    }
  });
  const folder = $("#data-folder", root);
  folder.addEventListener("click", () => attempt(folder, problem, () => backend.openDataFolder()));
  diagnostics(root, context, problem);
  const forget = $("#forget", root);
  forget.addEventListener("submit", (event) => {
    event.preventDefault();
    attempt($("[type=submit]", forget), $(".problem", forget), () => backend.forgetEverything(forget.typed.value));
  });
  setText($("#version", root), t("help.version", { version: context.view().version }));
}

function diagnostics(root, context, problem) {
  const { backend, attempt } = context;
  const form = $("#diagnostics", root);
  const show = $("#show-diagnostics", root);
  show.addEventListener("click", () =>
    attempt(show, problem, async () => {
      form.text.value = await backend.diagnostics();
      form.hidden = false;
    }),
  );
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    attempt($("[type=submit]", form), $(".problem", form), async () => {
      const path = await backend.saveDiagnostics(form.text.value);
      setText($("#diagnostics-saved", root), t("help.diagnostics_saved", { path }));
    });
  });
  const copy = $("#copy-diagnostics", root);
  copy.addEventListener("click", () =>
    attempt(copy, problem, async () => {
      await navigator.clipboard.writeText(form.text.value);
      setText($("#diagnostics-saved", root), t("guide.copied"));
    }),
  );
}

/** The words of a check: what was looked at, and how it is. */
function words(check) {
  const key = [`check.${check.name}`, `headline.${check.name}`].find(has);
  const label = t(key, check.facts);
  const { state, why } = check.finding;
  const found = check.misfits.length > 0 ? check.misfits.map(say).join(" ") : why && explain(why);
  // The others are problems by themselves.
  const isNamed = has(`check.${check.name}`);
  return { label, isNamed, found: state === "fine" ? "" : found };
}

/** How it is, in a word or two. */
const verdict = ({ problem, finding }) =>
  [`help.verdict.${problem}`, `help.${finding.state}`].filter(has).map((key) => t(key))[0];

function showChecks(root, checks, problems) {
  const bad = checks.filter((check) => check.finding.state !== "fine").length;
  setText($("#test-summary", root), bad === 0 ? t("help.all_fine") : t("help.found", { count: bad }));
  replace(
    $("#checks", root),
    checks.map((check) => {
      const { state } = check.finding;
      const { label, found, isNamed } = words(check);
      const remedy = problems[check.problem]?.remedy ?? REPAIRS[check.name];
      const repair = state === "fine" ? undefined : remedy;
      return h(
        "li",
        { className: `check-line ${state}`, dataset: { check: check.name } },
        h("span", { className: "shape", "aria-hidden": "true" }),
        h("span", {}, h("strong", {}, label), isNamed ? `: ${verdict(check)}` : null, found ? h("br") : null, found),
        repair
          ? h(
              "button",
              {
                type: "button",
                dataset: { repair, about: check.facts.goal ?? "", key: check.name + (check.facts.goal ?? "") },
              },
              t(`action.${repair}`),
            )
          : null,
      );
    }),
  );
}

// Ties the window to the program: pages are shown, what is clicked is asked for, what has changed is shown.

import { backend } from "./backend.js";
import { $, $$, clearProblem, h, setText, settled, showProblem } from "./dom.js";
import { noteNoTray, renderShell } from "./shell.js";
import { explain, fill, load, setTimeZone, t } from "./texts.js";

import * as days from "./pages/days.js";
import * as first from "./pages/first.js";
import * as goal from "./pages/goal.js";
import * as guide from "./pages/guide.js";
import * as help from "./pages/help.js";
import * as history from "./pages/history.js";
import * as link from "./pages/link.js";
import * as overview from "./pages/overview.js";
import * as questions from "./pages/questions.js";
import * as settings from "./pages/settings.js";

const PAGES = { overview, guide, first, days, link, goal, history, questions, settings, help };

const NAME = "Beeminder Withings Sync";

/** While a pass is made its numbers grow; this often they are looked at, in milliseconds. */
const PROGRESS = 700;

/** So long Undo is offered, in milliseconds. */
const TOAST = 12_000;

/** What is shown of an agent that is not there. */
const NO_AGENT = {
  syncing: false,
  last_pass: null,
  failure: null,
  sign_in: { state: "none" },
  has_tray: true,
  start_at_login: null,
};

/** The view with what the agent told in the same row. */
function withAgent({ agent, ...view }) {
  const { version: agentVersion = view.version, ...told } = agent ?? NO_AGENT;
  return { ...view, ...told, agentVersion };
}

/** The markup of a page, a file beside its code. */
async function markup(name) {
  const answer = await fetch(`pages/${name}.html`);
  const page = new DOMParser().parseFromString(await answer.text(), "text/html");
  return [...page.body.childNodes].map((node) => document.importNode(node, true));
}

/** Makes the window live. The backend is an argument so that a test can pass another. */
export async function init(backend) {
  let view = null;
  let shown = null;
  let language;
  let progress = null;

  /** How many passes there were when the user asked for one; none while they wait for none. */
  let asked = null;
  /** How much is being changed just now. */
  let changing = 0;
  let drawing = Promise.resolve();
  let hiding = null;
  let refreshing = null;
  let again = false;

  /** Reads how things are, and shows it. One reading at a time, or an old one could be shown last. */
  const refresh = () => {
    again = true;
    refreshing ??= (async () => {
      while (again) {
        again = false;
        await show();
      }
    })()
      .catch((error) => showProblem($("#problem"), error))
      .finally(() => {
        refreshing = null;
      });
    return refreshing;
  };

  const show = async () => {
    try {
      view = withAgent(await backend.view());
    } catch (error) {
      await load(null);
      fill(document.body);
      $("#status-icon").className = "icon needs-you";
      setText($("#status-message"), t("shell.broken"));
      setText($("#status-when"), explain(error));
      return;
    }
    if (language !== view.settings.language) {
      language = view.settings.language;
      await load(language);
      fill(document.body);
      shown = null;
    }
    setTimeZone(view.overview.time_zone);
    tellResult();
    await draw();
    clearTimeout(progress);
    if (view.syncing) {
      progress = setTimeout(refresh, PROGRESS);
    }
  };

  /** Says what the pass came to that the user asked for; what is wrong stands in the header. */
  const tellResult = () => {
    const last = view.last_pass;
    if (asked === null || view.syncing || !last?.by_hand || last.number <= asked) {
      return;
    }
    asked = null;
    if (last.arrived) {
      toast(t("pass.sent", { what: last.arrived }));
    } else if (view.overview.status === "fine") {
      toast(t("pass.nothing"));
    }
  };

  /** Runs `work` for an element that is disabled meanwhile, and shows a failure in `problem`. */
  const attempt = async (element, problem, work) => {
    changing += 1;
    clearProblem(problem);
    const focused = document.activeElement === element;
    element.disabled = true;
    let outcome = null;
    try {
      outcome = { value: await work() };
    } catch (error) {
      showProblem(problem, error);
    } finally {
      element.disabled = false;
    }
    await refresh();
    changing -= 1;
    if (focused && element.isConnected && !element.hidden && document.activeElement === document.body) {
      element.focus();
    }
    return outcome;
  };

  /** Asks before something is done that cannot be taken back; what is only `told` cannot be declined. */
  const confirm = (title, body, yes, { told = false, danger = false } = {}) =>
    new Promise((resolve) => {
      const dialog = $("#confirm");
      $("#confirm-no").hidden = told;
      setText($("#confirm-title"), title);
      $("#confirm-body").replaceChildren(
        ...[body].flat().map((line) => (typeof line === "string" ? h("p", {}, line) : line)),
      );
      setText($("#confirm-yes"), yes);
      $("#confirm-yes").className = danger ? "danger main" : "main";
      dialog.returnValue = "no";
      const chosen = $("input:checked", dialog);
      dialog.addEventListener("close", () => resolve(dialog.returnValue === "yes"), { once: true });
      dialog.showModal();
      // Nothing that costs money or cannot be undone is one careless key away.
      (chosen ?? $(told ? "#confirm-yes" : "#confirm-no")).focus();
    });

  /** Says something that must not be missed. */
  const tell = (title, body) => confirm(title, body, t("shell.understood"), { told: true });

  /** Says what was done for a while, and offers to undo it where that can be done. */
  const toast = (words, undo = null) => {
    const place = $("#toast");
    const button = h("button", { type: "button" }, t("shell.undo"));
    const close = () => {
      clearTimeout(hiding);
      place.hidden = true;
    };
    button.addEventListener("click", () => {
      close();
      attempt(button, context.problem, undo);
    });
    place.replaceChildren(h("span", {}, words), ...(undo ? [button] : []));
    place.hidden = false;
    clearTimeout(hiding);
    hiding = setTimeout(close, TOAST);
  };

  const context = {
    toast,
    backend,
    refresh,
    attempt,
    confirm,
    tell,
    view: () => view,
    go: (page) => {
      location.hash = page;
    },
    problem: $("#problem"),
  };

  /** The name of the page to show, and what it is about. */
  const address = () => {
    const usual = view.guided || view.links.length > 0 ? "overview" : "guide";
    return (location.hash.slice(1) || (view.first?.waits ? "first" : usual)).split("/");
  };

  /** Names the window after its page. */
  const entitle = () => {
    const [name] = address();
    const words = name === "overview" ? t("overview.title") : $("h1", $("#page"))?.textContent;
    document.title = [words, NAME].filter(Boolean).join(" – ");
  };

  /** Draws what is known, on the page that the address names. One drawing at a time. */
  const draw = () => {
    drawing = drawing
      .catch(() => {})
      .then(async () => {
        renderShell(view, address()[0]);
        await route();
        await shown?.page.update?.(shown.root, view, context);
        entitle();
      });
    return drawing;
  };

  /** Shows another page at once, with what is known, unless that is being changed; what is new follows. */
  const turn = () => {
    if (shown && changing === 0) {
      draw().catch((error) => showProblem(context.problem, error));
    }
    refresh();
  };

  /** Shows the page that the address names. */
  const route = async () => {
    const [name, ...rest] = address();
    const page = PAGES[name] ?? overview;
    const key = [name, ...rest].join("/");
    if (shown?.key === key) {
      return;
    }
    const root = $("#page");
    const nodes = await markup(page === PAGES[name] ? name : "overview");
    root.replaceChildren(...nodes);
    root.dataset.page = name;
    fill(root);
    clearProblem(context.problem);
    const moved = shown !== null;
    shown = { key, page, root };
    for (const anchor of $$("nav a")) {
      const current = anchor.hash.slice(1) === name || (["link", "days"].includes(name) && anchor.hash === "#overview");
      anchor.toggleAttribute("aria-current", current);
      if (current) {
        anchor.setAttribute("aria-current", "page");
      }
    }
    // What takes a while is shown when it is there.
    Promise.resolve(page.init(root, context, rest)).catch((error) => showProblem(context.problem, error));
    if (moved) {
      root.focus();
      scrollTo(0, 0);
    }
  };

  const click = (selector, work) => {
    for (const button of $$(selector)) {
      button.addEventListener("click", () => attempt(button, context.problem, () => work(button)));
    }
  };
  click("#sync-now", () => {
    asked = view.last_pass?.number ?? 0;
    return backend.syncNow();
  });
  click("#cancel-pass", () => backend.cancelPass());
  click("#open-consent-page", () => backend.openConsentPage());
  click("#cancel-sign-in", () => backend.cancelSignIn());
  click("#start-agent", () => backend.startAgent());
  click("#quit-now", () => backend.quit());
  click("#keep-syncing", () => backend.closeWindow());
  $("#no-tray-told").addEventListener("click", noteNoTray);
  $("#stay").addEventListener("click", () => $("#closing").close());
  click("#status-action", (button) => help.act(button.dataset.action, context, button.dataset.about));
  $("#paste").addEventListener("submit", (event) => {
    event.preventDefault();
    const form = event.target;
    attempt($("[type=submit]", form), $(".problem", form), async () => {
      await backend.pasteCallback(form.address.value);
      form.reset();
    });
  });
  $("#skip").addEventListener("click", (event) => {
    event.preventDefault();
    $("#page").focus();
  });

  addEventListener("hashchange", turn);
  const redraw = settled(() => shown?.page.redraw?.(shown.root, context));
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", redraw);
  addEventListener("resize", redraw);
  await backend.onChanged(refresh);
  await backend.onGo(context.go);
  const asks = () => backend.asksBeforeClosing().catch((error) => showProblem(context.problem, error));
  await backend.onClosing(() => {
    $("#closing").showModal();
    asks();
  });
  asks();
  await refresh();
  // What says how long ago something was goes with the time.
  setInterval(() => view && renderShell(view, address()[0]), 30_000);
}

init(backend);

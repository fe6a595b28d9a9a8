// What every page has around it: the program's status, the one button that helps, and the sign-in in flight.

import { $, setText } from "./dom.js";
import { explain, momentHere, number, t } from "./texts.js";

const ICONS = {
  fine: "fine",
  nothing_measured: "fine",
  not_uploading: "fine",
  retrying: "syncing",
  paused: "paused",
  asks: "needs-you",
  sending: "syncing",
  not_set_up: "needs-you",
  needs_you: "needs-you",
  keychain_locked: "needs-you",
  share_withdrawn: "needs-you",
};

/** One attention in the user's language. */
export const said = (item) => t(`attention.${item.code}`, { ...item.facts, goal: item.goal ?? "" });

/** The status as one sentence. */
function statusSentence(view) {
  const { overview } = view;
  if (view.missing) {
    return t(`shell.agent_${view.missing}`);
  }
  if (view.failure) {
    return explain(view.failure);
  }
  const first = overview.attention[0];
  return t(`status.${overview.status}`, { ...overview.status_facts, problem: first ? said(first) : "" });
}

/** What is going on, with numbers. */
function activity(view) {
  const { overview } = view;
  return overview.pending > 0
    ? t("shell.sending", { count: overview.pending })
    : t("shell.reading", { count: overview.measure_groups });
}

/** The button that helps with the most urgent thing. */
function helpful(view) {
  const { overview } = view;
  if (overview.status === "paused") {
    return "resume";
  }
  if (overview.status === "asks") {
    return "questions";
  }
  const first = overview.attention[0]?.code;
  for (const service of ["withings", "beeminder"]) {
    if (first === `connect_${service}` && overview[service].lost) {
      return `reconnect_${service}`;
    }
  }
  // What is only worth knowing is on the overview.
  const action =
    overview.status === "fine" ? undefined : (view.problems[overview.attention[0]?.code]?.remedy ?? undefined);
  // That button is there already.
  return action === "sync" ? undefined : action;
}

let counting = null;

/** Holds the button back until a moment before which nothing would be asked. */
function countDown(until) {
  clearTimeout(counting);
  const button = $("#sync-now");
  const left = until ? Math.ceil((new Date(until) - Date.now()) / 1000) : 0;
  const waits = left > 0;
  button.disabled = waits;
  const clock = `${Math.floor(left / 60)}:${String(left % 60).padStart(2, "0")}`;
  setText(button, waits ? t("shell.sync_in", { time: clock }) : t("shell.sync_now"));
  if (waits) {
    counting = setTimeout(() => countDown(until), 1000);
  }
}

/** Where the window keeps that the user knows of the missing tray. */
const TOLD_NO_TRAY = "told-no-tray";

/** Says no more that there is no tray. */
export function noteNoTray() {
  localStorage.setItem(TOLD_NO_TRAY, "yes");
  $("#no-tray").hidden = true;
}

/** Shows what is around every page; `page` is the one inside. */
export function renderShell(view, page) {
  const { overview } = view;
  const connected = overview.withings.connected && overview.beeminder.connected;
  $("#sandbox").hidden = !view.sandbox;
  if (view.has_tray) {
    // One that goes away again is news.
    localStorage.removeItem(TOLD_NO_TRAY);
  }
  $("#no-tray").hidden = view.has_tray || localStorage.getItem(TOLD_NO_TRAY) !== null;
  const isMissing = view.missing !== null;
  const isOther = view.agentVersion !== view.version;
  $("#other-version").hidden = !isOther;
  setText(
    $("#other-version"),
    isOther ? t("shell.other_version", { agent: view.agentVersion, window: view.version }) : "",
  );
  const icon = view.failure || isMissing ? "needs-you" : view.syncing ? "syncing" : ICONS[overview.status];
  $("#status-icon").className = `icon ${icon}`;
  // A pass changes the line below alone: nothing jumps, and only the outcome is read aloud.
  setText($("#status-message"), statusSentence(view));
  const last = overview.last_sync ? t("shell.last", { at: overview.last_sync }) : t("shell.never");
  const paused = overview.paused_until && overview.status !== "paused";
  const next = paused ? t("shell.paused", { at: overview.paused_until }) : t("shell.next", { at: overview.next });
  setText(
    $("#status-when"),
    view.syncing ? `${t("shell.syncing")} ${activity(view)}` : connected && !isMissing ? `${last} · ${next}` : last,
  );
  const action = isMissing ? undefined : helpful(view);
  $("#start-agent").hidden = view.missing !== "gone";
  const button = $("#status-action");
  // The guide has a button of its own for it.
  const isHere = page === "guide" && /^(guide|reconnect_.*)$/.test(action ?? "");
  button.hidden = !action || action === page || isHere;
  if (action) {
    button.dataset.action = action;
    button.dataset.about = overview.attention[0]?.goal ?? "";
    setText(button, t(`action.${action}`));
  }
  $("#sync-now").hidden = !connected || view.syncing || isMissing;
  countDown(overview.attention.find((item) => item.code === "rate_limited")?.facts.by_hand);
  $("#cancel-pass").hidden = !view.syncing;
  $("#question-count").hidden = overview.questions === 0;
  setText($("#question-count"), number(overview.questions));
  const waiting = view.sign_in.state === "waiting";
  const begins = waiting && $("#waiting").hidden;
  $("#waiting").hidden = !waiting;
  if (begins) {
    scrollTo(0, 0);
    // That is where it goes on, for the keyboard as well.
    $("#open-consent-page").focus({ preventScroll: true });
  }
  if (waiting) {
    setText($("#waiting-title"), t("waiting.title", { service: t(`service.${view.sign_in.service}`) }));
  }
}

/** The words for a service and since when it is connected. */
export function account(line) {
  if (line.lost) {
    return t("account.lost", { user: line.user });
  }
  if (!line.connected) {
    return t("account.never");
  }
  return t("account.connected", { user: line.user, at: line.connected_at });
}

/** When a service last did what it was asked. */
export const lastSuccess = (line) =>
  line.last_success ? t("account.success", { at: momentHere(line.last_success) }) : t("account.no_success");

// Shows a view. Decides nothing: what is said comes from the program.

const $ = (selector, within = document) => within.querySelector(selector);

const ICONS = {
  fine: "fine", nothing_measured: "fine", not_uploading: "fine",
  retrying: "syncing",
  paused: "paused",
  not_set_up: "needs-you", needs_you: "needs-you", keychain_locked: "needs-you", share_withdrawn: "needs-you",
};

const SIGN_IN_CODES = { withings: ["sign_in_withings", "check_application"], beeminder: ["sign_in_beeminder"] };
const SEEN_CODES = ["goal_renamed", "store_recovered"];

/** Shows everything in `view`. */
export function render(view) {
  const { overview } = view;
  $("#sandbox").hidden = !view.sandbox;
  $("#no-tray").hidden = view.has_tray;
  renderStatus(view);
  renderAttention(overview);
  renderSignIn(view.sign_in);
  renderAccount("withings", overview, view);
  renderAccount("beeminder", overview, view);
  renderGoals(overview);
  renderSettings(view);
}

/** Shows that nothing works, and why. */
export function renderFailure(message) {
  $("#status-icon").className = "icon needs-you";
  $("#status-message").textContent = "This does not work";
  $("#status-when").textContent = message;
}

function renderStatus(view) {
  const { overview } = view;
  const icon = view.failure ? "needs-you" : view.syncing ? "syncing" : ICONS[overview.status];
  $("#status-icon").className = `icon ${icon}`;
  setText($("#status-message"), view.failure ?? (view.syncing ? "Syncing…" : overview.message));
  const last = overview.last_sync ? `Last synced ${moment(overview.last_sync, overview)}` : "Not synced yet";
  const connected = overview.withings.connected && overview.beeminder.connected;
  setText($("#status-when"), connected ? `${last}, next ${moment(overview.next, overview)}` : last);
  const paused = overview.status === "paused";
  $("#sync-now").hidden = !connected;
  $("#sync-now").disabled = view.syncing;
  $("#resume").hidden = !paused;
  $("#pause-for-an-hour").hidden = paused;
  $("#pause-until-tomorrow").hidden = paused;
  $("#mark-seen").hidden = !overview.attention.some((item) => SEEN_CODES.includes(item.code));
}

function renderAttention(overview) {
  // The first one is in the status already.
  const rest = overview.attention.filter((item) => !overview.message.includes(item.message));
  const list = $("#attention");
  list.hidden = rest.length === 0;
  replace(list, rest.map((item) => {
    const line = document.createElement("li");
    line.textContent = item.message;
    return line;
  }));
}

function renderSignIn(signIn) {
  const waiting = $("#waiting");
  const begins = waiting.hidden && signIn.state === "waiting";
  waiting.hidden = signIn.state !== "waiting";
  if (begins) {
    waiting.scrollIntoView({ block: "nearest" });
  }
  const problem = $("#problem");
  problem.hidden = signIn.state !== "failed";
  setText(problem, signIn.message ?? "");
}

function renderAccount(service, overview, view) {
  const account = overview[service];
  const section = $(`#${service}`);
  const since = account.connected_at ? `, since ${moment(account.connected_at, overview)}` : "";
  const gone = overview.attention.some((item) => SIGN_IN_CODES[service].includes(item.code));
  setText($(".who", section), account.connected
    ? `${gone ? "Signed out, was connected" : "Connected"} as ${account.user}${since}`
    : "Not connected");
  $(".disconnect", section).hidden = !account.connected;
  const again = $(".again", section);
  if (again) {
    again.hidden = !account.connected;
  }
  const details = $("details", section);
  setText($("summary", details), account.connected ? "Connect anew" : "Connect");
  // Open what there is to do, but never close what the user opened.
  if ((!account.connected || gone) && details.dataset.offered !== "yes") {
    details.open = true;
    details.dataset.offered = "yes";
  } else if (account.connected && !gone && details.dataset.offered === "yes") {
    details.open = false;
    details.dataset.offered = "no";
  }
  for (const form of section.querySelectorAll("form")) {
    const output = $(".callback", form);
    if (output) {
      setText(output, view.callbacks[service][form.way.value]);
    }
  }
}

function renderGoals(overview) {
  $("#goals-section").hidden = overview.goals.length === 0;
  replace($("#goals"), overview.goals.map((goal) => {
    const line = document.createElement("li");
    const button = document.createElement("button");
    button.type = "button";
    button.className = "link";
    button.dataset.goal = goal.slug;
    button.textContent = goal.slug;
    line.append(button, `: ${buffer(goal, overview)}`);
    return line;
  }));
}

function renderSettings(view) {
  const form = $("#settings");
  form.startAtLogin.checked = view.start_at_login === "on";
  form.startAtLogin.disabled = view.start_at_login === null;
  $("#switched-off").hidden = view.start_at_login !== "switched_off";
  const { level, snoozed_until } = view.notifications;
  form.level.value = level;
  const snoozed = snoozed_until !== null && new Date(snoozed_until) > new Date();
  if (!snoozed) {
    form.snooze.value = "0";
  }
  $("#snoozed").hidden = !snoozed;
  setText($("#snoozed"), snoozed ? `No notifications until ${moment(snoozed_until, view.overview)}.` : "");
}

function buffer(goal, overview) {
  if (goal.buffer_days === null) {
    return "not known yet";
  }
  if (goal.buffer_days > 0) {
    return goal.buffer_days === 1 ? "1 day left" : `${goal.buffer_days} days left`;
  }
  return goal.loses_at ? `due by ${moment(goal.loses_at, overview)}` : "due today";
}

/** A moment as the user's locale writes it, by the clock of the Beeminder user. */
function moment(text, overview) {
  return new Date(text).toLocaleString(undefined, {
    weekday: "short", day: "numeric", month: "short", hour: "2-digit", minute: "2-digit",
    timeZone: overview.time_zone,
  });
}

/** Sets a text only when it differs, so that screen readers are not interrupted for nothing. */
function setText(element, text) {
  if (element.textContent !== text) {
    element.textContent = text;
  }
}

/** Replaces the lines of a list only when they differ, so that the focus stays where it is. */
function replace(list, lines) {
  const shown = [...list.children];
  const same = lines.length === shown.length && lines.every((line, index) => line.isEqualNode(shown[index]));
  if (!same) {
    list.replaceChildren(...lines);
  }
}

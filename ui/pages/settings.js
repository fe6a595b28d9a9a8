// What the user chose. Each change counts at once.

import { $, choose, setText } from "../dom.js";
import * as told from "../notifications.js";
import { t } from "../texts.js";

/** How each field is read and written; its name is that of the setting. */
const FIELDS = {
  interval: {
    read: (field) => Number(field.value),
    write: (field, value) => {
      field.value = String(value);
    },
  },
  remind_at: {
    read: (field) => (field.value ? `${field.value}:00` : null),
    write: (field, value) => {
      field.value = value?.slice(0, 5) ?? "";
    },
  },
  units: {
    read: (field) => field.value,
    write: (field, value) => {
      field.value = value;
    },
  },
  callback_way: {
    read: (field) => field.value,
    write: (field, value) => {
      field.value = value;
    },
  },
  mirror_deletions: {
    read: (field) => field.checked,
    write: (field, value) => {
      field.checked = value;
    },
  },
  watch_devices: {
    read: (field) => field.checked,
    write: (field, value) => {
      field.checked = value;
    },
  },
  language: {
    read: (field) => field.value || null,
    write: (field, value) => {
      field.value = value ?? "";
    },
  },
};

/** For how many hours notifications can be snoozed, and how that is called. */
const snoozes = () => [
  ["0", t("settings.snooze_no")],
  ["1", t("settings.snooze_hour")],
  ["8", t("settings.snooze_night")],
  ["24", t("settings.snooze_day")],
];

const INTERVALS = [10, 15, 30, 60, 120, 240];

/** The moment a number of hours ahead; none for 0. */
const hoursAhead = (hours) => (hours === "0" ? null : new Date(Date.now() + Number(hours) * 3_600_000).toISOString());

/** Makes the page live. */
export function init(root, context) {
  const { backend, attempt } = context;
  const form = $("#settings", root);
  const problem = $(".problem", form);
  const own = context.view().settings.interval;
  const intervals = INTERVALS.includes(own) ? INTERVALS : [...INTERVALS, own].sort((a, b) => a - b);
  choose(
    form.interval,
    intervals.map((minutes) => [String(minutes), t("settings.minutes", { count: minutes })]),
    String(own),
  );
  /** Has a change count at once, and offers to take it back. */
  const live = (field, read, before, save) =>
    field.addEventListener("change", async () => {
      const was = before(context.view());
      const { text } = $(`label[for="${field.id}"]`, root).dataset;
      if (await attempt(field, problem, () => save(read(field)))) {
        context.toast(t("settings.saved", { what: t(text) }), () => save(was));
      }
    });
  const setting = (name) => (value) => backend.changeSetting(name, value);
  for (const [name, { read }] of Object.entries(FIELDS)) {
    live(form[name], read, (view) => view.settings[name], setting(name));
  }
  live(
    form.startAtLogin,
    (field) => field.checked,
    (view) => view.start_at_login === "on",
    (on) => backend.setStartAtLogin(on),
  );
  live(
    form.level,
    (field) => field.value,
    (view) => view.notifications.level,
    setting("level"),
  );
  live(
    form.snooze,
    (field) => hoursAhead(field.value),
    (view) => view.notifications.snoozed_until,
    setting("snoozed_until"),
  );
  const click = (id, work) => {
    const button = $(id, root);
    button.addEventListener("click", () => attempt(button, problem, work));
  };
  click("#pause-for-an-hour", () => backend.pauseForAnHour());
  click("#pause-until-tomorrow", () => backend.pauseUntilTomorrow());
  click("#resume", () => backend.resume());
  click("#quit", () => backend.quit());
  form.addEventListener("submit", (event) => event.preventDefault());
  told.init(root, context);
}

/** Shows what is chosen. */
export function update(root, view) {
  const form = $("#settings", root);
  for (const [name, { write }] of Object.entries(FIELDS)) {
    if (document.activeElement !== form[name] || form[name].type !== "time") {
      write(form[name], view.settings[name]);
    }
  }
  form.startAtLogin.checked = view.start_at_login === "on";
  form.startAtLogin.disabled = view.start_at_login === null;
  $("#switched-off", root).hidden = view.start_at_login !== "switched_off";
  const { level, snoozed_until: until } = view.notifications;
  form.level.value = level;
  const snoozed = until !== null && new Date(until) > new Date();
  // What is on is one of the choices, so that every other one can be chosen.
  const on = snoozed ? [["on", t("settings.snoozed", { at: until })]] : [];
  choose(form.snooze, [...on, ...snoozes()], snoozed ? "on" : "0");
  const { paused_until: at } = view.overview;
  const paused = at !== null;
  $("#paused-until", root).hidden = !paused;
  setText($("#paused-until", root), paused ? t("settings.paused_until", { at }) : "");
  $("#resume", root).disabled = !paused;
  $("#pause-for-an-hour", root).disabled = paused;
  $("#pause-until-tomorrow", root).disabled = paused;
  told.update(root, view);
}

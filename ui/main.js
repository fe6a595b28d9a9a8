// Ties the page to the program: what is clicked is asked for, what has changed is shown.

import { backend } from "./backend.js";
import { render, renderFailure } from "./render.js";

const $ = (selector, within = document) => within.querySelector(selector);

/** The moment a number of hours ahead; none for 0. */
function hoursAhead(hours) {
  return hours === "0" ? null : new Date(Date.now() + Number(hours) * 3_600_000).toISOString();
}

/** Makes the page live. The backend is an argument so that a test can pass another. */
export async function init(backend) {
  let shown = null;
  const show = async () => {
    try {
      shown = await backend.view();
      render(shown);
    } catch (error) {
      renderFailure(error.message ?? String(error));
    }
  };

  /** Runs `work` for an element that is disabled meanwhile, and shows a failure beside it. */
  const attempt = async (element, problem, work) => {
    problem.hidden = true;
    element.disabled = true;
    try {
      await work();
    } catch (error) {
      problem.textContent = error.message ?? String(error);
      problem.hidden = false;
    } finally {
      element.disabled = false;
    }
    await show();
  };

  const onClick = (selector, work) => {
    for (const button of document.querySelectorAll(selector)) {
      button.addEventListener("click", () => attempt(button, $("#problem"), () => work(button)));
    }
  };

  const onSubmit = (selector, work) => {
    const form = $(selector);
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      const problem = $(".problem", form);
      attempt($("[type=submit]", form), problem, async () => {
        await work(form);
        form.reset();
      });
    });
  };

  onClick("#sync-now", () => backend.syncNow());
  onClick("#resume", () => backend.resume());
  onClick("#pause-for-an-hour", () => backend.pauseForAnHour());
  onClick("#pause-until-tomorrow", () => backend.pauseUntilTomorrow());
  onClick("#mark-seen", () => backend.markSeen());
  onClick("#open-consent-page", () => backend.openConsentPage());
  onClick("#cancel-sign-in", () => backend.cancelSignIn());
  onClick("#quit, #quit-now", () => backend.quit());
  onClick("#keep-syncing", () => backend.closeWindow());
  onClick("#stay", () => $("#closing").close());
  onClick("#withings .again", () => backend.signInWithings("", "", $("#withings-way").value));
  onClick(".disconnect", (button) => backend.disconnect(button.closest("section").id));
  onClick("[data-help]", (button) => backend.openHelp(button.dataset.help));
  onClick(".copy", (button) => navigator.clipboard.writeText($("output", button.parentElement).textContent));

  onSubmit("#withings-form", (form) =>
    backend.signInWithings(form.clientId.value, form.clientSecret.value, form.way.value));
  onSubmit("#beeminder-form", (form) => backend.signInBeeminder(form.clientId.value, form.way.value));
  onSubmit("#token-form", (form) => backend.connectBeeminderToken(form.token.value));
  onSubmit("#paste", (form) => backend.pasteCallback(form.address.value));

  $("#goals").addEventListener("click", (event) => {
    const button = event.target.closest("[data-goal]");
    if (button) {
      attempt(button, $("#problem"), () => backend.openGoal(button.dataset.goal));
    }
  });

  const settings = $("#settings");
  settings.startAtLogin.addEventListener("change", (event) =>
    attempt(event.target, $(".problem", settings), () => backend.setStartAtLogin(event.target.checked)));
  const notify = (choice, preferences) =>
    choice.addEventListener("change", () =>
      attempt(choice, $(".problem", settings), () =>
        backend.setNotifications({ ...shown.notifications, ...preferences() })));
  notify(settings.level, () => ({ level: settings.level.value }));
  notify(settings.snooze, () => ({ snoozed_until: hoursAhead(settings.snooze.value) }));
  for (const way of document.querySelectorAll("[name=way]")) {
    way.addEventListener("change", show);
  }

  await backend.onChanged(show);
  await backend.onClosing(() => $("#closing").showModal());
  await show();
}

init(backend);

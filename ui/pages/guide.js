// The first-run guide: two accounts and one link. Which step is next follows from what is there already, so
// that it can be left and taken up at any step.

import { $, $$, setText } from "../dom.js";
import { linkForm } from "../link-form.js";
import { account } from "../shell.js";
import { explain, t } from "../texts.js";

let form = null;

/** Makes the page live. */
export function init(root, context) {
  const { backend, attempt, problem } = context;
  form = null;
  const submit = (id, work) => {
    const element = $(id, root);
    element.addEventListener("submit", (event) => {
      event.preventDefault();
      attempt($("[type=submit]", element), $(".problem", element), () => work(element));
    });
  };
  const click = (selector, work) => {
    for (const button of $$(selector, root)) {
      button.addEventListener("click", () => attempt(button, problem, () => work(button)));
    }
  };
  const copy = async (text) => {
    await navigator.clipboard.writeText(text);
    setText($("#copied", root), t("guide.copied"));
  };

  submit("#withings-form", (element) =>
    backend.signInWithings(element.clientId.value, element.clientSecret.value, element.way.value),
  );
  submit("#token-form", async (element) => {
    await backend.connectBeeminderToken(element.token.value);
    element.reset();
  });
  submit("#beeminder-form", (element) => backend.signInBeeminder(element.clientId.value, element.way.value));
  click("#open-dashboard", async () => {
    await copy($("#withings .callback", root).textContent).catch(() => {});
    await backend.openHelp("withings_dashboard");
  });
  click("#show-token", () => backend.openHelp("beeminder_token"));
  click("#register-application", () => backend.openHelp("beeminder_applications"));
  click(".copy", (button) => copy($("output", button.parentElement).textContent));
  click("#later", async () => {
    await backend.leaveGuide();
    context.go("overview");
  });
  const login = $("#start-at-login", root);
  login.addEventListener("change", () => attempt(login, problem, () => backend.setStartAtLogin(login.checked)));
  const way = context.view().settings.callback_way;
  for (const select of $$("[name=way]", root)) {
    select.value = way;
    select.addEventListener("change", () => update(root, context.view(), context));
  }
}

/** Draws again, in the new colours. */
export const redraw = async () => (await form)?.redraw();

/** Shows the step that is next. */
export function update(root, view, context) {
  const { withings, beeminder, attention } = view.overview;
  const refused = (codes) => attention.some((item) => codes.includes(item.code));
  const done = {
    withings: withings.connected && !refused(["sign_in_withings", "check_application", "another_person"]),
    beeminder: beeminder.connected && !refused(["sign_in_beeminder"]),
    link: view.links.length > 0,
  };
  const next = Object.keys(done).find((step) => !done[step]);
  for (const item of $$("#steps li", root)) {
    item.classList.toggle("done", done[item.dataset.step]);
    item.toggleAttribute("aria-current", item.dataset.step === next);
    if (item.dataset.step === next) {
      item.setAttribute("aria-current", "step");
    }
  }
  for (const service of ["withings", "beeminder"]) {
    const section = $(`#${service}`, root);
    setText($(".who", section), account(view.overview[service]));
    section.hidden = service === "beeminder" && !done.withings && !done.beeminder;
    for (const element of $$("form", section)) {
      const output = $(".callback", element);
      if (output) {
        setText(output, view.callbacks[service][element.way.value]);
      }
    }
  }
  $("#withings-form", root).hidden = done.withings;
  $("#beeminder-ways", root).hidden = done.beeminder;
  $("#own-application", root).hidden = view.has_beeminder_application;
  if (view.has_beeminder_application && $("#beeminder-application", root).dataset.offered !== "yes") {
    $("#beeminder-application", root).dataset.offered = "yes";
    $("#beeminder-application", root).open = true;
  }
  failure(root, view.sign_in);
  const ready = done.withings && done.beeminder;
  $("#first-link", root).hidden = !ready;
  const login = $("#start-at-login", root);
  login.checked = view.start_at_login === "on";
  login.disabled = view.start_at_login === null;
  $("#later", root).hidden = done.link && ready;
  if (ready && !form) {
    form = linkForm($("#first-link-form", root), context, { onDone: () => context.go("overview") });
  }
}

/** Says why the last sign-in came to nothing, beside its form. */
function failure(root, signIn) {
  if (signIn.state !== "failed") {
    return;
  }
  const forms = signIn.service === "withings" ? ["#withings-form"] : ["#beeminder-form"];
  for (const id of forms) {
    const problem = $(".problem", $(id, root));
    setText(problem, explain(signIn.why));
    problem.hidden = false;
  }
}

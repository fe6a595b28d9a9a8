// The first-run guide: two accounts and one link. Which step is next follows from what is there already, so
// that it can be left and taken up at any step.

import { $, $$, bring, bringProblem, clearProblem, setText, showProblem } from "../dom.js";
import { linkForm } from "../link-form.js";
import { account } from "../shell.js";
import { t } from "../texts.js";

let form = null;

/** The step that was next when the page was last shown. */
let step = null;

/** The failed sign-in that was shown last, as text. */
let told = null;

/** Makes the page live. */
export function init(root, context) {
  const { backend, attempt, problem } = context;
  form = null;
  step = null;
  told = null;
  const submit = (id, work) => {
    const element = $(id, root);
    const problem = $(".problem", element);
    element.addEventListener("submit", async (event) => {
      event.preventDefault();
      await attempt($("[type=submit]", element), problem, () => work(element));
      bringProblem(problem);
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
  prefill($("#withings-form", root), context);
  const way = context.view().settings.callback_way;
  for (const select of $$("[name=way]", root)) {
    select.value = way;
    select.addEventListener("change", () => update(root, context.view(), context));
  }
}

/** Fills in the application that was checked before; its secret stays in the keychain. */
function prefill(form, context) {
  const known = context.view().client_id;
  form.clientId.value = known ?? "";
  $(".how", form).open = known === null;
  form.clientId.addEventListener("input", () => showKept(form, context.view()));
}

/** Says whether the secret need not be entered. */
function showKept(form, view) {
  const isKept = view.client_id !== null && form.clientId.value.trim() === view.client_id;
  // A lost sign-in is renewed through the application that it was made through.
  const isOld = view.overview.withings.connected && form.clientId.value.trim() === "";
  form.clientId.required = !isOld;
  form.clientSecret.required = !isKept && !isOld;
  form.clientSecret.placeholder = isKept ? "••••••••" : "";
  $("#secret-kept", form).hidden = !isKept;
  $(".afterwards", form).hidden = isKept;
}

/** Draws again, in the new colours. */
export const redraw = async () => (await form)?.redraw();

/** Shows the step that is next. */
export function update(root, view, context) {
  const { withings, beeminder, attention } = view.overview;
  const refused = (codes) => attention.some((item) => codes.includes(item.code));
  const done = {
    withings: withings.connected && !withings.lost && !refused(["check_application", "another_person"]),
    beeminder: beeminder.connected && !beeminder.lost,
    link: view.links.length > 0,
  };
  const next = Object.keys(done).find((step) => !done[step]);
  $("#intro", root).hidden = done.withings || done.beeminder;
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
    section.hidden = service === "beeminder" && !done.withings && !done.beeminder && !beeminder.lost;
    section.classList.toggle("done", done[service]);
    const { lost } = view.overview[service];
    $(".reconnect", section).hidden = !lost;
    for (const button of $$(".sign-in", section)) {
      setText(button, t(lost ? `action.reconnect_${service}` : button.dataset.words));
    }
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
  showKept($("#withings-form", root), view);
  const ready = done.withings && done.beeminder;
  $("#first-link", root).hidden = !ready;
  $("#later", root).hidden = done.link && ready;
  if (ready && !form) {
    form = linkForm($("#first-link-form", root), context, { first: true, onDone: () => context.go("first") });
  }
  goOn(root, next);
  failure(root, view.sign_in);
}

/** Brings the step that has become the next one into view. */
function goOn(root, next) {
  const before = step;
  step = next;
  const section = { withings: "#withings", beeminder: "#beeminder", link: "#first-link" }[next];
  if (before !== null && before !== next && section) {
    $(section, root).scrollIntoView({ block: "start" });
  }
}

/** Says once why the last sign-in came to nothing, beside its form. */
function failure(root, signIn) {
  const failed = signIn.state === "failed" ? JSON.stringify(signIn) : null;
  if (failed === told) {
    return;
  }
  told = failed;
  if (!failed) {
    return;
  }
  const form = $(signIn.service === "withings" ? "#withings-form" : "#beeminder-form", root);
  if (signIn.service === "beeminder") {
    $("#beeminder-application", root).open = true;
  }
  const problem = $(".problem", form);
  clearProblem(problem);
  showProblem(problem, signIn.why);
  bring(problem);
}

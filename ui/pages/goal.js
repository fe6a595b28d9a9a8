// Creating a goal: here after a confirmation in plain words, or on Beeminder's own page, filled in.

import { $ } from "../dom.js";
import { t } from "../texts.js";

const USUAL = {
  do_more: { units: "times", per_week: "5" },
  lose: { units: "kg", per_week: "0.3" },
  gain: { units: "kg", per_week: "0.2" },
};

/** Makes the page live. */
export function init(root, context) {
  const { backend, attempt, confirm } = context;
  const form = $("#goal-form", root);
  const problem = $(".problem", form);
  const values = () => ({
    aim: form.aim.value,
    slug: form.slug.value.trim(),
    title: form.title.value.trim(),
    units: form.units.value.trim(),
    per_week: form.per_week.value,
    from: form.from.value,
    to: form.to.value,
    secret: form.secret.checked,
  });
  const adapt = () => {
    const doMore = form.aim.value === "do_more";
    $(".values", form).hidden = doMore;
    form.from.required = !doMore;
    form.to.required = !doMore;
    Object.assign(form.units, { value: USUAL[form.aim.value].units });
    Object.assign(form.per_week, { value: USUAL[form.aim.value].per_week });
  };
  form.aim.addEventListener("change", adapt);
  adapt();
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    attempt($("[type=submit]", form), problem, async () => {
      const wish = values();
      // Beeminder says whether it would, before anything is asked of the user.
      const slug = await backend.createGoal(wish, true);
      const facts = { ...wish, goal: slug };
      const body = [t(`goal.commits_${wish.aim}`, facts), t("goal.pledge"), t("goal.derails"), t("goal.week")];
      if (await confirm(t("goal.sure", facts), body, t("goal.create"))) {
        await backend.createGoal(wish, false);
        context.go(`link/new/${slug}`);
      }
    });
  });
  const page = $("#on-beeminder", form);
  page.addEventListener("click", () => {
    if (form.reportValidity()) {
      attempt(page, problem, () => backend.openNewGoalPage(values()));
    }
  });
}

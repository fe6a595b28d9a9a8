// The form of a link, with a preview of what it would send. The guide and the link editor share it.

import { $, $$, bringProblem, choose, clearProblem, h, setText, settled, showProblem } from "./dom.js";
import { includesToday, isShown, outdate, sayFrom, showPreview } from "./link-preview.js";
import { fill, say, t } from "./texts.js";

/**
 * Puts the form into `root`. `options.link` is the card of a link to change; `options.onDone` is called when
 * one was made; `options.save` saves a change; with `options.first` the user is waited with for its first datapoint.
 */
export async function linkForm(root, context, options = {}) {
  const { backend } = context;
  const answer = await fetch("link-form.html");
  const page = new DOMParser().parseFromString(await answer.text(), "text/html");
  const form = document.importNode(page.body.firstElementChild, true);
  fill(form);
  root.replaceChildren(form);
  const problem = $(".start-bar .problem", form);
  setText($("[type=submit]", form), t(options.link ? "link.change" : "link.start"));

  let catalogue;
  let choices = [];
  try {
    catalogue = await backend.catalogue();
    choices = options.link ? [] : await backend.choices();
  } catch (error) {
    $(".loading", form).hidden = true;
    showProblem(problem, error);
    return null;
  }
  $(".loading", form).hidden = true;
  prepare(form, catalogue, choices, options);
  write(form, catalogue, options.link?.form ?? wanted(choices, options.goal));

  const goals = options.link ? [{ ...options.link, slug: options.link.form.goal }] : choices;
  const values = () => ({ ...read(form, catalogue), link: options.link?.id ?? null });
  const preview = settled(() => showPreview(form, context, problem, values, Boolean(options.link)));
  form.addEventListener("input", (event) => {
    clearProblem(problem);
    if (event.target.name === "include_today") {
      sayFrom(form);
      return;
    }
    outdate();
    if (event.target.name === "goal") {
      write(form, catalogue, choices.find((choice) => choice.slug === form.goal.value).suggestion);
    }
    adapt(form, catalogue, event.target.name, goals);
    preview();
  });
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    const work = options.save
      ? () => options.save(read(form, catalogue))
      : async () => {
          const misfits = await backend.addLink(read(form, catalogue), Boolean(options.first));
          // The others could be read in the preview.
          const unread = misfits.filter((misfit) => !isShown(misfit));
          if (unread.length > 0) {
            await context.tell(t("link.made"), unread.map(say));
          }
          options.onDone();
        };
    await context.attempt($("[type=submit]", form), problem, work);
    bringProblem(problem);
  });
  adapt(form, catalogue, "goal");
  $("[type=submit]", form).disabled = !form.goal.value;
  await showPreview(form, context, problem, values, Boolean(options.link));
  return { redraw: preview };
}

const wanted = (choices, goal) => (choices.find((choice) => choice.slug === goal) ?? choices[0])?.suggestion ?? null;

/** Offers what there is to choose from. */
function prepare(form, catalogue, choices, { link, goal }) {
  const goals = choices.map((choice) => [
    choice.slug,
    choice.title === choice.slug ? choice.slug : `${choice.slug} – ${choice.title}`,
  ]);
  choose(form.goal, link ? [[link.form.goal, link.form.goal]] : goals, link?.form.goal ?? goal ?? choices[0]?.slug);
  form.goal.disabled = Boolean(link);
  $(".goal-field .hint", form).hidden = Boolean(link);
  $(".since-field", form).hidden = Boolean(link);
  const sources = ["measure", "activity", "sleep", "workout"];
  choose(
    form.kind,
    sources.map((source) => ({
      label: t(`source.${source}`),
      choices: catalogue.kinds
        .filter((kind) => kind.trackable && kind.source === source)
        .map((kind) => [kind.name, t(`kind.${kind.name}`)]),
    })),
  );
  choose(
    form.take,
    catalogue.takes.map((take) => [take, t(`take.${take}`)]),
  );
  choose(form.set, [...catalogue.sets.map((set) => [set.name, t(`set.${set.name}`)]), ["", t("link.own_set")]]);
  const box = (name, value, words) =>
    h("label", { className: "check" }, h("input", { type: "checkbox", name, value }), " ", h("span", {}, words));
  $(".own-set", form).replaceChildren(
    ...catalogue.kinds.filter((kind) => kind.countable).map((kind) => box("kinds", kind.name, t(`kind.${kind.name}`))),
  );
  $(".devices .checks", form).replaceChildren(...catalogue.devices.map((name) => box("devices", name, name)));
  $(".workouts .checks", form).replaceChildren(
    ...catalogue.workouts.map(([id, name]) => box("categories", String(id), t(`workout.${name}`))),
  );
}

const boxes = (form, name) => $$(`input[name=${name}]`, form);
const ticked = (form, name) =>
  boxes(form, name)
    .filter((box) => box.checked)
    .map((box) => box.value);

/** Fills the form in. */
function write(form, catalogue, values) {
  if (!values) {
    return;
  }
  form.goal.value = values.goal;
  form.sends.value = values.sends;
  if (values.sends === "track") {
    form.kind.value = values.kind;
    adapt(form, catalogue, "kind");
    form.unit.value = values.unit;
    form.take.value = values.take;
  } else {
    const same = (set) => set.kinds.length === values.kinds.length && set.kinds.every((k) => values.kinds.includes(k));
    form.set.value = catalogue.sets.find(same)?.name ?? "";
    for (const box of boxes(form, "kinds")) {
      box.checked = values.kinds.includes(box.value);
    }
    form.once_a_day.checked = values.once_a_day;
  }
  const { options } = values;
  form.from_time.value = options.from_time?.slice(0, 5) ?? "";
  form.until_time.value = options.until_time?.slice(0, 5) ?? "";
  form.manual.checked = options.manual;
  form.ambiguous.checked = options.ambiguous;
  form.decimals.value = options.decimals ?? "";
  form.comment.value = options.comment ?? "";
  for (const box of boxes(form, "devices")) {
    box.checked = options.devices.includes(box.value);
  }
  for (const box of boxes(form, "categories")) {
    box.checked = options.categories.includes(Number(box.value));
  }
}

/** Reads the form. */
function read(form, catalogue) {
  const track = form.sends.value === "track";
  const kind = catalogue.kinds.find((known) => known.name === form.kind.value);
  const set = catalogue.sets.find((known) => known.name === form.set.value);
  const momentary = !track || kind.source === "measure";
  const time = (value) => (momentary && value ? `${value}:00` : null);
  return {
    goal: form.goal.value,
    sends: form.sends.value,
    kind: track ? form.kind.value : "",
    unit: track ? form.unit.value : "",
    take: track ? form.take.value : "",
    kinds: track ? [] : (set?.kinds ?? ticked(form, "kinds")),
    once_a_day: !track && form.once_a_day.checked,
    since: form.since.value || null,
    today: includesToday(form),
    options: {
      from_time: time(form.from_time.value),
      until_time: time(form.until_time.value),
      devices: ticked(form, "devices"),
      manual: form.manual.checked,
      ambiguous: form.ambiguous.checked,
      categories: track && kind.source === "workout" ? ticked(form, "categories").map(Number) : [],
      decimals: form.decimals.value === "" ? null : Number(form.decimals.value),
      comment: form.comment.value || null,
    },
  };
}

/** Shows the fields that make sense for what was chosen. */
function adapt(form, catalogue, changed, goals = []) {
  const track = form.sends.value === "track";
  const kind = catalogue.kinds.find((known) => known.name === form.kind.value) ?? catalogue.kinds[0];
  $(".tracking", form).hidden = !track;
  $(".counting", form).hidden = track;
  $(".own-set", form).hidden = form.set.value !== "";
  const members = catalogue.sets.find((set) => set.name === form.set.value)?.kinds ?? [];
  setText($("#set-kinds", form), members.length > 1 ? t("link.set_kinds", { what: members.join(",") }) : "");
  $(".times", form).hidden = track && kind.source !== "measure";
  $(".workouts", form).hidden = !(track && kind.source === "workout");
  $(".devices", form).hidden = catalogue.devices.length === 0;
  choose(
    form.unit,
    kind.units.map(([name, symbol]) => [name, symbol || t(`unit.${name}`)]),
  );
  form.unit.closest(".field").hidden = kind.units.length < 2;
  for (const option of form.take.options) {
    // What comes by the day has no single measurements.
    option.disabled = option.value === "every" && kind.source !== "measure";
  }
  if (changed === "kind") {
    form.take.value = kind.take === "every" ? "last" : kind.take;
    const goal = goals.find(({ slug }) => slug === form.goal.value);
    form.unit.value = goal?.units_of_kinds[kind.name] ?? kind.units[0][0];
  }
}

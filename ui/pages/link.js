// The link editor: making a link, changing one, posting its past, removing it.

import { $, h, replace, setText } from "../dom.js";
import { linkForm } from "../link-form.js";
import { day, list, number, t } from "../texts.js";

let form = null;

/** Makes the page live. */
export async function init(root, context, [which, goal]) {
  const isNew = which === "new";
  const link = context.view().links.find((one) => String(one.id) === which);
  setText($("#link-title", root), link ? t("link.title", { goal: link.form.goal }) : t("link.new"));
  if (!isNew && !link) {
    $("#link-gone", root).hidden = false;
    return;
  }
  const back = () => context.go("overview");
  form = null;
  const place = $("#link-form", root);
  form = await linkForm(place, context, {
    link,
    goal,
    onDone: back,
    save: link && ((values) => save(context, link, values, back)),
  });
  // Only then, or they would be pushed away from under the pointer.
  if (link && place.isConnected) {
    past(root, context, link);
    removal(root, context, link, back);
  }
}

/** Shows how far the past was posted. */
export function update(root, view, context) {
  const id = Number(location.hash.split("/")[1]);
  const place = $("#under-way", root);
  const own = view.overview.backfills.filter((one) => one.link === id);
  replace(
    place,
    own.map((one) => {
      const words = t("card.backfill", { count: one.released, at: one.reached });
      const cancel = h("button", { type: "button", dataset: { key: String(one.id) } }, t("shell.cancel"));
      cancel.addEventListener("click", () =>
        context.attempt(cancel, context.problem, () => context.backend.cancelBackfill(one.id)),
      );
      return h("li", {}, words, " ", cancel);
    }),
  );
  const link = view.links.find((one) => one.id === id);
  replace(
    $("#posted", root),
    (link?.posted ?? []).map((one) => posted(one, link)),
  );
}

/** What a stretch of the past came to, and what of the link's is not at Beeminder yet. */
function posted(one, link) {
  const key = ["parked", "pending"].find((key) => link[key] > 0);
  const left = key ? ` ${t(`past.${key}`, { count: link[key] })}` : "";
  const words = t("past.posted", { count: one.count, from: one.first, to: one.last });
  const show = h("a", { href: `#days/${link.form.goal}` }, t("past.show"));
  return h("li", { dataset: { key: String(one.id) } }, `${words}${left} `, show);
}

/** Draws again, in the new colours. */
export const redraw = () => form?.redraw();

/** What would become of the datapoints, in numbers; nothing of what there is none of. */
const parts = (change) =>
  list(
    ["added", "updated", "removed", "same"]
      .filter((part) => change[part] > 0)
      .map((part) => t(`change.${part}`, { count: change[part] })),
  );

/** Shows what a change does at Beeminder, and does it when told to. */
async function save(context, link, values, back) {
  const change = await context.backend.previewChange(link.id, values);
  const there = change.updated + change.removed + change.same;
  const choice = (value, words, checked) =>
    h(
      "label",
      { className: "check" },
      h("input", { type: "radio", name: "existing", value, checked }),
      " ",
      h("span", {}, words),
    );
  const body = [t("change.hint")];
  if (there + change.added > 0) {
    body.push(
      h(
        "fieldset",
        {},
        h("legend", {}, there > 0 ? t("change.existing", { count: there }) : t("change.existing_none")),
        choice("update", t("change.update", { what: parts(change) }), true),
        choice("leave", t("change.leave"), false),
        there > 0 ? choice("remove", t("change.remove"), false) : null,
      ),
    );
  }
  if (change.examples.length > 0) {
    body.push(
      h(
        "ul",
        { className: "examples" },
        change.examples.map(([date, now, then]) =>
          h(
            "li",
            {},
            t(then ? "change.example" : "change.example_removed", {
              day: date,
              now: number(now),
              then: then ? number(then) : "",
            }),
          ),
        ),
      ),
    );
  }
  if (!(await context.confirm(t("change.title"), body, t("link.change")))) {
    return;
  }
  const existing = $("#confirm-body input[name=existing]:checked")?.value ?? "update";
  await context.backend.changeLink(link.id, values, existing);
  back();
}

function past(root, context, link) {
  const { backend, attempt } = context;
  $("#past", root).hidden = false;
  const [look, start] = [$("#past-form", root), $("#past-start", root)];
  const since = new Date(link.since);
  look.to.value = since.toISOString().slice(0, 10);
  look.from.value = new Date(since - 30 * 86_400_000).toISOString().slice(0, 10);
  const stretch = () => ({ link: link.id, from: look.from.value, to: look.to.value });
  look.addEventListener("input", () => {
    start.hidden = true;
  });
  look.addEventListener("submit", (event) => {
    event.preventDefault();
    start.hidden = true;
    attempt($("[type=submit]", look), $(".problem", look), async () => {
      const preview = await backend.previewBackfill(stretch());
      showPast(start, preview);
      start.hidden = false;
    });
  });
  start.addEventListener("submit", (event) => {
    event.preventDefault();
    attempt($("[type=submit]", start), $(".problem", start), async () => {
      await backend.startBackfill(stretch(), start.may_derail.checked);
      start.hidden = true;
    });
  });
}

function showPast(form, preview) {
  const early = preview.refused_before ? `${t("past.refused", { day: preview.refused_before })} ` : "";
  const what = preview.datapoints === 0 ? t("past.nothing") : t("past.summary", { count: preview.datapoints });
  const long = preview.takes_days > 1 ? ` ${t("past.takes", { count: preview.takes_days })}` : "";
  setText($("#past-summary", form), early + what + long);
  $(".scroll", form).hidden = preview.days.length === 0;
  setText($("[type=submit]", form), t("past.start", { count: preview.datapoints }));
  $("[type=submit]", form).hidden = preview.days.length === 0;
  $(".risk", form).hidden = preview.risky === 0;
  form.may_derail.checked = false;
  const mind = (one) =>
    [
      one.may_derail ? t(one.risk === "unknown" ? "past.unknown_risk" : "past.risky") : null,
      one.others > 0 ? t("past.others", { count: one.others }) : null,
    ]
      .filter(Boolean)
      .join("; ");
  replace(
    $("tbody", form),
    preview.days.map((one) =>
      h(
        "tr",
        { className: one.may_derail ? "risky" : "" },
        h("td", {}, day(one.day)),
        h("td", { className: "number" }, one.values.map(number).join(", ")),
        h("td", {}, mind(one)),
      ),
    ),
  );
}

function removal(root, context, link, back) {
  const { backend, attempt, confirm, problem } = context;
  $("#removal", root).hidden = false;
  const goal = link.form.goal;
  setText(
    $("#removal-hint", root),
    t(link.sent > 0 ? "removal.hint" : "removal.hint_none", { count: link.sent, goal }),
  );
  $("#remove-all", root).hidden = link.sent === 0;
  const button = (id, datapoints, hint) => {
    const element = $(id, root);
    element.addEventListener("click", async () => {
      // A back-fill may have sent more since the page was opened.
      await context.refresh();
      const count = context.view().links.find((one) => one.id === link.id)?.sent ?? link.sent;
      const yes = datapoints ? t("removal.delete", { count }) : t("removal.title");
      if (await confirm(t("removal.sure", { goal }), t(hint, { count }), yes, { danger: datapoints })) {
        await attempt(element, problem, async () => {
          const count = await backend.removeLink(link.id, datapoints);
          back();
          if (datapoints) {
            context.toast(t("removal.done_all", { goal, count }));
          } else {
            const words = count > 0 ? "removal.done_unsent" : "removal.done";
            context.toast(t(words, { goal, count }), () => backend.restoreLink(link.id));
          }
        });
      }
    });
  };
  button("#remove-keep", false, "removal.keep_hint");
  button("#remove-all", true, "removal.all_hint");
}

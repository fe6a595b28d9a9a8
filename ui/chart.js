// Charts: the picture that the program draws, and a read-out of its values by pointer and by keyboard.

import { $, $$, h, isDark, setText } from "./dom.js";
import { amount, t } from "./texts.js";

const SVG = "http://www.w3.org/2000/svg";

/** What a chart in `box` is to look like. */
export const look = (box) => ({ dark: isDark(), width: Math.round(box.clientWidth) || 600 });

/**
 * Shows a chart, described by `words`; `when` writes the moment of a value. Where the user reads a value, it stays
 * the one that is read.
 */
export function showChart(box, chart, words, when) {
  const drawing = chart.drawing;
  if (!drawing) {
    box.replaceChildren();
    return;
  }
  const plot = $(".plot", box) ?? makePlot(box);
  const picture = new DOMParser().parseFromString(drawing.svg, "image/svg+xml").documentElement;
  picture.setAttribute("viewBox", `0 0 ${picture.getAttribute("width")} ${picture.getAttribute("height")}`);
  picture.setAttribute("aria-hidden", "true");
  plot.replaceChildren(document.importNode(picture, true));
  plot.setAttribute("aria-label", words);
  const { marks } = drawing;
  const texts = marks.map(
    (mark) =>
      `${when(mark.at)}: ${amount(mark.value, chart.unit)}, ${t(mark.sent ? "chart.was_sent" : "chart.not_sent")}`,
  );
  const legend = [
    chart.has_line ? t("chart.line") : null,
    drawing.outside > 0 ? t("chart.outside", { count: drawing.outside }) : null,
  ];
  const rest = [words, ...legend].filter(Boolean).join(" ");
  reader(plot, $(".read-out", box), { marks, texts, rest });
}

function makePlot(box) {
  const plot = h("div", { className: "plot", tabIndex: 0, role: "slider", "aria-valuemin": "0" });
  box.replaceChildren(plot, h("p", { className: "read-out" }));
  return plot;
}

/** Lets the user read one value after the other. */
function reader(plot, readOut, { marks, texts, rest }) {
  const last = marks.length - 1;
  const picture = $("svg", plot);
  const ring = document.createElementNS(SVG, "circle");
  ring.setAttribute("r", "7");
  ring.setAttribute("class", "ring");
  const read = (index) => {
    plot.dataset.at = String(index);
    plot.setAttribute("aria-valuenow", String(index));
    plot.setAttribute("aria-valuetext", texts[index]);
    ring.setAttribute("cx", marks[index].x);
    ring.setAttribute("cy", marks[index].y);
    picture.append(ring);
    setText(readOut, texts[index]);
  };
  const leave = () => {
    ring.remove();
    setText(readOut, rest);
  };
  const at = () => Math.min(Number(plot.dataset.at ?? last), last);
  const isRead = () => plot === document.activeElement || plot.matches(":hover");
  plot.setAttribute("aria-valuemax", String(Math.max(last, 0)));
  plot.setAttribute("aria-valuenow", String(Math.max(at(), 0)));
  plot.setAttribute("aria-valuetext", texts[at()] ?? rest);
  if (last < 0 || !isRead()) {
    leave();
  } else {
    read(at());
  }
  if (last < 0) {
    plot.onpointermove = plot.onkeydown = plot.onfocus = null;
    return;
  }
  const steps = { ArrowLeft: -1, ArrowDown: -1, ArrowRight: 1, ArrowUp: 1, PageDown: -10, PageUp: 10 };
  plot.onkeydown = (event) => {
    const to = { Home: 0, End: last }[event.key] ?? at() + (steps[event.key] ?? NaN);
    if (!Number.isNaN(to)) {
      event.preventDefault();
      read(Math.max(0, Math.min(last, to)));
    }
  };
  plot.onfocus = () => read(at());
  plot.onblur = leave;
  plot.onpointerleave = () => (plot === document.activeElement ? read(at()) : leave());
  plot.onpointermove = (event) => {
    const { left, width } = plot.getBoundingClientRect();
    const x = ((event.clientX - left) / width) * picture.viewBox.baseVal.width;
    read(nearest(marks, x));
  };
}

/** The value whose dot stands nearest to the pointer. Dots stand from left to right. */
function nearest(marks, x) {
  const after = marks.findIndex((mark) => mark.x >= x);
  if (after <= 0) {
    return after === 0 ? 0 : marks.length - 1;
  }
  return x - marks[after - 1].x < marks[after].x - x ? after - 1 : after;
}

/** Fills a set of periods to choose from, with one of them chosen; `0` stands for everything. */
export function choosePeriod(box, name, periods, chosen) {
  const choice = (days) =>
    h(
      "label",
      {},
      h("input", { type: "radio", name, value: String(days), checked: days === chosen }),
      h("span", {}, days === 0 ? t("chart.all") : t("chart.days", { count: days })),
    );
  box.replaceChildren(h("legend", { className: "unseen" }, t("chart.period")), ...periods.map(choice));
}

/** The period that is chosen, in days. */
export const period = (box) => Number($$("input", box).find((input) => input.checked).value) || EVERYTHING;

/** More days than anybody has measured. */
const EVERYTHING = 40_000;

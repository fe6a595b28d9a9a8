// Withings' notifications, in the settings: how Withings reaches this computer, and whether it does.

import { $, setText } from "./dom.js";
import { momentHere, say, t } from "./texts.js";

/** Makes the section live. */
export function init(root, context) {
  const { backend, attempt } = context;
  const section = $("#told", root);
  const problem = $(".problem", section);
  const field = (name) => $(`#told-${name}`, section);
  const show = () => {
    const byTunnel = field("way").value === "tunnel";
    field("address-setting").hidden = byTunnel;
    field("command-setting").hidden = !byTunnel;
  };
  field("way").addEventListener("change", show);
  const click = (name, work) =>
    field(name).addEventListener("click", () => attempt(field(name), problem, () => work()));
  const tried = async (work) => {
    setText(field("tried"), t("told.trying"));
    try {
      setText(field("tried"), say(await work()));
    } catch (error) {
      setText(field("tried"), "");
      throw error;
    }
  };
  click("on", async () => {
    const byTunnel = field("way").value === "tunnel";
    const [address, command] = byTunnel ? [null, field("command").value] : [field("address").value, null];
    await tried(() => backend.notificationsOn(address, command, field("listen").value));
    // It may hold a secret, which the keychain has by now.
    field("command").value = "";
  });
  click("test", () => tried(() => backend.tryNotifications()));
  click("off", async () => {
    await backend.notificationsOff();
    setText(field("tried"), "");
  });
  show();
}

/** What there is to say of them. */
function sentence({ on, public_address: address, problem, last_notification: at, interval: count }) {
  if (!on) {
    return t("told.off");
  }
  if (problem !== null) {
    return say(problem);
  }
  if (address === null) {
    return t("told.unproven");
  }
  const last = at === null ? t("told.none_yet") : t("told.last", { at: momentHere(at) });
  return `${t("told.on", { address, count })} ${last}`;
}

/** Shows how they come. */
export function update(root, { told }) {
  setText($("#told-state", root), sentence(told));
  $("#told-off", root).disabled = !told.on;
  $("#told-test", root).disabled = !told.on;
}

// Everything the window asks the program for. No other file calls it.

const { invoke } = window.__TAURI__.core;
const { listen } = window.__TAURI__.event;

export const backend = {
  view: () => invoke("view"),
  syncNow: () => invoke("sync_now"),
  pauseForAnHour: () => invoke("pause_for_an_hour"),
  pauseUntilTomorrow: () => invoke("pause_until_tomorrow"),
  resume: () => invoke("resume"),
  signInWithings: (clientId, clientSecret, way) => invoke("sign_in_withings", { clientId, clientSecret, way }),
  signInBeeminder: (clientId, way) => invoke("sign_in_beeminder", { clientId, way }),
  connectBeeminderToken: (token) => invoke("connect_beeminder_token", { token }),
  openConsentPage: () => invoke("open_consent_page"),
  pasteCallback: (address) => invoke("paste_callback", { address }),
  cancelSignIn: () => invoke("cancel_sign_in"),
  disconnect: (service) => invoke("disconnect", { service }),
  openGoal: (goal) => invoke("open_goal", { goal }),
  openHelp: (page) => invoke("open_help", { page }),
  setNotifications: (preferences) => invoke("set_notifications", { preferences }),
  setStartAtLogin: (on) => invoke("set_start_at_login", { on }),
  markSeen: () => invoke("mark_seen"),
  closeWindow: () => invoke("close_window"),
  quit: () => invoke("quit"),
  onChanged: (callback) => listen("changed", callback),
  onClosing: (callback) => listen("closing", callback),
};

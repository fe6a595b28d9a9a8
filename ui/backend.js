// Everything the window asks the program for. No other file calls it.

const { invoke } = window.__TAURI__.core;
const { listen } = window.__TAURI__.event;

export const backend = {
  view: () => invoke("view"),
  syncNow: () => invoke("sync_now"),
  cancelPass: () => invoke("cancel_pass"),
  pauseForAnHour: () => invoke("pause_for_an_hour"),
  pauseUntilTomorrow: () => invoke("pause_until_tomorrow"),
  resume: () => invoke("resume"),
  openGoal: (goal) => invoke("open_goal", { goal }),
  markSeen: () => invoke("mark_seen"),
  closeWindow: () => invoke("close_window"),
  quit: () => invoke("quit"),
  leaveGuide: () => invoke("leave_guide"),
  setStartAtLogin: (on) => invoke("set_start_at_login", { on }),
  changeSetting: (name, value) => invoke("change_setting", { change: { [name]: value } }),

  signInWithings: (clientId, clientSecret, way) => invoke("sign_in_withings", { clientId, clientSecret, way }),
  signInBeeminder: (clientId, way) => invoke("sign_in_beeminder", { clientId, way }),
  connectBeeminderToken: (token) => invoke("connect_beeminder_token", { token }),
  openConsentPage: () => invoke("open_consent_page"),
  pasteCallback: (address) => invoke("paste_callback", { address }),
  startAgent: () => invoke("start_agent"),
  cancelSignIn: () => invoke("cancel_sign_in"),
  disconnect: (service) => invoke("disconnect", { service }),
  openHelp: (page) => invoke("open_help", { page }),

  catalogue: () => invoke("catalogue"),
  choices: () => invoke("choices"),
  previewLink: (form, look) => invoke("preview_link", { form, look }),
  addLink: (form) => invoke("add_link", { form }),
  previewChange: (id, form) => invoke("preview_change", { id, form }),
  changeLink: (id, form, existing) => invoke("change_link", { id, form, existing }),
  removeLink: (id, datapoints) => invoke("remove_link", { id, datapoints }),
  previewBackfill: (stretch) => invoke("preview_backfill", { stretch }),
  startBackfill: (stretch, mayDerail) => invoke("start_backfill", { stretch, mayDerail }),
  cancelBackfill: (id) => invoke("cancel_backfill", { id }),
  createGoal: (form, dryRun) => invoke("create_goal", { form, dryRun }),
  openNewGoalPage: (form) => invoke("open_new_goal_page", { form }),

  goalOfDays: (goal, days) => invoke("goal_of_days", { goal, days }),
  history: (request) => invoke("history", { request }),
  exportHistory: (request, format) => invoke("export_history", { request, format }),
  chart: (kind, days, look) => invoke("chart", { kind, days, look }),
  chartOfGoal: (goal, days, look) => invoke("chart_of_goal", { goal, days, look }),
  readLine: (goal) => invoke("read_line", { goal }),

  questions: () => invoke("questions"),
  answerHeld: (group, mine, remember) => invoke("answer_held", { group, mine, remember }),
  takeBackAnswer: (group) => invoke("take_back_answer", { group }),
  retryEntry: (id) => invoke("retry_entry", { id }),
  discardEntry: (id) => invoke("discard_entry", { id }),
  removeStale: (id) => invoke("remove_stale", { id }),
  keepStale: (id) => invoke("keep_stale", { id }),
  confirmGone: () => invoke("confirm_gone"),

  selfTest: () => invoke("self_test"),
  repair: (what) => invoke("repair", { what }),
  openDataFolder: () => invoke("open_data_folder"),
  diagnostics: () => invoke("diagnostics"),
  saveDiagnostics: (text) => invoke("save_diagnostics", { text }),
  forgetEverything: (typed) => invoke("forget_everything", { typed }),

  onChanged: (callback) => listen("changed", callback),
  onClosing: (callback) => listen("closing", callback),
};

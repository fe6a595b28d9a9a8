//! The agent, on a desktop that only records what it is asked for, and asked over its socket.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use beeminder_withings_sync::accounts::keychain::KeychainError;
use beeminder_withings_sync::agent::client::{AgentClient, Watch};
use beeminder_withings_sync::agent::protocol::{AgentRequest, Event, Opening, Page, Refusal};
use beeminder_withings_sync::agent::{Agent, Desktop, End, server};
use beeminder_withings_sync::app::{App, Since};
use beeminder_withings_sync::domain::callback_way::CallbackWay;
use beeminder_withings_sync::domain::goal::GoalSlug;
use beeminder_withings_sync::domain::link::Options;
use beeminder_withings_sync::domain::measure::kind::MeasureKind;
use beeminder_withings_sync::domain::settings::SettingChange;
use beeminder_withings_sync::platform::autostart::AutostartState;
use beeminder_withings_sync::platform::clock;
use beeminder_withings_sync::platform::data_dir::DataDir;
use beeminder_withings_sync::platform::environment::Endpoints;
use beeminder_withings_sync::platform::ipc;
use beeminder_withings_sync::platform::ipc::Endpoint;
use beeminder_withings_sync::platform::program::Executable;
use beeminder_withings_sync::sandbox::clock::Clock;
use beeminder_withings_sync::sandbox::{Sandbox, World, beeminder};
use beeminder_withings_sync::view::agent_state::SignInState;
use beeminder_withings_sync::view::notification::Notice;
use beeminder_withings_sync::view::pages::View;
use beeminder_withings_sync::view::tray::{Click, Entry, Icon, MenuAction, Tray};
use tempfile::TempDir;
use tokio::task::JoinHandle;
use url::Url;

use super::support::memory_keychain::Trouble;
use super::support::{MemoryKeychain, agree, application, track};

/// What takes longer than this does not happen.
const PATIENCE: Duration = Duration::from_secs(20);

#[derive(Default)]
struct Recorder {
    trays: Mutex<Vec<Tray>>,
    notices: Mutex<Vec<Notice>>,
    pages: Mutex<Vec<Url>>,
    opened: AtomicBool,
    was_forgotten: AtomicBool,
    /// The next refresh is a fault of the program.
    faults: AtomicBool,
}

impl Desktop for Recorder {
    fn show_tray(&self, tray: &Tray) {
        assert!(!self.faults.swap(false, Ordering::SeqCst), "a fault");
        self.trays.lock().unwrap().push(tray.clone());
    }

    fn notify(&self, notice: &Notice) {
        self.notices.lock().unwrap().push(notice.clone());
    }

    fn open_window(&self, _opening: &Opening) -> anyhow::Result<()> {
        self.opened.store(true, Ordering::SeqCst);
        Ok(())
    }

    fn open_page(&self, url: &Url, _token: Option<&str>) -> anyhow::Result<()> {
        self.pages.lock().unwrap().push(url.clone());
        Ok(())
    }

    fn forget(&self) -> anyhow::Result<()> {
        self.was_forgotten.store(true, Ordering::SeqCst);
        Ok(())
    }

    fn has_tray(&self) -> bool {
        true
    }

    fn start_at_login(&self) -> anyhow::Result<AutostartState> {
        Ok(AutostartState::Off)
    }

    fn set_start_at_login(&self, _on: bool) -> anyhow::Result<()> {
        Ok(())
    }

    fn takes_callbacks(&self) -> anyhow::Result<bool> {
        Ok(true)
    }

    fn take_callbacks(&self) -> anyhow::Result<()> {
        Ok(())
    }
}

pub(super) struct Story {
    pub(super) sandbox: Sandbox,
    running: Mutex<Option<JoinHandle<End>>>,
    keychain: Arc<MemoryKeychain>,
    desktop: Arc<Recorder>,
    pub(super) agent: Arc<Agent>,
    client: AgentClient,
    pub(super) dir: TempDir,
}

impl Story {
    /// The agent, with nothing connected and nothing going on yet.
    async fn new() -> Story {
        let sandbox = Sandbox::start(0, World::new(Clock::Real)).await.unwrap();
        let (dir, keychain) = (TempDir::new().unwrap(), Arc::new(MemoryKeychain::default()));
        let url = sandbox.url();
        let endpoints =
            Endpoints { withings_api: url.clone(), withings_account: url.clone(), beeminder: url };
        let data_dir = DataDir::open(&dir.path().join("data")).unwrap();
        let app = App::with_keychain(endpoints, data_dir, keychain.clone(), clock::now()).unwrap();
        // Whatever this computer speaks.
        app.change_setting(SettingChange::Language(Some("en".into()))).unwrap();
        let desktop = Arc::new(Recorder::default());
        let executable = dir.path().join("executable");
        std::fs::write(&executable, "one version").unwrap();
        let executable = Some(Executable::at(&executable).unwrap());
        let client = AgentClient::new(app.data_dir.clone());
        let agent = Agent::new(app, true, desktop.clone(), executable);
        Story { sandbox, running: Mutex::default(), keychain, desktop, agent, client, dir }
    }

    /// The program with both accounts connected and weights linked, running.
    pub(super) async fn running() -> Story {
        let story = Story::new().await;
        let app = &story.agent.app;
        let attempt = app.begin_withings(application(), CallbackWay::Scheme, clock::now()).await.unwrap();
        app.finish(&attempt, &agree(&attempt.authorize_url).await, clock::now()).await.unwrap();
        app.connect_beeminder_token(beeminder::PERSONAL_TOKEN.into(), clock::now()).await.unwrap();
        let goal = GoalSlug("weight".into());
        app.add_link(&goal, track(MeasureKind::WEIGHT), Options::default(), Since::Now, clock::now())
            .await
            .unwrap();
        story.run();
        story.says("Up to date").await;
        story
    }

    fn run(&self) {
        let (listener, requests) = server::listen(&self.agent.app.data_dir).unwrap();
        tokio::spawn(server::serve(Arc::clone(&self.agent), requests));
        let agent = Arc::clone(&self.agent);
        let running = tokio::spawn(async move {
            let end = agent.run().await;
            listener.finish().await;
            end
        });
        *self.running.lock().unwrap() = Some(running);
    }

    /// Waits for the end.
    async fn ended(&self) -> End {
        let running = self.running.lock().unwrap().take().expect("it runs");
        tokio::time::timeout(PATIENCE, running).await.expect("it ends").unwrap()
    }

    fn view(&self) -> View {
        self.agent.app.window(Some(self.agent.state()), true, clock::now()).unwrap()
    }

    /// A window that watches.
    pub(super) async fn window(&self) -> Watch {
        let mut watch = self.client.watch().await.unwrap().expect("the agent listens");
        assert!(matches!(watch.next().await.unwrap(), Some(Event::Changed(_))), "at once");
        watch
    }

    pub(super) async fn ask(&self, request: AgentRequest) {
        self.client.ask::<()>(&request).await.unwrap();
    }

    pub(super) fn action(&self, action: MenuAction) {
        self.agent.perform(Click { action, token: None }).unwrap();
    }

    pub(super) async fn until(&self, what: &str, found: impl Fn(&Story) -> bool) {
        let search = async {
            while !found(self) {
                tokio::time::sleep(Duration::from_millis(10)).await;
            }
        };
        let last = || self.desktop.trays.lock().unwrap().last().cloned();
        tokio::time::timeout(PATIENCE, search).await.unwrap_or_else(|_| panic!("{what}: {:?}", last()));
    }

    /// Waits until the tray says these words.
    pub(super) async fn says(&self, words: &str) {
        let found = |story: &Story| {
            story.desktop.trays.lock().unwrap().last().is_some_and(|tray| tray.title.contains(words))
        };
        self.until(words, found).await;
    }

    pub(super) fn notices(&self) -> Vec<String> {
        self.desktop.notices.lock().unwrap().iter().map(|notice| notice.title.clone()).collect()
    }

    async fn signing_in(&self) -> Url {
        self.agent.sign_in_withings(Some(application()), CallbackWay::Scheme).await.unwrap();
        self.desktop.pages.lock().unwrap().last().unwrap().clone()
    }
}

#[tokio::test]
async fn a_folder_that_is_gone_is_said_once_and_syncing_goes_on_when_it_is_back() {
    let story = Story::running().await;
    let (here, away) = (story.dir.path().join("data"), story.dir.path().join("away"));
    std::fs::rename(&here, &away).unwrap();
    story.action(MenuAction::SyncNow);
    story.says("does not work").await;
    story.until("the notice", |story| !story.notices().is_empty()).await;
    story.action(MenuAction::SyncNow);
    story.action(MenuAction::SyncNow);
    std::fs::rename(&away, &here).unwrap();
    story.action(MenuAction::SyncNow);
    story.says("Up to date").await;
    assert_eq!(story.notices(), ["Syncing does not work", "Syncing works again"]);
    story.action(MenuAction::Quit);
    assert_eq!(story.ended().await, End::Quit);
}

#[tokio::test]
async fn a_fault_of_the_program_is_said_and_syncing_goes_on() {
    let story = Story::running().await;
    story.action(MenuAction::SyncNow);
    story.desktop.faults.store(true, Ordering::SeqCst);
    story.says("does not work").await;
    story.action(MenuAction::SyncNow);
    story.says("Up to date").await;
    assert_eq!(story.notices(), ["Syncing does not work", "Syncing works again"]);
}

#[tokio::test]
async fn what_the_window_shows_is_not_told_beside_it() {
    let story = Story::running().await;
    let _window = story.window().await;
    story.ask(AgentRequest::Focus { focused: true }).await;
    story.sandbox.world().withings.revoke();
    story.action(MenuAction::SyncNow);
    story.says("Sign in to Withings again").await;
    assert_eq!(story.notices(), [""; 0]);
    let view = story.view();
    assert!(view.overview.message.contains("no longer accepts the sign-in"), "{view:?}");
}

#[tokio::test]
async fn a_measurement_that_may_be_another_persons_is_asked_about_once() {
    let story = Story::running().await;
    let guest = serde_json::json!({"attrib": 1, "measures": [{"value": 61_000, "type": 1, "unit": -3}]});
    story.sandbox.world().withings.add(guest, clock::now());
    story.action(MenuAction::SyncNow);
    story.until("the question", |story| !story.notices().is_empty()).await;
    let asks = |story: &Story| {
        let trays = story.desktop.trays.lock().unwrap();
        let question = Entry::Item("1 question for you…".into(), MenuAction::Answer);
        trays.last().is_some_and(|tray| tray.icon == Icon::NeedsYou && tray.menu.contains(&question))
    };
    story.until("the question in the menu", asks).await;
    let notice = story.desktop.notices.lock().unwrap()[0].clone();
    assert!(notice.title.starts_with("Was this you? 61 kg, "), "{}", notice.title);
    let (words, not_me) = notice.answers[1].clone();
    assert_eq!((words.as_str(), notice.click), ("Not me", MenuAction::Answer));
    story.action(not_me);
    // The icon of a pass under way asks nothing either.
    let is_settled = |story: &Story| !asks(story) && story.agent.app.held().unwrap().is_empty();
    story.until("no question", is_settled).await;
    assert_eq!(story.notices().len(), 1, "the answer is not told");
}

#[tokio::test]
async fn quitting_waits_for_the_pass_and_ends_the_desktops_program() {
    let story = Story::running().await;
    story.action(MenuAction::Quit);
    assert_eq!(story.ended().await, End::Quit);
    let titles: Vec<_> = story.desktop.trays.lock().unwrap().iter().map(|tray| tray.icon).collect();
    assert!(titles.contains(&Icon::Syncing), "{titles:?}");
}

#[tokio::test]
async fn a_new_sign_in_takes_the_place_of_the_one_in_flight() {
    let story = Story::new().await;
    let first = story.signing_in().await;
    let second = story.signing_in().await;
    assert_ne!(first, second);
    let late = story.agent.take_callback(agree(&first).await).await;
    assert!(late.unwrap_err().message.contains("Nobody asked"));
    let answer = story.agent.take_callback(agree(&second).await).await.unwrap();
    assert!(answer.to_string().starts_with("Connected to Withings as 10000001"), "{answer}");
    story.until("settled", |story| story.agent.state().sign_in == SignInState::None).await;
}

#[tokio::test]
async fn a_sign_in_that_was_cancelled_or_declined_changes_nothing() {
    let story = Story::new().await;
    let page = story.signing_in().await;
    story.action(MenuAction::CancelSignIn);
    story.until("cancelled", |story| story.agent.state().sign_in == SignInState::None).await;
    assert!(story.agent.take_callback(agree(&page).await).await.is_err());

    let page = story.signing_in().await;
    let declined = super::support::decide(&page, &[("decision", "decline")]).await;
    let said = story.agent.take_callback(declined).await.unwrap_err();
    assert!(said.message.contains("did not grant access"), "{said}");
    let failed = |story: &Story| matches!(story.agent.state().sign_in, SignInState::Failed { .. });
    story.until("the reason shown", failed).await;
    assert!(!story.view().overview.withings.connected);
}

#[tokio::test]
async fn a_keychain_that_keeps_nothing_is_found_before_the_browser_opens() {
    let story = Story::new().await;
    story.keychain.make(Trouble::All(KeychainError::Locked));
    let outcome = story.agent.sign_in_withings(Some(application()), CallbackWay::Scheme).await;
    assert!(outcome.unwrap_err().to_string().contains("keychain is locked"));
    assert_eq!(*story.desktop.pages.lock().unwrap(), []);
    // Nothing is left behind that would keep the next attempt from starting.
    story.keychain.unlock();
    story.signing_in().await;
}

#[tokio::test]
async fn a_callback_after_a_restart_finishes_the_sign_in_once() {
    let story = Story::new().await;
    let page = story.signing_in().await;
    let address = agree(&page).await;
    let Story { sandbox, keychain, dir, agent, .. } = story;
    agent.quit();
    let (url, data_dir) = (sandbox.url(), dir.path().join("data"));
    let endpoints = Endpoints { withings_api: url.clone(), withings_account: url.clone(), beeminder: url };
    let open = || {
        let data_dir = DataDir::open(&data_dir).unwrap();
        App::with_keychain(endpoints.clone(), data_dir, keychain.clone(), clock::now()).unwrap()
    };
    // The first program is not there any more, but its sign-in is in the keychain.
    let next = open();
    let kept = next.kept(clock::now()).await.unwrap().unwrap();
    let wrong = format!("{address}0");
    assert!(next.finish(&kept, &wrong, clock::now()).await.is_err());
    let connected = next.finish(&kept, &address, clock::now()).await.unwrap();
    assert_eq!(connected.user, "10000001");
    next.forget_kept().await.unwrap();
    assert!(next.kept(clock::now()).await.unwrap().is_none());
    // After ten minutes it is of no use.
    assert!(next.keep(&kept).await.is_ok());
    let later = clock::now() + chrono::TimeDelta::minutes(11);
    assert!(next.kept(later).await.unwrap().is_none());
}

#[tokio::test]
async fn a_click_that_a_closing_window_cannot_answer_opens_another() {
    let story = Story::running().await;
    let opened = |story: &Story| story.desktop.opened.load(Ordering::SeqCst);
    let ask = async |window: &mut Watch| {
        story.ask(AgentRequest::Show(Opening::default())).await;
        next(window, |event| matches!(event, Event::Show(_))).await;
    };
    let mut answered = story.window().await;
    ask(&mut answered).await;
    story.ask(AgentRequest::Shown).await;
    let mut closing = story.window().await;
    drop(answered);
    ask(&mut closing).await;
    assert!(!opened(&story), "a window is there");
    drop(closing);
    story.until("another window", opened).await;
}

#[tokio::test]
async fn a_window_is_told_of_every_change_and_comes_to_the_front_instead_of_a_second_one() {
    let story = Story::running().await;
    story.action(MenuAction::Open);
    assert!(story.desktop.opened.swap(false, Ordering::SeqCst), "there is none yet");
    let mut window = story.window().await;
    let opening = Opening { token: Some("a token".into()), page: Some(Page::Questions) };
    story.ask(AgentRequest::Show(opening.clone())).await;
    let shown = next(&mut window, |event| matches!(event, Event::Show(_))).await;
    assert_eq!(shown, Event::Show(opening));
    assert!(!story.desktop.opened.load(Ordering::SeqCst));
    story.ask(AgentRequest::SyncNow).await;
    next(&mut window, |event| matches!(event, Event::Changed(state) if state.syncing)).await;
    next(&mut window, |event| matches!(event, Event::Changed(state) if !state.syncing)).await;
    // A window that was closed, or has crashed, keeps nothing from a new one.
    drop(window);
    story
        .until("the window gone", |story| {
            story.action(MenuAction::Open);
            story.desktop.opened.load(Ordering::SeqCst)
        })
        .await;
}

#[tokio::test]
async fn quit_in_the_window_ends_the_agent_and_tells_every_window() {
    let story = Story::running().await;
    let mut window = story.window().await;
    story.ask(AgentRequest::Quit).await;
    next(&mut window, |event| *event == Event::Quit).await;
    drop(window);
    assert_eq!(story.ended().await, End::Quit);
    assert!(story.client.watch().await.unwrap().is_none(), "nobody listens any more");
}

#[tokio::test]
async fn an_upgraded_agent_ends_after_its_pass_to_be_started_again() {
    let story = Story::running().await;
    let mut window = story.window().await;
    let executable = story.dir.path().join("executable");
    // One that is only half there is no upgrade yet.
    std::fs::write(&executable, "half").unwrap();
    story.ask(AgentRequest::SyncNow).await;
    next(&mut window, |event| matches!(event, Event::Changed(state) if state.syncing)).await;
    next(&mut window, |event| matches!(event, Event::Changed(state) if !state.syncing)).await;
    std::fs::write(&executable, "#!/bin/sh\n").unwrap();
    make_executable(&executable);
    story.ask(AgentRequest::SyncNow).await;
    assert_eq!(story.ended().await, End::Replaced);
    // The window is not told to close: it finds the next agent.
    while let Some(event) = window.next().await.unwrap() {
        assert_ne!(event, Event::Quit);
    }
}

#[tokio::test]
async fn a_request_that_no_version_knows_is_refused_in_words() {
    let story = Story::running().await;
    let dir = &story.agent.app.data_dir;
    for line in ["", "nonsense", r#"{"ask":"fly"}"#, r#"{"ask":"repair","what":"all"}"#] {
        let answer = ipc::ask(dir, Endpoint::Agent, line).await.unwrap().unwrap();
        let refused: Result<(), Refusal> = ipc::read_outcome(&answer).unwrap();
        assert!(refused.unwrap_err().why.message.contains("Another version"), "{line}");
    }
}

#[cfg(unix)]
fn make_executable(path: &std::path::Path) {
    use std::os::unix::fs::PermissionsExt;
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o755)).unwrap();
}

#[cfg(not(unix))]
fn make_executable(_path: &std::path::Path) {}

/// Waits for an event.
async fn next(window: &mut Watch, is_it: impl Fn(&Event) -> bool) -> Event {
    let search = async {
        loop {
            let event = window.next().await.unwrap().expect("the agent is there");
            if is_it(&event) {
                return event;
            }
        }
    };
    tokio::time::timeout(PATIENCE, search).await.expect("the event")
}

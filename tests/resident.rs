//! The program that stays, on a desktop that only records what it is asked for.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use beeminder_withings_sync::accounts::keychain::KeychainError;
use beeminder_withings_sync::agent::{Desktop, Resident, SignInView};
use beeminder_withings_sync::app::{App, Since};
use beeminder_withings_sync::domain::callback_way::CallbackWay;
use beeminder_withings_sync::domain::goal::GoalSlug;
use beeminder_withings_sync::domain::link::Options;
use beeminder_withings_sync::domain::measure::kind::MeasureKind;
use beeminder_withings_sync::domain::settings::SettingChange;
use beeminder_withings_sync::platform::clock;
use beeminder_withings_sync::platform::data_dir::DataDir;
use beeminder_withings_sync::platform::environment::Endpoints;
use beeminder_withings_sync::sandbox::clock::Clock;
use beeminder_withings_sync::sandbox::{Sandbox, World, beeminder};
use beeminder_withings_sync::view::notification::Notice;
use beeminder_withings_sync::view::tray::{Entry, Icon, Tray, Wish};
use tempfile::TempDir;
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
    looked_at: AtomicBool,
    was_forgotten: AtomicBool,
    has_quit: AtomicBool,
    /// The next refresh is a fault of the program.
    faults: AtomicBool,
}

impl Desktop for Recorder {
    fn show_tray(&self, tray: &Tray) {
        self.trays.lock().unwrap().push(tray.clone());
    }

    fn refresh_window(&self) {
        assert!(!self.faults.swap(false, Ordering::SeqCst), "a fault");
    }

    fn notify(&self, notice: &Notice) {
        self.notices.lock().unwrap().push(notice.clone());
    }

    fn is_looked_at(&self) -> bool {
        self.looked_at.load(Ordering::SeqCst)
    }

    fn open_window(&self) {
        self.looked_at.store(true, Ordering::SeqCst);
    }

    fn open_page(&self, url: &Url) -> anyhow::Result<()> {
        self.pages.lock().unwrap().push(url.clone());
        Ok(())
    }

    fn forget(&self) -> anyhow::Result<()> {
        self.was_forgotten.store(true, Ordering::SeqCst);
        Ok(())
    }

    fn quit(&self) {
        self.has_quit.store(true, Ordering::SeqCst);
    }
}

struct Story {
    sandbox: Sandbox,
    keychain: Arc<MemoryKeychain>,
    desktop: Arc<Recorder>,
    resident: Arc<Resident>,
    dir: TempDir,
}

impl Story {
    /// The program, with nothing connected and nothing going on yet.
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
        let resident = Resident::new(app, true, desktop.clone());
        Story { sandbox, keychain, desktop, resident, dir }
    }

    /// The program with both accounts connected and weights linked, running.
    async fn running() -> Story {
        let story = Story::new().await;
        let app = &story.resident.app;
        let attempt = app.begin_withings(application(), CallbackWay::Scheme, clock::now()).await.unwrap();
        app.finish(&attempt, &agree(&attempt.authorize_url).await, clock::now()).await.unwrap();
        app.connect_beeminder_token(beeminder::PERSONAL_TOKEN.into(), clock::now()).await.unwrap();
        let goal = GoalSlug("weight".into());
        app.add_link(&goal, track(MeasureKind::WEIGHT), Options::default(), Since::Now, clock::now())
            .await
            .unwrap();
        story.run();
        story.says("All is well").await;
        story
    }

    fn run(&self) {
        let resident = Arc::clone(&self.resident);
        tokio::spawn(async move { resident.run().await });
    }

    fn wish(&self, wish: Wish) {
        self.resident.grant(wish).unwrap();
    }

    async fn until(&self, what: &str, found: impl Fn(&Story) -> bool) {
        let search = async {
            while !found(self) {
                tokio::time::sleep(Duration::from_millis(10)).await;
            }
        };
        let last = || self.desktop.trays.lock().unwrap().last().cloned();
        tokio::time::timeout(PATIENCE, search).await.unwrap_or_else(|_| panic!("{what}: {:?}", last()));
    }

    /// Waits until the tray says these words.
    async fn says(&self, words: &str) {
        let found = |story: &Story| {
            story.desktop.trays.lock().unwrap().last().is_some_and(|tray| tray.title.contains(words))
        };
        self.until(words, found).await;
    }

    fn notices(&self) -> Vec<String> {
        self.desktop.notices.lock().unwrap().iter().map(|notice| notice.title.clone()).collect()
    }

    async fn signing_in(&self) -> Url {
        self.resident.sign_in_withings(Some(application()), CallbackWay::Scheme).await.unwrap();
        self.desktop.pages.lock().unwrap().last().unwrap().clone()
    }
}

#[tokio::test]
async fn a_folder_that_is_gone_is_said_once_and_syncing_goes_on_when_it_is_back() {
    let story = Story::running().await;
    let (here, away) = (story.dir.path().join("data"), story.dir.path().join("away"));
    std::fs::rename(&here, &away).unwrap();
    story.wish(Wish::SyncNow);
    story.says("does not work").await;
    story.until("the notice", |story| !story.notices().is_empty()).await;
    story.wish(Wish::SyncNow);
    story.wish(Wish::SyncNow);
    std::fs::rename(&away, &here).unwrap();
    story.wish(Wish::SyncNow);
    story.says("All is well").await;
    assert_eq!(story.notices(), ["Syncing does not work", "Solved: syncing works again"]);
    story.wish(Wish::Quit);
    story.until("the end", |story| story.desktop.has_quit.load(Ordering::SeqCst)).await;
}

#[tokio::test]
async fn a_fault_of_the_program_is_said_and_syncing_goes_on() {
    let story = Story::running().await;
    story.wish(Wish::SyncNow);
    story.desktop.faults.store(true, Ordering::SeqCst);
    story.says("does not work").await;
    story.wish(Wish::SyncNow);
    story.says("All is well").await;
    assert_eq!(story.notices(), ["Syncing does not work", "Solved: syncing works again"]);
}

#[tokio::test]
async fn what_the_window_shows_is_not_told_beside_it() {
    let story = Story::running().await;
    story.wish(Wish::Open);
    story.sandbox.world().withings.revoke();
    story.wish(Wish::SyncNow);
    story.says("Sign in to Withings again").await;
    assert_eq!(story.notices(), [""; 0]);
    let view = story.resident.view().unwrap();
    assert!(view.overview.message.contains("no longer accepts the sign-in"), "{view:?}");
}

#[tokio::test]
async fn a_measurement_that_may_be_another_persons_is_asked_about_once() {
    let story = Story::running().await;
    let guest = serde_json::json!({"attrib": 1, "measures": [{"value": 61_000, "type": 1, "unit": -3}]});
    story.sandbox.world().withings.add(guest, clock::now());
    story.wish(Wish::SyncNow);
    story.until("the question", |story| !story.notices().is_empty()).await;
    let asks = |story: &Story| {
        let trays = story.desktop.trays.lock().unwrap();
        let question = Entry::Item("1 question for you…".into(), Wish::Open);
        trays.last().is_some_and(|tray| tray.icon == Icon::Fine && tray.menu.contains(&question))
    };
    story.until("the question in the menu", asks).await;
    let held = story.resident.app.held().unwrap().remove(0);
    story.resident.app.answer(held.group.id, false, true, clock::now()).unwrap();
    story.resident.sync_soon();
    story.until("no question", |story| !asks(story)).await;
    assert_eq!(story.notices(), ["Were these measurements yours?"]);
}

#[tokio::test]
async fn quitting_waits_for_the_pass_and_ends_the_desktops_program() {
    let story = Story::running().await;
    story.wish(Wish::Quit);
    story.until("the end", |story| story.desktop.has_quit.load(Ordering::SeqCst)).await;
    let titles: Vec<_> = story.desktop.trays.lock().unwrap().iter().map(|tray| tray.icon).collect();
    assert!(titles.contains(&Icon::Syncing), "{titles:?}");
}

#[tokio::test]
async fn a_new_sign_in_takes_the_place_of_the_one_in_flight() {
    let story = Story::new().await;
    let first = story.signing_in().await;
    let second = story.signing_in().await;
    assert_ne!(first, second);
    let late = story.resident.take_callback(agree(&first).await).await;
    assert!(late.unwrap_err().message.contains("Nobody asked"));
    let answer = story.resident.take_callback(agree(&second).await).await.unwrap();
    assert!(answer.to_string().starts_with("Connected to Withings as 10000001"), "{answer}");
    story.until("settled", |story| story.resident.view().unwrap().sign_in == SignInView::None).await;
}

#[tokio::test]
async fn a_sign_in_that_was_cancelled_or_declined_changes_nothing() {
    let story = Story::new().await;
    let page = story.signing_in().await;
    story.wish(Wish::CancelSignIn);
    story.until("cancelled", |story| story.resident.view().unwrap().sign_in == SignInView::None).await;
    assert!(story.resident.take_callback(agree(&page).await).await.is_err());

    let page = story.signing_in().await;
    let declined = super::support::decide(&page, &[("decision", "decline")]).await;
    let said = story.resident.take_callback(declined).await.unwrap_err();
    assert!(said.message.contains("did not grant access"), "{said}");
    let failed = |story: &Story| matches!(story.resident.view().unwrap().sign_in, SignInView::Failed { .. });
    story.until("the reason shown", failed).await;
    assert!(!story.resident.view().unwrap().overview.withings.connected);
}

#[tokio::test]
async fn a_keychain_that_keeps_nothing_is_found_before_the_browser_opens() {
    let story = Story::new().await;
    story.keychain.make(Trouble::All(KeychainError::Locked));
    let outcome = story.resident.sign_in_withings(Some(application()), CallbackWay::Scheme).await;
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
    let Story { sandbox, keychain, dir, resident, .. } = story;
    resident.grant(Wish::Quit).unwrap();
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

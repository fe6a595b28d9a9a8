//! The harness: an app over a temporary folder, a sandbox of its own, and a clock that only moves when
//! told. Dropping it fails the test when datapoints were left behind or an unexpected warning was logged.

mod crash;
pub(crate) mod goals;
mod logs;
pub(crate) mod memory_keychain;
pub(crate) mod process;
pub(crate) mod reached;

use std::path::Path;
use std::sync::Arc;

use beeminder_withings_sync::accounts::sign_in::SignInError;
use beeminder_withings_sync::app::{Added, App, Attempt, Connected, Since};
use beeminder_withings_sync::domain::callback_way::CallbackWay;
use beeminder_withings_sync::domain::goal::GoalSlug;
use beeminder_withings_sync::domain::link::Feed;
use beeminder_withings_sync::domain::link::Options;
use beeminder_withings_sync::domain::measure::kind::MeasureKind;
use beeminder_withings_sync::domain::measure::measure_set::MeasureSet;
use beeminder_withings_sync::domain::measure::take::Take;
use beeminder_withings_sync::domain::measure::unit::Unit;
use beeminder_withings_sync::domain::problem_code::ProblemCode;
use beeminder_withings_sync::domain::service::Service;
use beeminder_withings_sync::platform::data_dir::DataDir;
use beeminder_withings_sync::platform::environment::Endpoints;
use beeminder_withings_sync::sandbox::clock::Clock;
use beeminder_withings_sync::sandbox::datapoints::Datapoint;
use beeminder_withings_sync::sandbox::faults::Fault;
use beeminder_withings_sync::sandbox::{Sandbox, World, beeminder, withings};
use beeminder_withings_sync::services::withings::Application;
use beeminder_withings_sync::store;
use beeminder_withings_sync::store::history::Filter;
use beeminder_withings_sync::sync::{SyncReport, Trigger};
use beeminder_withings_sync::view::pages::ChartLook;
use chrono::{DateTime, TimeDelta, Utc};
use tempfile::TempDir;
use tokio_util::sync::CancellationToken;
use url::Url;

pub(crate) use crash::{CrashAfter, beside, meanwhile};
pub(crate) use logs::Logs;
pub(crate) use memory_keychain::MemoryKeychain;

/// When stories begin: a Monday, 07:00 in Paris.
pub(crate) fn monday() -> DateTime<Utc> {
    "2026-11-23T06:00:00Z".parse().unwrap()
}

pub(crate) struct TestApp {
    pub(crate) sandbox: Sandbox,
    pub(crate) keychain: Arc<MemoryKeychain>,
    pub(crate) now: DateTime<Utc>,
    app: Option<App>,
    dir: TempDir,
    logs: Logs,
    pending: u64,
}

impl TestApp {
    /// Nothing connected yet.
    pub(crate) async fn new() -> TestApp {
        let logs = Logs::listen();
        let now = monday();
        let sandbox = Sandbox::start(0, World::new(Clock::Still(now))).await.unwrap();
        let (dir, keychain) = (TempDir::new().unwrap(), Arc::new(MemoryKeychain::default()));
        let mut test = TestApp { sandbox, keychain, now, app: None, dir, logs, pending: 0 };
        test.restart();
        test
    }

    /// Both accounts connected through the browser.
    pub(crate) async fn connected() -> TestApp {
        let test = TestApp::new().await;
        test.connect_withings().await.unwrap();
        test.connect_beeminder().await.unwrap();
        test
    }

    /// Connected, and every weight goes to the goal `weight`.
    pub(crate) async fn weighing() -> TestApp {
        let test = TestApp::connected().await;
        test.link("weight", track(MeasureKind::WEIGHT)).await;
        test
    }

    pub(crate) fn app(&self) -> &App {
        self.app.as_ref().unwrap()
    }

    pub(crate) fn path(&self) -> &Path {
        self.dir.path()
    }

    pub(crate) fn world(&self) -> std::sync::MutexGuard<'_, World> {
        self.sandbox.world()
    }

    pub(crate) fn endpoints(&self) -> Endpoints {
        let url = self.sandbox.url();
        Endpoints { withings_api: url.clone(), withings_account: url.clone(), beeminder: url }
    }

    /// Starts the program again over the same folder and keychain.
    pub(crate) fn restart(&mut self) {
        self.app = None;
        self.app = Some(self.another().unwrap());
    }

    /// Ends the program, as before something happens to its files.
    pub(crate) fn quit(&mut self) {
        self.app = None;
    }

    /// A second program over the same folder and keychain.
    pub(crate) fn another(&self) -> anyhow::Result<App> {
        let dir = DataDir::open(self.path()).unwrap();
        App::with_keychain(self.endpoints(), dir, self.keychain.clone(), self.now)
    }

    /// A program on another computer: its own folder and keychain, the same accounts.
    pub(crate) async fn other_computer(&self) -> (App, TempDir) {
        let dir = TempDir::new().unwrap();
        let keychain = Arc::new(MemoryKeychain::default());
        let app =
            App::with_keychain(self.endpoints(), DataDir::open(dir.path()).unwrap(), keychain, self.now)
                .unwrap();
        sign_in_to_withings(&app, self.now).await;
        app.connect_beeminder_token(beeminder::PERSONAL_TOKEN.into(), self.now).await.unwrap();
        (app, dir)
    }

    pub(crate) async fn begin_withings(&self) -> Attempt {
        self.app().begin_withings(application(), CallbackWay::Loopback, self.now).await.unwrap()
    }

    pub(crate) async fn connect_withings(&self) -> Result<Connected, SignInError> {
        let attempt = self.begin_withings().await;
        self.app().finish(&attempt, &agree(&attempt.authorize_url).await, self.now).await
    }

    pub(crate) async fn connect_beeminder(&self) -> Result<Connected, SignInError> {
        let attempt = self.app().begin_beeminder(beeminder::CLIENT_ID, CallbackWay::Scheme, self.now).await?;
        self.app().finish(&attempt, &agree(&attempt.authorize_url).await, self.now).await
    }

    /// Links from now on.
    pub(crate) async fn link(&self, goal: &str, feed: Feed) -> Added {
        self.app()
            .add_link(&GoalSlug(goal.into()), feed, Options::default(), Since::Now, self.now)
            .await
            .unwrap()
    }

    /// Links from a day on.
    pub(crate) async fn link_since(&self, goal: &str, feed: Feed, day: &str) -> Added {
        let since = Since::Day(day.parse().unwrap());
        self.app().add_link(&GoalSlug(goal.into()), feed, Options::default(), since, self.now).await.unwrap()
    }

    /// Lets time pass, here and at the services.
    pub(crate) fn advance(&mut self, by: TimeDelta) {
        self.now += by;
        self.world().clock.advance(by);
    }

    pub(crate) fn weigh_in(&self, kilograms: f64) -> i64 {
        let now = self.now;
        self.world().withings.weigh_in(kilograms, now)
    }

    /// A pass asked for by hand.
    pub(crate) async fn sync(&self) -> SyncReport {
        self.pass(Trigger::Hand).await
    }

    pub(crate) async fn pass(&self, trigger: Trigger) -> SyncReport {
        self.app().sync(trigger, self.now, &CancellationToken::new()).await.unwrap()
    }

    /// A pass with one fault, and how it ended.
    pub(crate) async fn sync_with(&self, service: Service, path: &'static str, fault: Fault) -> SyncReport {
        self.world().faults.next(service, path, fault);
        self.sync().await
    }

    /// What a goal has at Beeminder, oldest first.
    pub(crate) fn at_beeminder(&self, goal: &str) -> Vec<Datapoint> {
        let mut datapoints = self.world().beeminder.datapoints(goal).clone();
        datapoints.sort_by_key(|datapoint| datapoint.timestamp);
        datapoints
    }

    pub(crate) fn values(&self, goal: &str) -> Vec<f64> {
        self.at_beeminder(goal).iter().map(|datapoint| datapoint.value).collect()
    }

    pub(crate) fn outbox(&self) -> Vec<store::outbox::OutboxEntry> {
        self.app().store.read(store::outbox::load_all).unwrap()
    }

    pub(crate) fn history(&self) -> Vec<store::history::HistoryRow> {
        self.app().store.read(|conn| store::history::load(conn, &Filter::default(), 10_000)).unwrap()
    }

    /// The test knows that this many datapoints are left unsent.
    pub(crate) fn expect_pending(&mut self, count: u64) {
        self.pending = count;
    }

    /// The test knows that a warning with these words is logged.
    pub(crate) fn expect_warning(&self, words: &'static str) {
        self.logs.expect(words);
    }
}

impl Drop for TestApp {
    fn drop(&mut self) {
        if std::thread::panicking() {
            return;
        }
        if let Some(app) = &self.app {
            let (pending, parked) = app.store.read(store::outbox::counts).unwrap();
            assert_eq!(pending + parked, self.pending, "datapoints left in the outbox");
        }
        self.logs.assert_expected();
    }
}

/// Signs in through the browser.
pub(crate) async fn sign_in_to_withings(app: &App, now: DateTime<Utc>) {
    let attempt = app.begin_withings(application(), CallbackWay::Loopback, now).await.unwrap();
    app.finish(&attempt, &agree(&attempt.authorize_url).await, now).await.unwrap();
}

pub(crate) fn application() -> Application {
    Application { client_id: withings::CLIENT_ID.into(), secret: withings::CLIENT_SECRET.into() }
}

/// How charts are to look.
pub(crate) const LOOK: ChartLook = ChartLook { dark: false, width: 600 };

pub(crate) fn track(kind: MeasureKind) -> Feed {
    Feed::Track { kind, unit: kind.unit(), take: kind.day_take() }
}

pub(crate) fn take(kind: MeasureKind, take: Take) -> Feed {
    Feed::Track { kind, unit: kind.unit(), take }
}

pub(crate) fn pounds() -> Feed {
    Feed::Track { kind: MeasureKind::WEIGHT, unit: Unit::Pound, take: Take::Every }
}

pub(crate) fn count(set: MeasureSet) -> Feed {
    Feed::Count { set, once_a_day: false }
}

pub(crate) fn codes(report: &SyncReport) -> Vec<ProblemCode> {
    report.attention.iter().map(|item| item.code).collect()
}

/// Agrees on a consent page, as a browser would, and returns where it leads.
pub(crate) async fn agree(authorize_url: &Url) -> String {
    decide(authorize_url, &[("decision", "agree")]).await
}

/// Submits a consent page and returns where it leads.
pub(crate) async fn decide(authorize_url: &Url, fields: &[(&str, &str)]) -> String {
    let browser = reqwest::Client::builder().redirect(reqwest::redirect::Policy::none()).build().unwrap();
    let shown = browser.get(authorize_url.clone()).send().await.unwrap();
    assert!(shown.status().is_success(), "the consent page: {}", shown.text().await.unwrap());
    let mut form: Vec<(String, String)> = authorize_url.query_pairs().into_owned().collect();
    form.extend(fields.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())));
    let mut page = authorize_url.clone();
    page.set_query(None);
    let answer = browser.post(page).form(&form).send().await.unwrap();
    answer.headers()["location"].to_str().unwrap().to_owned()
}

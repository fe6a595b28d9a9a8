//! The window's frame and its overview page.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use serde::Serialize;

use crate::app::{App, BEEMINDER_CLIENT_ID};
use crate::domain::callback_way::CallbackWay;
use crate::domain::incident::Preferences;
use crate::domain::service::Service;
use crate::domain::settings::Settings;
use crate::store;
use crate::store::history::Filter;
use crate::view::agent_state::AgentState;
use crate::view::first::{FirstDatapoint, first_datapoint};
use crate::view::ledger::LedgerRow;
use crate::view::overview::{Overview, overview};
use crate::view::pages::Card;
use crate::view::pages::links::cards;
use crate::view::problems::{ProblemKind, problems};
use crate::view::subscriptions::Notifications;

/// So many rows are looked at: one step on a scale may make a dozen, under each of several goals.
const MOST_ROWS: u32 = 60;

/// What the window shows.
#[derive(Debug, Serialize)]
pub struct View {
    /// What the overview page shows.
    pub overview: Overview,
    /// What the agent told last; `None` while it does not run.
    pub agent: Option<AgentState>,
    /// Whether the services are stand-ins.
    pub sandbox: bool,
    /// The links, the one whose goal derails first in front.
    pub links: Vec<Card>,
    /// The latest reading, under each link that is about it.
    pub latest: Vec<LedgerRow>,
    /// How the user wants to be notified.
    pub notifications: Preferences,
    /// Whether and how Withings notifies this program.
    pub told: Notifications,
    /// What else the user chose.
    pub settings: Settings,
    /// Whether the first-run guide was finished, or left for good.
    pub guided: bool,
    /// The first datapoint, while the user waits for it.
    pub first: Option<FirstDatapoint>,
    /// Which version of the program this is.
    pub version: &'static str,
    /// The client id of the Withings application whose secret the keychain keeps.
    pub client_id: Option<String>,
    /// Whether this build has a Beeminder application of its own.
    pub has_beeminder_application: bool,
    /// How urgent each problem is and what helps, by its name.
    pub problems: BTreeMap<&'static str, ProblemKind>,
    /// The addresses to register at Withings and Beeminder.
    pub callbacks: Callbacks,
}

/// The addresses to register, to the letter.
#[derive(Debug, Serialize)]
pub struct Callbacks {
    withings: Ways,
    beeminder: Ways,
}

/// The address for each way back.
#[derive(Debug, Serialize)]
struct Ways {
    loopback: String,
    scheme: String,
}

impl App {
    /// Puts together what the window shows around and on its overview. `agent` is what the agent last told,
    /// where it runs.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub fn window(
        &self,
        agent: Option<AgentState>,
        sandbox: bool,
        now: DateTime<Utc>,
    ) -> anyhow::Result<View> {
        let (mut overview, links, latest, notifications, settings, guided, client_id, first) =
            self.store.read(|conn| {
                Ok((
                    overview(conn, now)?,
                    cards(conn, sandbox)?,
                    latest(conn)?,
                    store::setting::preferences(conn)?,
                    store::setting::settings(conn)?,
                    store::setting::is_guided(conn)?,
                    store::setting::client_id(conn)?,
                    first_datapoint(conn, now)?,
                ))
            })?;
        if let Some(due) = agent.as_ref().and_then(|agent| agent.due) {
            overview.next = due;
        }
        Ok(View {
            overview,
            agent,
            sandbox,
            links,
            latest,
            notifications,
            told: self.store.read(crate::view::subscriptions::notifications)?,
            settings,
            guided,
            client_id,
            first,
            version: env!("CARGO_PKG_VERSION"),
            has_beeminder_application: BEEMINDER_CLIENT_ID.is_some(),
            problems: problems(),
            callbacks: Callbacks {
                withings: addresses(Service::Withings),
                beeminder: addresses(Service::Beeminder),
            },
        })
    }

    /// Notes that the first-run guide was finished, or left for good.
    ///
    /// # Errors
    /// When the store cannot be written.
    pub fn leave_guide(&self) -> anyhow::Result<()> {
        self.store.write(store::setting::save_guided)
    }
}

/// The rows of the latest reading that a goal is about, or of the latest at all where no goal is.
fn latest(conn: &store::Connection) -> anyhow::Result<Vec<LedgerRow>> {
    let (links, units) = (store::link::load_all(conn)?, store::setting::settings(conn)?.units);
    let rows = store::history::load(conn, &Filter::default(), MOST_ROWS)?;
    let linked = rows.iter().find(|row| row.outcome.is_some()).or(rows.first());
    let at = linked.map(|row| (row.group.measured_at, row.outcome.is_some()));
    let of_it = rows.into_iter().filter(|row| Some((row.group.measured_at, row.outcome.is_some())) == at);
    Ok(of_it.map(|row| LedgerRow::new(row, &links, units)).collect())
}

fn addresses(service: Service) -> Ways {
    Ways {
        loopback: CallbackWay::Loopback.redirect_uri(service),
        scheme: CallbackWay::Scheme.redirect_uri(service),
    }
}

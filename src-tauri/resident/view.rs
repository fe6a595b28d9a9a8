//! What the window shows.

use serde::Serialize;
use url::Url;

use super::Resident;
use crate::accounts::Service;
use crate::accounts::callback::CallbackWay;
use crate::app::BEEMINDER_CLIENT_ID;
use crate::clock;
use crate::notification::Preferences;
use crate::overview::Overview;
use crate::store;

/// What the window shows.
#[derive(Debug, Serialize)]
pub struct View {
    /// How things are.
    pub overview: Overview,
    /// Whether a pass is being made.
    pub syncing: bool,
    /// Why nothing works, if so.
    pub failure: Option<String>,
    /// The sign-in in flight, or how it failed.
    pub sign_in: SignInView,
    /// Whether the services are stand-ins.
    pub sandbox: bool,
    /// How the user wants to be notified.
    pub notifications: Preferences,
    /// Whether this build has a Beeminder application of its own.
    pub has_beeminder_application: bool,
    /// The addresses to register at Withings and Beeminder.
    pub callbacks: Callbacks,
}

/// The sign-in in flight, or how the last one failed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(tag = "state", rename_all = "lowercase")]
pub enum SignInView {
    /// Nobody signs in.
    None,
    /// The browser is open.
    Waiting {
        /// Where.
        service: Service,
        /// The consent page.
        authorize_url: Url,
    },
    /// It came to nothing.
    Failed {
        /// Where.
        service: Service,
        /// Why.
        message: String,
    },
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

impl Resident {
    /// Puts together what the window shows.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub fn view(&self) -> anyhow::Result<View> {
        let overview = self.overview(clock::now())?;
        let notifications = self.app.store.read(store::setting::preferences)?;
        let state = self.state();
        Ok(View {
            overview,
            syncing: state.syncing,
            failure: state.failure.clone(),
            sign_in: self.sign_ins.view(),
            sandbox: state.sandbox,
            notifications,
            has_beeminder_application: BEEMINDER_CLIENT_ID.is_some(),
            callbacks: Callbacks {
                withings: addresses(Service::Withings),
                beeminder: addresses(Service::Beeminder),
            },
        })
    }

    /// Sets how the user wants to be notified.
    ///
    /// # Errors
    /// When the store cannot be written.
    pub fn set_notifications(&self, preferences: Preferences) -> anyhow::Result<()> {
        self.app.store.write(|rows| store::setting::save_preferences(rows, preferences))?;
        self.refresh();
        Ok(())
    }
}

fn addresses(service: Service) -> Ways {
    Ways {
        loopback: CallbackWay::Loopback.redirect_uri(service),
        scheme: CallbackWay::Scheme.redirect_uri(service),
    }
}

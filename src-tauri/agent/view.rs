//! What the window shows.

use serde::Serialize;
use url::Url;

use crate::agent::Resident;
use crate::app::BEEMINDER_CLIENT_ID;
use crate::domain::callback_way::CallbackWay;
use crate::domain::incident::Preferences;
use crate::domain::service::Service;
use crate::domain::settings::{SettingChange, Settings};
use crate::platform::clock;
use crate::store;
use crate::text::Explained;
use crate::view::overview::Overview;
use crate::view::pages;
use crate::view::pages::Card;

/// What the window shows.
#[derive(Debug, Serialize)]
pub struct View {
    /// How things are.
    pub overview: Overview,
    /// Whether a pass is being made.
    pub syncing: bool,
    /// Why nothing works, if so.
    pub failure: Option<Explained>,
    /// The sign-in in flight, or how it failed.
    pub sign_in: SignInView,
    /// Whether the services are stand-ins.
    pub sandbox: bool,
    /// The links, the one whose goal derails first in front.
    pub links: Vec<Card>,
    /// How the user wants to be notified.
    pub notifications: Preferences,
    /// What else the user chose.
    pub settings: Settings,
    /// Whether the first-run guide was finished, or left for good.
    pub guided: bool,
    /// Which version of the program this is.
    pub version: &'static str,
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
        why: Explained,
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
        let state = self.state();
        let (links, notifications, settings, guided) = self.app.store.read(|rows| {
            Ok((
                pages::cards(rows, state.sandbox)?,
                store::setting::preferences(rows)?,
                store::setting::settings(rows)?,
                store::setting::is_guided(rows)?,
            ))
        })?;
        Ok(View {
            overview,
            syncing: state.syncing,
            failure: state.failure.clone(),
            sign_in: self.sign_ins.view(),
            sandbox: state.sandbox,
            links,
            notifications,
            settings,
            guided,
            version: env!("CARGO_PKG_VERSION"),
            has_beeminder_application: BEEMINDER_CLIENT_ID.is_some(),
            callbacks: Callbacks {
                withings: addresses(Service::Withings),
                beeminder: addresses(Service::Beeminder),
            },
        })
    }

    /// Changes one of the settings; it counts at once.
    ///
    /// # Errors
    /// When it is out of range.
    pub fn change_setting(&self, change: SettingChange) -> anyhow::Result<()> {
        self.app.change_setting(change)?;
        self.polling.reckon_again(&self.app)?;
        self.refresh();
        Ok(())
    }

    /// Notes that the first-run guide was finished, or left for good.
    ///
    /// # Errors
    /// When the store cannot be written.
    pub fn leave_guide(&self) -> anyhow::Result<()> {
        self.app.store.write(store::setting::save_guided)?;
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

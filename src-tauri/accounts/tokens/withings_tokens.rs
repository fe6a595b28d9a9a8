//! Withings' pair of tokens, with the application whose secret renews it.

use chrono::{DateTime, TimeDelta, Utc};
use secrecy::{ExposeSecret, SecretString};

use crate::services::withings::{Application, TokenGrant};

/// What the keychain holds for Withings.
#[derive(Clone)]
pub struct WithingsTokens {
    /// The user's own application at Withings, whose secret renews the token.
    pub application: Application,
    pub(super) access_token: SecretString,
    pub(super) refresh_token: SecretString,
    pub(super) expires_at: DateTime<Utc>,
    /// Withings' `userid`: whose measurements these tokens open.
    pub user_id: String,
}

impl WithingsTokens {
    /// Puts together what a sign-in brought. `None` when it does not say whose tokens these are.
    pub fn from_sign_in(
        application: Application,
        grant: TokenGrant,
        now: DateTime<Utc>,
    ) -> Option<WithingsTokens> {
        let user_id = grant.user_id.clone()?;
        Some(WithingsTokens::from_grant(application, grant, user_id, now))
    }

    /// The pair that a renewal brought; what it leaves out is carried forward.
    pub(super) fn renewed(&self, grant: TokenGrant, now: DateTime<Utc>) -> WithingsTokens {
        WithingsTokens::from_grant(self.application.clone(), grant, self.user_id.clone(), now)
    }

    fn from_grant(
        application: Application,
        grant: TokenGrant,
        user_id: String,
        now: DateTime<Utc>,
    ) -> WithingsTokens {
        let expires_at = now + TimeDelta::seconds(grant.expires_in);
        let TokenGrant { access_token, refresh_token, .. } = grant;
        WithingsTokens { application, access_token, refresh_token, expires_at, user_id }
    }

    /// Whether the access token can be used. An end more than a day away comes from a clock that was
    /// wrong then or is wrong now.
    pub(super) fn is_fresh(
        &self,
        refused: Option<&SecretString>,
        margin: TimeDelta,
        now: DateTime<Utc>,
    ) -> bool {
        let left = self.expires_at - now;
        let was_refused =
            refused.is_some_and(|token| token.expose_secret() == self.access_token.expose_secret());
        !was_refused && left > margin && left <= TimeDelta::days(1)
    }
}

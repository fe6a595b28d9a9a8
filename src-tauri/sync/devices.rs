//! Reads when the user's devices last reached Withings, once a day, where the user shares it: the one way
//! to tell a scale that does not upload from a person who does not measure.

use chrono::TimeDelta;

use super::SyncPass;
use super::step_error::StepError;
use super::trouble::Trouble;
use crate::accounts::scope;
use crate::domain::problem_code::ProblemCode;
use crate::domain::service::Service;
use crate::services::withings::oauth;
use crate::store::doubt::{self, About, Answer};
use crate::store::{Connection, account, device};

/// A battery does not run out faster.
const STALE: TimeDelta = TimeDelta::hours(24);

/// Whether the user shares them.
pub(super) fn are_shared(conn: &Connection) -> anyhow::Result<bool> {
    let account = account::load(conn, Service::Withings)?;
    Ok(account.is_some_and(|account| scope::has(&account.scope, oauth::DEVICES)))
}

/// Reads them if it is time to, and says whether it did.
pub(super) async fn read_if_due(pass: &SyncPass<'_>) -> Result<bool, StepError> {
    let (shared, read_at) = pass.store.read(|conn| Ok((are_shared(conn)?, device::read_at(conn)?)))?;
    let fresh = read_at.is_some_and(|at| at <= pass.now && pass.now - at < STALE);
    if !shared || fresh {
        return Ok(false);
    }
    let token = pass.tokens.withings(pass.withings, None, pass.now).await?;
    match pass.withings.devices(&token).await {
        Ok(devices) => {
            pass.store.write(|conn| {
                doubt::forget(conn, About::Devices)?;
                device::save_all(conn, &devices, pass.now)
            })?;
            Ok(true)
        }
        Err(error) => {
            let trouble = Trouble::from(error);
            if trouble.code != ProblemCode::NotAllowed {
                return Err(trouble.into());
            }
            let now = pass.withings.server_time().unwrap_or(pass.now);
            pass.store.write(|conn| {
                let believed = doubt::note(conn, About::Devices, Answer::Refused, now)?.is_believed();
                if believed { scope::forget(conn, oauth::DEVICES) } else { Ok(()) }
            })?;
            Ok(false)
        }
    }
}

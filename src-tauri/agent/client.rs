//! The agent as a window or a further start sees it.

use serde::de::DeserializeOwned;

use crate::agent::protocol::{AgentRequest, Event, Refusal};
use crate::app::UserError;
use crate::platform::data_dir::DataDir;
use crate::platform::ipc;
use crate::platform::ipc::{Answers, Endpoint};

/// The agent over one data directory.
#[derive(Debug, Clone)]
pub struct AgentClient {
    dir: DataDir,
}

impl AgentClient {
    /// The agent over `dir`.
    pub fn new(dir: DataDir) -> AgentClient {
        AgentClient { dir }
    }

    /// Asks for something and waits until it is done.
    ///
    /// # Errors
    /// Why it came to nothing; also when no agent runs, or one that does not answer.
    pub async fn ask<T: DeserializeOwned>(&self, request: &AgentRequest) -> Result<T, Refusal> {
        match self.try_ask(request).await? {
            Some(answer) => Ok(answer),
            None => Err(anyhow::Error::from(UserError::new("no_agent", [])).into()),
        }
    }

    /// Asks for something if an agent runs.
    ///
    /// # Errors
    /// Why it came to nothing; also when the agent does not answer.
    pub async fn try_ask<T: DeserializeOwned>(&self, request: &AgentRequest) -> Result<Option<T>, Refusal> {
        let line = serde_json::to_string(request).map_err(anyhow::Error::from)?;
        let Some(answer) = ipc::ask(&self.dir, Endpoint::Agent, &line).await? else {
            return Ok(None);
        };
        let outcome: Result<T, Refusal> = ipc::read_outcome(&answer)?;
        outcome.map(Some)
    }

    /// Watches what the agent does; `None` when none runs.
    ///
    /// # Errors
    /// When it does not answer.
    pub async fn watch(&self) -> anyhow::Result<Option<Watch>> {
        let line = serde_json::to_string(&AgentRequest::Watch)?;
        let answers = ipc::watch(&self.dir, Endpoint::Agent, &line).await?;
        Ok(answers.map(|answers| Watch { answers }))
    }
}

/// What the agent tells, as it happens.
#[derive(Debug)]
pub struct Watch {
    answers: Answers,
}

impl Watch {
    /// Waits for the next event. `None` when the agent has ended; one that this version does not know is
    /// passed over.
    ///
    /// # Errors
    /// When the agent is silent.
    pub async fn next(&mut self) -> anyhow::Result<Option<Event>> {
        while let Some(line) = self.answers.next().await? {
            match serde_json::from_str(&line) {
                Ok(event) => return Ok(Some(event)),
                Err(error) => tracing::warn!("The agent told something unknown: {error}"),
            }
        }
        Ok(None)
    }
}

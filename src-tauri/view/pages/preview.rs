//! The preview of a link, as the window shows it beside the link's form.

use chrono::{DateTime, NaiveDate, Timelike, Utc};
use serde::Serialize;

use crate::app::{App, Preview};
use crate::domain::link::LinkId;
use crate::domain::measure::kind::Source;
use crate::domain::plan::Decision;
use crate::text::{Explained, Message};
use crate::view::pages::{Chart, ChartLook, LinkForm};

/// What a link would send.
#[derive(Debug, Serialize)]
pub struct PreviewView {
    /// The datapoints, newest first.
    datapoints: Vec<PreviewLine>,
    /// What would not be sent, newest first.
    kept_out: Vec<KeptOut>,
    misfits: Vec<Message>,
    /// Why the newest measurements may be missing.
    trouble: Option<Explained>,
    /// What was measured today, which can be sent as well.
    today: Option<Today>,
    chart: Chart,
}

/// A reading of today that a new link would leave out, as it sends from now on.
#[derive(Debug, Serialize)]
struct Today {
    value: String,
    unit: &'static str,
    /// Whether it was measured before noon.
    morning: bool,
}

#[derive(Debug, Serialize)]
struct PreviewLine {
    day: NaiveDate,
    value: String,
    comment: String,
}

#[derive(Debug, Serialize)]
struct KeptOut {
    measured_at: DateTime<Utc>,
    reason: &'static str,
}

/// How many days a preview goes back.
const DAYS: u64 = 30;

impl App {
    /// What a link filled in like this would send for the last 30 days.
    ///
    /// # Errors
    /// When the form makes no sense, or the goal cannot be read.
    pub async fn preview_form(
        &self,
        form: &LinkForm,
        look: ChartLook,
        now: DateTime<Utc>,
    ) -> anyhow::Result<PreviewView> {
        let (link, options) = (form.link.map(LinkId), form.options.clone());
        let preview = self.preview_of(link, &form.slug(), form.feed()?, options, DAYS, now).await?;
        let plan = &preview.plan;
        let chart = self.chart_of_preview(&preview, look, now).await?;
        let datapoints = plan.datapoints.iter().rev().map(|datapoint| PreviewLine {
            day: datapoint.day(preview.rule).0,
            value: datapoint.value.to_string(),
            comment: datapoint.comment.clone(),
        });
        let kept_out = plan.decisions.iter().rev().filter(|decision| decision.request_id.is_none());
        let kept_out = kept_out
            .map(|decision| KeptOut { measured_at: decision.measured_at, reason: decision.reason.code() });
        Ok(PreviewView {
            datapoints: datapoints.collect(),
            kept_out: kept_out.collect(),
            misfits: preview.misfits.iter().map(Message::from).collect(),
            trouble: preview.trouble.clone(),
            today: link.is_none().then(|| today(&preview)).flatten(),
            chart,
        })
    }
}

/// The latest of today's datapoints, where it is of moments: days are sent as a whole anyway.
fn today(preview: &Preview) -> Option<Today> {
    let Preview { goal, feed, rule, today, plan, .. } = preview;
    let is_refused = goal.first_day(*rule).is_some_and(|first| first > *today);
    if feed.source() != Source::Measure || is_refused {
        return None;
    }
    let datapoint = plan.datapoints.iter().rfind(|datapoint| datapoint.day(*rule) == *today)?;
    let is_in_it = |decision: &&Decision| decision.request_id.as_ref() == Some(&datapoint.request_id);
    let decision = plan.decisions.iter().rfind(is_in_it)?;
    Some(Today {
        value: datapoint.value.to_string(),
        unit: feed.unit(),
        morning: decision.measured_at.with_timezone(&decision.zone).hour() < 12,
    })
}

//! Changing a link in mid-goal: shown first, then done as the user says, to what is ours alone.

use beeminder_withings_sync::app::Existing;
use beeminder_withings_sync::domain::link::{Link, LinkId, Options};
use beeminder_withings_sync::domain::measure::kind::MeasureKind;
use beeminder_withings_sync::domain::measure::take::Take;
use chrono::TimeDelta;

use super::support::{TestApp, pounds, take, track};

/// Three days, two weigh-ins each, all sent, and a point of somebody else's.
async fn weighed() -> TestApp {
    let mut test = TestApp::weighing().await;
    for _ in 0..3 {
        test.weigh_in(82.0);
        test.advance(TimeDelta::hours(6));
        test.weigh_in(83.0);
        test.sync().await;
        test.advance(TimeDelta::hours(18));
    }
    let mut foreign = test.world().beeminder.datapoints("weight")[0].clone();
    foreign.id = "f0".into();
    foreign.requestid = Some("ifttt-1".into());
    test.world().beeminder.datapoints("weight").push(foreign);
    test
}

fn ours(test: &TestApp) -> Vec<f64> {
    let ours = |d: &beeminder_withings_sync::sandbox::datapoints::Datapoint| d.id != "f0";
    test.at_beeminder("weight").into_iter().filter(ours).map(|d| d.value).collect()
}

fn only_link(test: &TestApp) -> Link {
    let links = test.app().links().unwrap();
    assert_eq!(links.len(), 1);
    links[0].clone()
}

#[tokio::test]
async fn what_a_change_does_is_shown_before_it_is_done_and_looking_changes_nothing() {
    let test = weighed().await;
    test.sync().await;
    let (unit, daily) = (pounds(), take(MeasureKind::WEIGHT, Take::Min));
    for (feed, counts) in
        [(track(MeasureKind::WEIGHT), (0, 0, 0, 6)), (unit, (0, 6, 0, 0)), (daily, (3, 0, 6, 0))]
    {
        let change = test.app().preview_change(LinkId(1), &feed, &Options::default(), test.now).unwrap();
        let found = (change.added.len(), change.updated.len(), change.unwanted.len(), change.same);
        assert_eq!(found, counts, "{feed}");
    }
    assert_eq!(test.sync().await.requests.beeminder, 0);
}

#[tokio::test]
async fn another_unit_updates_what_is_there() {
    let test = weighed().await;
    let options = Options::default();
    test.app().change_link(LinkId(1), &pounds(), &options, Existing::Update, test.now).await.unwrap();
    assert_eq!(test.sync().await.delivered, 6);
    assert_eq!(ours(&test), [180.8, 183.0, 180.8, 183.0, 180.8, 183.0]);
    assert_eq!(only_link(&test).id, LinkId(1));
    assert_eq!(test.sync().await.requests.beeminder, 0);
}

#[tokio::test]
async fn another_way_to_take_a_day_replaces_what_is_there_and_touches_nothing_foreign() {
    let test = weighed().await;
    let (feed, options) = (take(MeasureKind::WEIGHT, Take::Min), Options::default());
    test.app().change_link(LinkId(1), &feed, &options, Existing::Update, test.now).await.unwrap();
    test.sync().await;
    assert_eq!(ours(&test), [82.0, 82.0, 82.0]);
    assert_eq!(test.values("weight").len(), 4, "the foreign one is still there");
}

#[tokio::test]
async fn options_that_leave_something_out_take_it_back() {
    let test = weighed().await;
    let options = Options { until_time: Some("10:00:00".parse().unwrap()), ..Options::default() };
    test.app()
        .change_link(LinkId(1), &track(MeasureKind::WEIGHT), &options, Existing::Update, test.now)
        .await
        .unwrap();
    test.sync().await;
    assert_eq!(ours(&test), [82.0, 82.0, 82.0]);
}

#[tokio::test]
async fn a_change_takes_away_nothing_that_its_preview_did_not_show() {
    let mut test = TestApp::weighing().await;
    let gone = test.weigh_in(80.0);
    test.advance(TimeDelta::minutes(5));
    test.weigh_in(81.0);
    test.sync().await;
    test.advance(TimeDelta::hours(25));
    test.world().withings.delete(gone);
    let (feed, options) =
        (track(MeasureKind::WEIGHT), Options { comment: Some("{device}".into()), ..Options::default() });
    let change = test.app().preview_change(LinkId(1), &feed, &options, test.now).unwrap();
    assert!(change.unwanted.is_empty());
    test.app().change_link(LinkId(1), &feed, &options, Existing::Update, test.now).await.unwrap();
    test.sync().await;
    assert_eq!(test.values("weight"), [80.0, 81.0]);
    assert_eq!(test.app().stale().unwrap().len(), 1, "the user is asked");
}

#[tokio::test]
async fn what_is_there_can_be_left_alone() {
    let mut test = weighed().await;
    let options = Options::default();
    test.app().change_link(LinkId(1), &pounds(), &options, Existing::Leave, test.now).await.unwrap();
    assert_eq!(only_link(&test).id, LinkId(2));
    test.advance(TimeDelta::hours(1));
    test.weigh_in(80.0);
    test.sync().await;
    assert_eq!(ours(&test), [82.0, 83.0, 82.0, 83.0, 82.0, 83.0, 176.4]);
}

#[tokio::test]
async fn what_is_there_can_be_removed_with_the_change_or_with_the_link() {
    let mut test = weighed().await;
    let options = Options::default();
    test.app().change_link(LinkId(1), &pounds(), &options, Existing::Remove, test.now).await.unwrap();
    test.sync().await;
    assert_eq!(ours(&test), [0.0; 0]);
    test.advance(TimeDelta::hours(1));
    test.weigh_in(80.0);
    test.sync().await;
    assert_eq!(ours(&test), [176.4]);
    assert_eq!(test.app().remove_link_with_datapoints(LinkId(2), test.now).unwrap(), 1);
    test.sync().await;
    assert_eq!(test.values("weight"), [82.0], "the foreign one");
}

#[tokio::test]
async fn a_change_that_makes_no_sense_or_meets_another_link_is_refused_in_words() {
    let test = weighed().await;
    test.link("weight", take(MeasureKind(6), Take::Min)).await;
    let change = async |feed, options: Options| {
        let refused = test.app().change_link(LinkId(1), &feed, &options, Existing::Update, test.now);
        refused.await.unwrap_err().to_string()
    };
    assert!(change(track(MeasureKind(6)), Options::default()).await.contains("fed so already, by link 2"));
    let comment = Options { comment: Some("#fat".into()), ..Options::default() };
    assert!(change(track(MeasureKind::WEIGHT), comment).await.contains("cannot have “#”"));
    let sorts = Options { categories: vec![2], ..Options::default() };
    assert!(change(track(MeasureKind::WEIGHT), sorts).await.contains("Only workouts have a type"));
    let decimals = Options { decimals: Some(7), ..Options::default() };
    assert!(change(track(MeasureKind::WEIGHT), decimals).await.contains("6 decimals at most"));
    assert!(
        change(track(MeasureKind(130)), Options::default()).await.contains("not a value that can be sent")
    );
    let missing = test.app().preview_change(LinkId(9), &pounds(), &Options::default(), test.now);
    assert!(missing.unwrap_err().to_string().contains("There is no link 9"));
}

#[tokio::test]
async fn a_datapoint_whose_answer_was_lost_is_removed_with_its_link_too() {
    use beeminder_withings_sync::domain::service::Service;
    use beeminder_withings_sync::sandbox::faults::Fault;

    let mut test = TestApp::weighing().await;
    test.weigh_in(82.0);
    test.expect_warning("cannot be reached");
    test.sync_with(Service::Beeminder, "datapoints", Fault::LoseAnswer).await;
    assert_eq!((test.values("weight"), test.outbox().len()), (vec![82.0], 1));
    assert_eq!(test.app().remove_link_with_datapoints(LinkId(1), test.now).unwrap(), 1);
    test.advance(TimeDelta::minutes(20));
    test.sync().await;
    assert_eq!((test.values("weight"), test.outbox().len()), (vec![], 0));
}

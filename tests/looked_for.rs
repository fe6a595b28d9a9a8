//! What a list lacks is looked for again, and not for ever.

use beeminder_withings_sync::sync::Trigger;
use chrono::TimeDelta;

use super::support::TestApp;
use super::support::goals::at;

/// What became of each weigh-in.
fn outcomes(test: &TestApp) -> Vec<String> {
    test.history().into_iter().filter_map(|row| row.outcome).map(|outcome| outcome.outcome).collect()
}

#[tokio::test]
async fn what_is_missing_on_its_last_day_of_the_comparison_is_looked_for_once_more() {
    let mut test = TestApp::weighing().await;
    at(&mut test, "2026-11-23T12:00:00Z");
    test.weigh_in(82.4);
    test.sync().await;
    at(&mut test, "2026-12-22T22:40:00Z");
    test.weigh_in(82.0);
    test.sync().await;
    test.world().beeminder.datapoints("weight").retain(|datapoint| datapoint.value != 82.4);
    at(&mut test, "2026-12-23T22:50:00Z");
    test.sync().await;
    at(&mut test, "2026-12-23T23:20:00Z");
    test.pass(Trigger::Timer).await;
    assert!(outcomes(&test).contains(&"deleted".into()), "{:?}", outcomes(&test));
    test.world().requests.clear();
    for _ in 0..8 {
        test.advance(TimeDelta::minutes(15));
        test.pass(Trigger::Timer).await;
    }
    let is_list = |request: &&String| request.contains("datapoints.json");
    assert_eq!(test.world().requests.iter().filter(is_list).count(), 0);
}

//! The stand-in for Withings: consent, tokens that rotate, measure groups in pages.

mod routes;

use std::collections::{BTreeMap, HashMap, VecDeque};

use axum::Json;
use chrono::{DateTime, TimeDelta, Utc};
use serde_json::{Value, json};

use super::days::Days;
use super::notify::Notifier;
use super::token;

pub(super) use routes::routes;

/// The client id of the sandbox's only application.
pub const CLIENT_ID: &str = "sandbox-client-id";
/// Its secret.
pub const CLIENT_SECRET: &str = "sandbox-client-secret";
/// The people who share the sandbox's scale: Withings' userid and a name.
pub const PEOPLE: [(&str, &str); 2] = [("10000001", "Alex"), ("10000002", "Sam")];

/// What Withings knows.
#[derive(Debug)]
pub struct Withings {
    people: HashMap<String, Person>,
    codes: HashMap<String, AuthorizationCode>,
    /// The account's time zone, as answers name it.
    pub time_zone: String,
    /// Groups a page; the real size is not documented.
    pub page_size: usize,
    /// The scopes that a consent grants, in place of those asked for.
    pub scope: Option<String>,
    /// Whether answers are empty although there is something, as when a membership has ended. Whether the
    /// real one answers so is not known.
    pub lapsed: bool,
    /// Whether a new sign-in leaves earlier ones alone, so that two computers can each have one. What the
    /// real one does is not known.
    pub keeps_grants: bool,
    /// How many requests are answered within a minute, of the world's clock; as many as come when not said.
    pub per_minute: Option<usize>,
    answered: VecDeque<DateTime<Utc>>,
    /// Whose grant a renewal brings, in place of the one that is renewed.
    pub renews_for: Option<String>,
    /// Whether a renewal says whose grant it is.
    pub tells_whose: bool,
    /// Who is told of changes.
    pub notify: Notifier,
    next_id: i64,
}

#[derive(Debug, Default)]
struct Person {
    groups: BTreeMap<i64, Value>,
    days: Days,
    grants: Vec<Grant>,
}

#[derive(Debug)]
struct Grant {
    scope: String,
    access: String,
    access_ends: DateTime<Utc>,
    refresh: String,
    /// The refresh token before, until when it still works; gone once the new access token is used.
    old_refresh: Option<(String, DateTime<Utc>)>,
}

#[derive(Debug)]
struct AuthorizationCode {
    person: String,
    scope: String,
    redirect_uri: String,
    issued_at: DateTime<Utc>,
}

impl Default for Withings {
    fn default() -> Withings {
        Withings {
            people: PEOPLE.iter().map(|(id, _)| ((*id).to_owned(), Person::default())).collect(),
            codes: HashMap::new(),
            time_zone: "Europe/Paris".into(),
            page_size: 200,
            scope: None,
            lapsed: false,
            keeps_grants: false,
            per_minute: None,
            answered: VecDeque::new(),
            renews_for: None,
            tells_whose: true,
            notify: Notifier::default(),
            next_id: 5_900_000_000,
        }
    }
}

impl Withings {
    /// Adds a group to the first person's measurements and returns its number. `grpid` is filled in when
    /// it is missing; `created` and `modified` when they are.
    pub fn add(&mut self, group: Value, now: DateTime<Utc>) -> i64 {
        self.add_for(PEOPLE[0].0, group, now)
    }

    /// The same for anyone.
    pub fn add_for(&mut self, person: &str, mut group: Value, now: DateTime<Utc>) -> i64 {
        self.next_id += 1;
        let defaults = json!({"grpid": self.next_id, "attrib": 0, "date": now.timestamp(), "created": now.timestamp(),
            "modified": now.timestamp(), "category": 1, "deviceid": "d0d0", "hash_deviceid": "d0d0",
            "modelid": 6, "model": "Body Cardio", "comment": null, "measures": []});
        if let (Some(group), Some(defaults)) = (group.as_object_mut(), defaults.as_object()) {
            for (key, value) in defaults {
                group.entry(key).or_insert_with(|| value.clone());
            }
        }
        let id = group["grpid"].as_i64().unwrap_or(self.next_id);
        self.notify.tell_of_group(person, &group, now);
        self.person(person).groups.insert(id, group);
        id
    }

    /// Steps on the scale: several groups with one moment, as a scale makes them.
    pub fn weigh_in(&mut self, kilograms: f64, now: DateTime<Utc>) -> i64 {
        #[expect(clippy::cast_possible_truncation, reason = "a person weighs less than 2^63 grams")]
        let grams = (kilograms * 1000.0).round() as i64;
        let id = self.add(
            json!({"measures": [
                {"value": grams, "type": 1, "unit": -3, "algo": 3, "fm": 131},
                {"value": 18_502, "type": 6, "unit": -3}]}),
            now,
        );
        self.add(json!({"measures": [{"value": 7200, "type": 11, "unit": -2}]}), now);
        self.add(json!({"attrib": 8, "measures": [{"value": 7200, "type": 91, "unit": -3}]}), now);
        id
    }

    /// Uses the cuff.
    pub fn blood_pressure(&mut self, systolic: i64, diastolic: i64, pulse: i64, now: DateTime<Utc>) -> i64 {
        self.add(
            json!({"model": "BPM Core", "modelid": 44, "measures": [
                {"value": diastolic, "type": 9, "unit": 0},
                {"value": systolic * 100, "type": 10, "unit": -2},
                {"value": pulse, "type": 11, "unit": 0}]}),
            now,
        )
    }

    /// Edits a group in the app.
    pub fn edit(&mut self, id: i64, now: DateTime<Utc>, change: impl FnOnce(&mut Value)) {
        if let Some(group) = self.person(PEOPLE[0].0).groups.get_mut(&id) {
            change(group);
            group["modified"] = json!(now.timestamp());
            let group = group.clone();
            self.notify.tell_of_group(PEOPLE[0].0, &group, now);
        }
    }

    /// Deletes a group in the app; it vanishes without a trace.
    pub fn delete(&mut self, id: i64) {
        if let Some(group) = self.person(PEOPLE[0].0).groups.remove(&id) {
            self.notify.tell_of_group(PEOPLE[0].0, &group, DateTime::UNIX_EPOCH);
        }
    }

    /// The groups of the first person.
    pub fn groups(&mut self) -> impl Iterator<Item = &Value> {
        self.person(PEOPLE[0].0).groups.values()
    }

    /// Ends everybody's grants, as when the user unlinks the application.
    pub fn revoke(&mut self) {
        for person in self.people.values_mut() {
            person.grants.clear();
        }
        self.notify.unlink();
    }

    /// Makes every access token run out.
    pub fn expire_access_tokens(&mut self) {
        for grant in self.people.values_mut().flat_map(|person| &mut person.grants) {
            grant.access_ends = DateTime::UNIX_EPOCH;
        }
    }

    /// The first person's days of activity, nights, workouts and devices.
    pub fn days(&mut self) -> &mut Days {
        &mut self.person(PEOPLE[0].0).days
    }

    /// Has everybody told whose days, nights and workouts have changed.
    pub(super) fn tell_of_days(&mut self, now: DateTime<Utc>) {
        for (id, person) in &mut self.people {
            for (appli, date) in std::mem::take(&mut person.days.changed) {
                self.notify.tell(id, appli, &[("date", date.to_string())], now);
            }
        }
    }

    /// Who may subscribe to a kind of change with an access token, or ask what they subscribed to.
    pub(super) fn may_subscribe(
        &mut self,
        access: &str,
        appli: Option<i64>,
        now: DateTime<Utc>,
    ) -> Result<String, Json<Value>> {
        if self.is_too_many(now) {
            return Err(refusal(601, "Too Many Requests"));
        }
        let holds = |person: &Person| person.grants.iter().any(|grant| grant.access == access);
        let id = self.people.iter().find(|(_, person)| holds(person)).map(|(id, _)| id.clone());
        let Some((id, (_, scope))) = id.zip(self.authorized(access, now)) else {
            return Err(refusal(
                401,
                "XRequestID: Not provided invalid_token: The access token provided is invalid",
            ));
        };
        let needed = match appli {
            Some(16 | 44) => "user.activity",
            Some(46) | None => return Ok(id),
            Some(_) => "user.metrics",
        };
        if scope.split(',').any(|one| one == needed) { Ok(id) } else { Err(refusal(277, "Unauthorized")) }
    }

    fn person(&mut self, id: &str) -> &mut Person {
        self.people.entry(id.to_owned()).or_default()
    }

    /// A code as the consent page makes one.
    fn issue_code(&mut self, person: &str, scope: &str, redirect_uri: &str, now: DateTime<Utc>) -> String {
        let code = token();
        let (person, redirect_uri) = (person.to_owned(), redirect_uri.to_owned());
        let scope = self.scope.clone().unwrap_or_else(|| scope.to_owned());
        self.codes.insert(code.clone(), AuthorizationCode { person, scope, redirect_uri, issued_at: now });
        code
    }

    fn exchange(&mut self, fields: &HashMap<String, String>, now: DateTime<Utc>) -> Option<Value> {
        let code = self.codes.remove(fields.get("code")?)?;
        let in_time = now - code.issued_at <= TimeDelta::seconds(30);
        if !in_time || fields.get("redirect_uri") != Some(&code.redirect_uri) {
            return None;
        }
        // A string here, a number at a refresh: so it is with the real ones.
        if !self.keeps_grants {
            self.person(&code.person).grants.clear();
        }
        Some(self.grant(&code.person.clone(), &json!(code.person), code.scope, None, now))
    }

    fn refresh(&mut self, refresh_token: &str, now: DateTime<Utc>) -> Option<Value> {
        let is_current = |grant: &Grant| {
            let old = grant.old_refresh.as_ref();
            grant.refresh == refresh_token
                || old.is_some_and(|(old, ends)| old == refresh_token && now < *ends)
        };
        let (id, place) = self.people.iter().find_map(|(id, person)| {
            person.grants.iter().position(is_current).map(|place| (id.clone(), place))
        })?;
        let scope = self.person(&id).grants.remove(place).scope;
        let id = self.renews_for.clone().unwrap_or(id);
        let number = id.parse::<i64>().map_or(json!(id), |number| json!(number));
        let number = if self.tells_whose { number } else { Value::Null };
        Some(self.grant(&id, &number, scope, Some(refresh_token.to_owned()), now))
    }

    fn grant(
        &mut self,
        id: &str,
        userid: &Value,
        scope: String,
        old: Option<String>,
        now: DateTime<Utc>,
    ) -> Value {
        let grant = Grant {
            scope,
            access: token(),
            access_ends: now + TimeDelta::hours(3),
            refresh: token(),
            old_refresh: old.map(|old| (old, now + TimeDelta::hours(8))),
        };
        let answer = json!({"userid": userid, "access_token": grant.access, "refresh_token": grant.refresh,
            "scope": grant.scope, "expires_in": 10800, "token_type": "Bearer"});
        self.person(id).grants.push(grant);
        answer
    }

    /// Whether this request is one too many.
    fn is_too_many(&mut self, now: DateTime<Utc>) -> bool {
        self.answered.retain(|at| now - *at < TimeDelta::minutes(1));
        let too_many = self.per_minute.is_some_and(|most| self.answered.len() >= most);
        if !too_many {
            self.answered.push_back(now);
        }
        too_many
    }

    /// Who an access token belongs to, and what it opens. Its first use ends the refresh token before.
    fn authorized(&mut self, access: &str, now: DateTime<Utc>) -> Option<(&mut Person, String)> {
        self.people.values_mut().find_map(|person| {
            let valid = |grant: &&mut Grant| grant.access == access && now < grant.access_ends;
            let grant = person.grants.iter_mut().find(valid)?;
            grant.old_refresh = None;
            let scope = grant.scope.clone();
            Some((person, scope))
        })
    }

    /// Answers a request for data, or says why not.
    fn data(
        &mut self,
        action: &str,
        access: &str,
        fields: &HashMap<String, String>,
        now: DateTime<Utc>,
    ) -> Result<Value, Json<Value>> {
        if self.is_too_many(now) {
            return Err(refusal(601, "Too Many Requests"));
        }
        let (page_size, time_zone, lapsed) = (self.page_size, self.time_zone.clone(), self.lapsed);
        let scope = match action {
            "getmeas" => "user.metrics",
            "getactivity" | "getworkouts" | "getsummary" => "user.activity",
            "getdevice" => "user.info",
            _ => return Err(refusal(2554, "Not implemented")),
        };
        let Some((person, granted)) = self.authorized(access, now) else {
            return Err(refusal(
                401,
                "XRequestID: Not provided invalid_token: The access token provided is invalid",
            ));
        };
        if !granted.split(',').any(|one| one == scope) {
            return Err(refusal(277, "Unauthorized"));
        }
        let rows = match action {
            "getmeas" => measured(&person.groups, fields),
            _ => person.days.rows(action, fields),
        };
        let rows = if lapsed { Vec::new() } else { rows };
        if action == "getdevice" {
            return Ok(json!({"devices": rows}));
        }
        let name = match action {
            "getmeas" => "measuregrps",
            "getactivity" => "activities",
            _ => "series",
        };
        let mut body = page(name, &rows, page_size, fields);
        if action == "getmeas" {
            body["updatetime"] = json!(now.timestamp());
            body["timezone"] = json!(time_zone);
        } else if body.get("more").is_none() {
            // These always say so.
            body["more"] = json!(false);
            body["offset"] = json!(0);
        }
        Ok(body)
    }
}

fn number(fields: &HashMap<String, String>, name: &str) -> Option<i64> {
    fields.get(name).and_then(|text| text.parse::<i64>().ok())
}

/// The measure groups a request asks for.
fn measured(groups: &BTreeMap<i64, Value>, fields: &HashMap<String, String>) -> Vec<Value> {
    let (since, category) = (number(fields, "lastupdate"), number(fields, "category"));
    let (start, end) = (number(fields, "startdate"), number(fields, "enddate"));
    let at_least = |group: &Value, name: &str, bound: Option<i64>| {
        bound.is_none_or(|bound| group[name].as_i64().is_none_or(|value| value >= bound))
    };
    let mut groups: Vec<Value> = groups
        .values()
        .filter(|group| at_least(group, "modified", since) && at_least(group, "date", start))
        .filter(|group| end.is_none_or(|end| group["date"].as_i64().is_none_or(|date| date <= end)))
        .filter(|group| category.is_none_or(|category| group["category"] == json!(category)))
        .cloned()
        .collect();
    groups.sort_by_key(|group| group["modified"].as_i64());
    groups
}

/// Cuts one page. Offsets are opaque: they are no row counts.
fn page(name: &str, rows: &[Value], size: usize, fields: &HashMap<String, String>) -> Value {
    let start = number(fields, "offset").map_or(0, |offset| usize::try_from((offset - 7) / 3).unwrap_or(0));
    let end = (start + size).min(rows.len());
    let mut body = json!({name: rows.get(start..end).unwrap_or_default()});
    if end < rows.len() {
        body["more"] = json!(1);
        body["offset"] = json!(end * 3 + 7);
    }
    body
}

pub(super) fn refusal(status: i64, error: &str) -> Json<Value> {
    Json(json!({"status": status, "body": {}, "error": error}))
}

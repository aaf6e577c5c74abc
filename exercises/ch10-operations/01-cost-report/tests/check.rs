//! What the accountant expects of a month's report. Amounts are in ten-billionths of a US dollar.

use std::collections::{BTreeMap, BTreeSet};

use course::{Seed, values};
use local_lambda::{Function, Outcome, binary};
use serde_json::{Value, json};

/// The price list without anything free, so that a test sees what it looks at.
fn nothing_free() -> Value {
    prices(0, 0)
}

/// The price list, with so much that is free.
fn prices(requests: u64, gigabyte_seconds: u64) -> Value {
    let mut prices = values("prices");
    prices["free_requests"] = json!(requests);
    prices["free_gigabyte_seconds"] = json!(gigabyte_seconds);
    prices
}

/// A version of a function, as the account has it.
#[derive(Clone)]
struct Version {
    function: String,
    version: String,
    architecture: &'static str,
    tmp_mb: u64,
    group: String,
}

impl Version {
    fn latest(function: &str, architecture: &'static str) -> Version {
        Version {
            function: function.to_owned(),
            version: "$LATEST".to_owned(),
            architecture,
            tmp_mb: 512,
            group: format!("/aws/lambda/{function}"),
        }
    }

    fn json(&self) -> Value {
        let arn = format!("arn:aws:lambda:us-east-1:123456789012:function:{}", self.function);
        json!({
            "FunctionName": self.function,
            "FunctionArn": format!("{arn}:{}", self.version),
            "Runtime": "provided.al2023",
            "Role": "arn:aws:iam::123456789012:role/ferris-prints",
            "Handler": "bootstrap",
            "CodeSize": 1_932_152,
            "Timeout": 30,
            // As it is now. What it was when the invocation ran, its report says.
            "MemorySize": 3008,
            "Version": self.version,
            "PackageType": "Zip",
            "Architectures": [self.architecture],
            "EphemeralStorage": { "Size": self.tmp_mb },
            "LoggingConfig": { "LogFormat": "Text", "LogGroup": self.group },
        })
    }
}

/// One invocation and what its report says.
#[derive(Clone)]
struct Ran {
    function: String,
    version: String,
    group: String,
    request: String,
    memory_mb: u64,
    duration_us: u64,
    start: Start,
    in_json: bool,
}

#[derive(Clone, Copy)]
enum Start {
    Warm,
    Init(u64),
    Restore(u64),
}

impl Ran {
    fn of(version: &Version, memory_mb: u64, duration_us: u64) -> Ran {
        Ran {
            function: version.function.clone(),
            version: version.version.clone(),
            group: version.group.clone(),
            request: "8f507cfc-4a5c-4697-b07a-ac58fc914c95".to_owned(),
            memory_mb,
            duration_us,
            start: Start::Warm,
            in_json: false,
        }
    }

    /// Some invocation; times have two decimals, as in text.
    fn any(version: &Version, seed: &mut Seed) -> Ran {
        let memory_mb = *seed.pick(&[128, 256, 333, 512, 1024, 1769, 3008]);
        let mut ran = Ran::of(version, memory_mb, seed.number(1..=90_000) * 10);
        ran.request = format!("{:08x}-4a5c-4697-b07a-ac58fc914c95", seed.number(0..=0xffff_ffff));
        ran.in_json = seed.number(0..=1) == 1;
        ran.start = match seed.number(0..=5) {
            0 => Start::Init(seed.number(1..=40_000) * 10),
            1 => Start::Restore(seed.number(1..=40_000) * 10),
            _ => Start::Warm,
        };
        ran
    }

    /// In milliseconds: INIT is rounded together with the handler, a restore by itself.
    fn billed(&self) -> u64 {
        match self.start {
            Start::Warm => self.duration_us.div_ceil(1_000),
            Start::Init(us) => (self.duration_us + us).div_ceil(1_000),
            Start::Restore(us) => self.duration_us.div_ceil(1_000) + us.div_ceil(1_000),
        }
    }

    fn message(&self) -> String {
        let billed = match self.start {
            Start::Restore(_) => self.duration_us.div_ceil(1_000),
            _ => self.billed(),
        };
        let memory = self.memory_mb;
        if self.in_json {
            let ms = |us: u64| us as f64 / 1_000.0;
            let mut metrics = json!({
                "durationMs": ms(self.duration_us), "billedDurationMs": billed, "memorySizeMB": memory,
                "maxMemoryUsedMB": 31,
            });
            match self.start {
                Start::Warm => {}
                Start::Init(us) => metrics["initDurationMs"] = json!(ms(us)),
                Start::Restore(us) => {
                    metrics["restoreDurationMs"] = json!(ms(us));
                    metrics["billedRestoreDurationMs"] = json!(us.div_ceil(1_000));
                }
            }
            let record = json!({ "requestId": self.request, "status": "success", "metrics": metrics });
            return json!({ "time": "2026-11-30T09:00:00.000Z", "type": "platform.report", "record": record })
                .to_string();
        }
        let ms = |us: u64| format!("{}.{:02} ms", us / 1_000, us % 1_000 / 10);
        let mut line = format!(
            "REPORT RequestId: {}\tDuration: {}\tBilled Duration: {billed} ms\tMemory Size: {memory} MB\tMax Memory Used: 31 MB\t",
            self.request,
            ms(self.duration_us)
        );
        match self.start {
            Start::Warm => {}
            Start::Init(us) => line += &format!("Init Duration: {}\t", ms(us)),
            Start::Restore(us) => {
                line += &format!("Restore Duration: {}\tBilled Restore Duration: {} ms\t", ms(us), us.div_ceil(1_000));
            }
        }
        line + "\n"
    }

    fn stream(&self) -> String {
        let function = if self.group == format!("/aws/lambda/{}", self.function) { "" } else { self.function.as_str() };
        format!("2026/11/30/{function}[{}]5f1c9e0b2a7d4c83b6e0d1f2a3b4c5d6", self.version)
    }
}

/// An account in a month: what is there, what ran, and how answers are cut into pages.
struct Account {
    versions: Vec<Version>,
    ran: Vec<Ran>,
    /// How many versions, and how many lines, an answer has.
    page: usize,
}

impl Account {
    fn of(versions: &[Version], ran: &[Ran]) -> Account {
        Account { versions: versions.to_vec(), ran: ran.to_vec(), page: 50 }
    }

    /// Every log event by its group; ids are drawn.
    fn logs(&self, seed: &mut Seed) -> BTreeMap<String, Vec<Value>> {
        let mut logs: BTreeMap<String, Vec<Value>> = BTreeMap::new();
        let mut id = seed.number(1..=9_000_000_000);
        for (at, ran) in self.ran.iter().enumerate() {
            let request = &ran.request;
            let noise = format!("REPORT of {}: Billed Duration: {at} ms", ran.function);
            for message in [&format!("START RequestId: {request} Version: {}\n", ran.version), &noise, &ran.message()] {
                id += seed.number(1..=99);
                logs.entry(ran.group.clone()).or_default().push(json!({
                    "logStreamName": ran.stream(), "timestamp": 1_796_029_200_000_u64 + at as u64, "message": message,
                    "ingestionTime": 1_796_029_201_000_u64 + at as u64, "eventId": format!("392465{id:050}"),
                }));
            }
        }
        logs
    }

    fn json(&self, seed: &mut Seed) -> Value {
        let pages: Vec<Value> =
            self.versions.chunks(self.page).map(|page| page.iter().map(Version::json).collect::<Value>()).collect();
        let functions = chained(&pages, "Functions", "NextMarker", seed);
        let logs: serde_json::Map<String, Value> = self
            .logs(seed)
            .into_iter()
            .map(|(group, events)| {
                let pages: Vec<Value> = events.chunks(self.page).map(|page| json!(page)).collect();
                (group, chained(&pages, "events", "nextToken", seed))
            })
            .collect();
        json!({ "list_functions": functions, "filter_log_events": logs })
    }

    /// What the report has to be: the page, line by line.
    fn report(&self, prices: &Value) -> Value {
        let names: BTreeSet<&str> = self.versions.iter().map(|version| version.function.as_str()).collect();
        let mut used: BTreeMap<&str, [u128; 4]> = names.iter().map(|name| (*name, [0; 4])).collect();
        let mut unknown: BTreeMap<(&str, &str), u64> = BTreeMap::new();
        for ran in &self.ran {
            let known = self.versions.iter().find(|one| one.function == ran.function && one.version == ran.version);
            let Some(known) = known else {
                *unknown.entry((&ran.function, &ran.version)).or_default() += 1;
                continue;
            };
            let usage = used.entry(&ran.function).or_default();
            usage[0] += 1;
            usage[if known.architecture == "x86_64" { 1 } else { 2 }] += u128::from(ran.memory_mb * ran.billed());
            usage[3] += u128::from((known.tmp_mb - 512) * ran.billed());
        }
        let sums: Vec<u128> = (0..4).map(|at| used.values().map(|usage| usage[at]).sum()).collect();
        let free = |name: &str| u128::from(prices[name].as_u64().expect("a number"));
        let free_time = free("free_gigabyte_seconds") * GIGABYTE_SECOND;
        let (x86, arm) = (sums[1].saturating_sub(free_time), sums[2].saturating_sub(free_time.saturating_sub(sums[1])));
        let lines = [
            sums[0].saturating_sub(free("free_requests")) * units(&prices["request"]),
            nearest(by_tier(x86, "x86_64", prices)),
            nearest(by_tier(arm, "arm64", prices)),
            nearest(sums[3] * units(&prices["ephemeral_storage_gigabyte_second"])),
        ];
        let columns: Vec<Vec<u128>> =
            (0..4).map(|at| shared(lines[at], &used.values().map(|usage| usage[at]).collect::<Vec<u128>>())).collect();
        let mut rows: Vec<(&str, Vec<u128>)> = used
            .keys()
            .enumerate()
            .map(|(at, name)| (*name, columns.iter().map(|column| column[at]).collect()))
            .collect();
        rows.sort_by(|(one, costs), (other, more)| {
            more.iter().sum::<u128>().cmp(&costs.iter().sum()).then_with(|| one.cmp(other))
        });
        let row = |costs: &[u128]| {
            let total: u128 = costs.iter().sum();
            let small = |amount: u128| u64::try_from(amount).expect("a small amount");
            json!({
                "requests": small(costs[0]), "x86_64": small(costs[1]), "arm64": small(costs[2]),
                "tmp": small(costs[3]), "total": small(total),
            })
        };
        let functions: Vec<Value> = rows
            .iter()
            .map(|(name, costs)| {
                let mut row = row(costs);
                row["function"] = json!(name);
                row
            })
            .collect();
        let unpriced: Vec<Value> = unknown
            .iter()
            .map(|((function, version), requests)| {
                json!({ "function": function, "version": version, "requests": requests })
            })
            .collect();
        json!({ "lines": row(&lines), "functions": functions, "unpriced": unpriced })
    }
}

/// Pages of which each has the token for the next one.
fn chained(pages: &[Value], items: &str, token: &str, seed: &mut Seed) -> Value {
    let tokens: Vec<String> = pages.iter().map(|_| format!("Bxkq6k{}", seed.number(1..=u64::MAX))).collect();
    let pages = pages.iter().enumerate().map(|(at, page)| {
        let mut page = json!({ items: page });
        if at + 1 < pages.len() {
            page[token] = json!(tokens[at]);
        }
        page
    });
    pages.collect()
}

const ARCHITECTURES: [&str; 2] = ["x86_64", "arm64"];

const GIGABYTE_SECOND: u128 = 1_024_000;

/// A price of the list as a whole number.
fn units(price: &Value) -> u128 {
    let (whole, decimals) = price.as_str().and_then(|text| text.split_once('.')).unwrap_or_else(|| {
        let text = price.as_str().expect("a price is text");
        (text, "")
    });
    format!("{whole}{decimals:0<10}").parse().expect("at most ten decimals")
}

fn nearest(exact: u128) -> u128 {
    (2 * exact + GIGABYTE_SECOND) / (2 * GIGABYTE_SECOND)
}

/// From the lowest tier up, piece by piece.
fn by_tier(used: u128, architecture: &str, prices: &Value) -> u128 {
    let above = prices[format!("{architecture}_gigabyte_second_above")].as_array().expect("tiers");
    let mut starts = vec![(0, units(&prices[format!("{architecture}_gigabyte_second")]))];
    starts.extend(above.iter().map(|tier| {
        (u128::from(tier["gigabyte_seconds"].as_u64().expect("a number")) * GIGABYTE_SECOND, units(&tier["usd"]))
    }));
    let ends = starts.iter().skip(1).map(|(start, _)| *start).chain([u128::MAX]);
    starts.iter().zip(ends).map(|((start, price), end)| used.clamp(*start, end).saturating_sub(*start) * price).sum()
}

/// Whole parts that add up to the amount: one unit after the other to whoever has most left to get.
fn shared(amount: u128, weights: &[u128]) -> Vec<u128> {
    let sum: u128 = weights.iter().sum();
    if sum == 0 {
        return vec![0; weights.len()];
    }
    let mut parts: Vec<u128> = weights.iter().map(|weight| amount * weight / sum).collect();
    while parts.iter().sum::<u128>() < amount {
        // What a part lacks, in parts of `sum`. Of equal ones the first: `max_by_key` would take the last.
        let lacks = |at: &usize| (amount * weights[*at]).saturating_sub(parts[*at] * sum);
        let most = (0..parts.len()).map(|at| lacks(&at)).max().expect("somebody");
        let at = (0..parts.len()).find(|at| lacks(at) == most).expect("somebody");
        parts[at] += 1;
    }
    parts
}

/// The report of this account, which has to be right as a whole.
fn expect_report(function: &Function, story: &str, prices: &Value, account: &Account, seed: &mut Seed) -> Outcome {
    let outcome = function.story(story).invoke(json!({ "prices": prices, "account": account.json(seed) }));
    let expected = account.report(prices);
    // First what is wrong in one number, since that says most.
    for line in ["requests", "x86_64", "arm64", "tmp", "total"] {
        outcome.expect_json_at(&format!("/lines/{line}"), expected["lines"][line].clone());
    }
    outcome.expect_json_at("/unpriced", expected["unpriced"].clone());
    for (at, row) in expected["functions"].as_array().into_iter().flatten().enumerate() {
        outcome.expect_json_at(&format!("/functions/{at}"), row.clone());
    }
    outcome.expect_json(expected);
    outcome
}

#[test]
fn prices_what_was_billed_by_architecture() {
    let mut seed = Seed::at_run_time();
    let function = Function::start(binary!());
    for architecture in ["x86_64", "arm64"] {
        let till = Version::latest("till", architecture);
        for (duration_us, start) in [
            (120_000, Start::Warm),
            (1_000 * seed.number(1..=800) + 10, Start::Warm),
            (2_300, Start::Init(24_100)),
            (2_310, Start::Restore(180_450)),
        ] {
            for in_json in [false, true] {
                let mut ran = Ran::of(&till, 512, duration_us);
                (ran.start, ran.in_json) = (start, in_json);
                let story = format!("one invocation on {architecture}, billed {} ms with 512 MB", ran.billed());
                expect_report(
                    &function,
                    &story,
                    &nothing_free(),
                    &Account::of(std::slice::from_ref(&till), &[ran]),
                    &mut seed,
                );
            }
        }
    }
}

#[test]
fn charges_tmp_above_what_every_function_has() {
    let mut seed = Seed::at_run_time();
    let function = Function::start(binary!());
    for tmp_mb in [512, 513, seed.number(1_024..=9_000), 10_240] {
        let mut albums = Version::latest("albums", "arm64");
        albums.tmp_mb = tmp_mb;
        let ran: Vec<Ran> = (0..3).map(|_| Ran::any(&albums, &mut seed)).collect();
        let story = format!("three albums with {tmp_mb} MB of /tmp");
        expect_report(&function, &story, &nothing_free(), &Account::of(&[albums], &ran), &mut seed);
    }
}

#[test]
fn reads_every_page_of_functions() {
    let mut seed = Seed::at_run_time();
    let function = Function::start(binary!());
    for (count, page) in [(51, 50), (50, 50), (7, 2), (seed.number(101..=120), 50)] {
        let versions: Vec<Version> =
            (0..count).map(|at| Version::latest(&format!("{}-{at}", seed.name().to_lowercase()), "arm64")).collect();
        let ran: Vec<Ran> = versions.iter().map(|version| Ran::any(version, &mut seed)).collect();
        let mut account = Account::of(&versions, &ran);
        account.page = page;
        let story = format!("{count} functions, at most {page} in an answer, each ran once");
        expect_report(&function, &story, &nothing_free(), &account, &mut seed);
    }
}

#[test]
fn reads_every_page_of_a_log_also_behind_an_empty_one() {
    let mut seed = Seed::at_run_time();
    let function = Function::start(binary!());
    for empty_at in [None, Some(0), Some(1), Some(2)] {
        let till = Version::latest("till", "x86_64");
        let ran: Vec<Ran> = (0..seed.number(4..=9)).map(|_| Ran::any(&till, &mut seed)).collect();
        let mut account = Account::of(&[till], &ran);
        account.page = 4;
        let mut event = json!({ "prices": nothing_free(), "account": account.json(&mut seed) });
        let mut story = format!("{} invocations, four lines on a page", ran.len());
        if let Some(at) = empty_at {
            story = format!("{story}, and page {at} has no line and a token");
            let pages = event["account"]["filter_log_events"]["/aws/lambda/till"].as_array_mut().expect("pages");
            // The page before leads to the empty one, and that to the page that came next.
            let token = format!("Empty{}", seed.number(1..=u64::MAX));
            let mut empty = json!({ "events": [], "nextToken": token });
            if at > 0 {
                let leads = pages[at - 1]["nextToken"].take();
                pages[at - 1]["nextToken"] = empty["nextToken"].take();
                empty["nextToken"] = leads;
            }
            pages.insert(at, empty);
        }
        let expected = account.report(&nothing_free());
        let outcome = function.story(story).invoke(event);
        outcome.expect_json_at("/lines/requests", expected["lines"]["requests"].clone());
        outcome.expect_json(expected);
    }
}

#[test]
fn a_function_that_never_ran_has_a_row_of_zeros() {
    let mut seed = Seed::at_run_time();
    let function = Function::start(binary!());
    for ran in [0, seed.number(1..=5)] {
        let (till, idle) = (Version::latest("till", "arm64"), Version::latest("idle", "x86_64"));
        let ran: Vec<Ran> = (0..ran).map(|_| Ran::any(&till, &mut seed)).collect();
        let story = format!("till ran {} times, idle never, and so it has no log group", ran.len());
        expect_report(&function, &story, &nothing_free(), &Account::of(&[idle, till], &ran), &mut seed);
    }
}

#[test]
fn fails_where_a_page_is_missing() {
    let mut seed = Seed::at_run_time();
    let function = Function::start(binary!());
    for (list, token, error) in [
        ("/account/filter_log_events/~1aws~1lambda~1till", "nextToken", "InvalidParameterException"),
        ("/account/list_functions", "NextMarker", "InvalidParameterValueException"),
    ] {
        let (till, board) = (Version::latest("till", "arm64"), Version::latest("board", "arm64"));
        let ran: Vec<Ran> = (0..3).map(|_| Ran::any(&till, &mut seed)).collect();
        let mut event =
            json!({ "prices": nothing_free(), "account": Account::of(&[till, board], &ran).json(&mut seed) });
        let pages = event.pointer_mut(list).and_then(Value::as_array_mut).expect("pages");
        let last = pages.last_mut().expect("a page");
        last[token] = json!(format!("Expired{}", seed.number(1..=9_999)));
        let story = format!("the last page of {list} has a {token} that AWS does not know any more");
        function.story(story).invoke(event).expect_error(error);
    }
}

#[test]
fn counts_a_line_once_and_a_request_that_ran_again_twice() {
    let mut seed = Seed::at_run_time();
    let function = Function::start(binary!());
    for page in [3, 4] {
        let till = Version::latest("till", "arm64");
        let first = Ran::any(&till, &mut seed);
        // Lambda tried the same event again, under the same request id. The second one took exactly as long as the first.
        let ran = [first.clone(), first.clone(), Ran::any(&till, &mut seed)];
        let mut account = Account::of(&[till], &ran);
        account.page = page;
        let mut event = json!({ "prices": nothing_free(), "account": account.json(&mut seed) });
        let pages = event["account"]["filter_log_events"]["/aws/lambda/till"].as_array_mut().expect("pages");
        for at in 1..pages.len() {
            let mut before = pages[at - 1]["events"].as_array().cloned().expect("events");
            before.append(&mut pages[at]["events"].as_array().cloned().expect("events"));
            pages[at]["events"] = json!(before);
        }
        let expected = account.report(&nothing_free());
        let story = "three invocations, two of them with one request id; each page repeats all lines before it";
        let outcome = function.story(story).invoke(event);
        outcome.expect_json_at("/lines/requests", expected["lines"]["requests"].clone());
        outcome.expect_json(expected);
    }
}

#[test]
fn knows_each_version_by_itself() {
    let mut seed = Seed::at_run_time();
    let function = Function::start(binary!());
    for latest_first in [true, false] {
        let latest = Version { tmp_mb: 2_048, ..Version::latest("albums", "arm64") };
        let seven = Version { version: "7".to_owned(), architecture: "x86_64", tmp_mb: 512, ..latest.clone() };
        let (nine, old) = ("9".to_owned(), "/ferris/old".to_owned());
        let nine = Version { version: nine, tmp_mb: seed.number(600..=900), group: old, ..latest.clone() };
        let mut versions = vec![latest, seven, nine];
        if !latest_first {
            versions.reverse();
        }
        let ran: Vec<Ran> = (0..9).map(|at| Ran::any(&versions[at % 3], &mut seed)).collect();
        let story = "albums: version 7 on x86_64 with 512 MB of /tmp, $LATEST and 9 on arm64 with more; 9 has a log group of its own";
        expect_report(&function, story, &nothing_free(), &Account::of(&versions, &ran), &mut seed);
    }
}

#[test]
fn tells_what_nobody_can_price() {
    let mut seed = Seed::at_run_time();
    let function = Function::start(binary!());
    for _ in 0..2 {
        let till = Version::latest("till", "arm64");
        let gone = [("till", "9"), ("till", "10"), ("album", "3")].map(|(name, version)| Version {
            version: version.to_owned(),
            group: "/ferris/prints".to_owned(),
            ..Version::latest(name, "x86_64")
        });
        let shared = Version { group: "/ferris/prints".to_owned(), ..Version::latest("board", "x86_64") };
        let mut ran: Vec<Ran> = (0..3).map(|_| Ran::any(&till, &mut seed)).collect();
        for version in &gone {
            ran.extend((0..seed.number(1..=3)).map(|_| Ran::any(version, &mut seed)));
        }
        let story = "board's log group still has lines of till:9, till:10 and album:3, which were deleted";
        let account = Account::of(&[till, shared], &ran);
        expect_report(&function, story, &prices(1, 0), &account, &mut seed);
    }
}

#[test]
fn tells_functions_apart_that_share_a_log_group() {
    let mut seed = Seed::at_run_time();
    let function = Function::start(binary!());
    for count in [2, 3] {
        let versions: Vec<Version> = ["board", "press", "till"][..count]
            .iter()
            .enumerate()
            .map(|(at, name)| Version {
                group: "/ferris/prints".to_owned(),
                ..Version::latest(name, if at == 0 { "x86_64" } else { "arm64" })
            })
            .collect();
        let ran: Vec<Ran> = (0..8).map(|at| Ran::any(&versions[at % count], &mut seed)).collect();
        let story = format!("{count} functions, the first on x86_64, write to one log group");
        expect_report(&function, &story, &nothing_free(), &Account::of(&versions, &ran), &mut seed);
    }
}

#[test]
fn gives_what_is_free_once_and_to_x86_64_first() {
    let mut seed = Seed::at_run_time();
    let function = Function::start(binary!());
    for (x86, arm, requests, time) in [(6, 6, 3, 2), (4, 9, 12, 5), (1, 9, 13, 3), (9, 1, 11, 40)] {
        let old = Version::latest("old", "x86_64");
        let new = [Version::latest("new", "arm64"), Version::latest("third", "arm64")];
        let mut ran: Vec<Ran> = (0..x86).map(|_| Ran::of(&old, 1_024, seed.number(600..=999) * 1_000)).collect();
        ran.extend((0..arm).map(|at| Ran::of(&new[at % 2], 1_024, seed.number(600..=999) * 1_000)));
        let story = format!(
            "{x86} invocations on x86_64, {arm} on arm64, all of 1,024 MB and less than a second; free are {requests} \
             requests and {time} GB-seconds"
        );
        let versions = [old, new[0].clone(), new[1].clone()];
        expect_report(&function, &story, &prices(requests, time), &Account::of(&versions, &ran), &mut seed);
    }
}

#[test]
fn fills_tiers_with_all_functions_together() {
    let mut seed = Seed::at_run_time();
    let function = Function::start(binary!());
    for architecture in ["x86_64", "arm64"] {
        let versions = ["board", "press", "till"].map(|name| Version::latest(name, architecture));
        let ran: Vec<Ran> =
            (0..12).map(|at| Ran::of(&versions[at % 3], 1_024, seed.number(700..=999) * 1_000)).collect();
        let mut prices = prices(0, seed.number(0..=1));
        let second = format!("0.0000{}", seed.number(10_000..=99_999));
        prices[format!("{architecture}_gigabyte_second_above")] = json!([
            { "gigabyte_seconds": 4, "usd": second }, { "gigabyte_seconds": 7, "usd": "0.0000000999" },
        ]);
        let story = format!("about ten GB-seconds of three functions on {architecture}; tiers begin at 4 and 7");
        expect_report(&function, &story, &prices, &Account::of(&versions, &ran), &mut seed);
    }
}

#[test]
fn rows_add_up_to_the_lines() {
    let mut seed = Seed::at_run_time();
    let function = Function::start(binary!());
    // Two units of a request are shared by three and seven functions that used the same: the first by name get one more.
    for names in [&["a", "b", "c"][..], &["g", "f", "e", "d", "c", "b", "a"][..]] {
        let versions: Vec<Version> = names.iter().map(|name| Version::latest(name, "arm64")).collect();
        let (memory, ms) = (*seed.pick(&[128, 333, 777]), seed.number(1..=50));
        let ran: Vec<Ran> = versions.iter().map(|version| Ran::of(version, memory, ms * 1_000)).collect();
        let mut prices = prices(names.len() as u64 - 1, 0);
        prices["request"] = json!("0.0000000002");
        let story = format!("{} functions that did the same; one request is paid, and costs two units", names.len());
        let account = Account::of(&versions, &ran);
        expect_report(&function, &story, &prices, &account, &mut seed);
    }
}

#[test]
fn a_hundred_accounts_come_to_the_unit() {
    let mut seed = Seed::at_run_time();
    let function = Function::start(binary!());
    for at in 0..100 {
        let shares = seed.number(0..=3) == 0;
        let versions: Vec<Version> = (0..seed.number(1..=9))
            .map(|_| {
                let name = seed.name().to_lowercase();
                let architecture = *seed.pick(&ARCHITECTURES);
                let mut version = Version::latest(&name, architecture);
                version.tmp_mb = *seed.pick(&[512, 512, 768, 10_240]);
                if shares {
                    version.group = "/ferris/prints".to_owned();
                }
                version
            })
            .collect();
        let once: BTreeSet<&str> = versions.iter().map(|version| version.function.as_str()).collect();
        if once.len() < versions.len() {
            continue;
        }
        let mut ran = Vec::new();
        for _ in 0..seed.number(0..=20) {
            let version = seed.pick(&versions).clone();
            ran.push(Ran::any(&version, &mut seed));
        }
        let mut prices = prices(seed.number(0..=9), seed.number(0..=2));
        prices["x86_64_gigabyte_second_above"][0]["gigabyte_seconds"] = json!(seed.number(1..=3));
        let mut account = Account::of(&versions, &ran);
        account.page = seed.number(1..=20) as usize;
        let story = format!("account {at}: {} functions, {} invocations", versions.len(), ran.len());
        expect_report(&function, &story, &prices, &account, &mut seed);
    }
}

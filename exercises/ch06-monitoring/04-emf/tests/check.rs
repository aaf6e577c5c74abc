//! What the shop expects of whoever counts. Each line that the function writes is read as CloudWatch would read it.

use std::collections::BTreeMap;

use course::{Seed, values};
use local_lambda::{Function, Outcome, binary};
use serde_json::{Map, Value, json};

const NAMESPACE: &str = "FerrisPrints/Press";

const UNITS: &str = "Seconds Microseconds Milliseconds Bytes Kilobytes Megabytes Gigabytes Terabytes Bits Kilobits \
    Megabits Gigabits Terabits Percent Count Bytes/Second Kilobytes/Second Megabytes/Second Gigabytes/Second \
    Terabytes/Second Bits/Second Kilobits/Second Megabits/Second Gigabits/Second Terabits/Second Count/Second None";

/// The unit and the values of each metric.
type Metrics = BTreeMap<String, (String, Vec<f64>)>;

/// What CloudWatch takes out of one document.
struct Document {
    dimensions: Vec<String>,
    metrics: Metrics,
    root: Map<String, Value>,
}

/// What an event must come to.
#[derive(Default)]
struct Expected {
    dimensions: Vec<String>,
    properties: Vec<String>,
    metrics: Metrics,
    refused: Vec<Value>,
}

fn limit(name: &str) -> usize {
    values("metrics")[name].as_u64().expect("a number") as usize
}

/// Reads one line by the specification; what is wrong with it, in words, if anything is.
fn read(line: &str) -> Result<Document, String> {
    let value: Value = serde_json::from_str(line).map_err(|error| format!("it is no JSON: {error}"))?;
    let Value::Object(root) = value else { return Err("it is no object".to_owned()) };
    let metadata = &root["_aws"];
    if metadata["Timestamp"].as_u64().is_none() {
        return Err(format!("_aws.Timestamp is {}, expected whole milliseconds since 1970", metadata["Timestamp"]));
    }
    let directives = metadata["CloudWatchMetrics"].as_array().ok_or("_aws.CloudWatchMetrics is no array")?;
    let [directive] = directives.as_slice() else {
        return Err(format!("_aws.CloudWatchMetrics has {} directives, expected 1", directives.len()));
    };
    if directive["Namespace"] != NAMESPACE {
        return Err(format!("Namespace is {}, expected {NAMESPACE:?}", directive["Namespace"]));
    }
    let sets = directive["Dimensions"].as_array().ok_or("Dimensions is no array")?;
    let [set] = sets.as_slice() else {
        return Err(format!("Dimensions has {} sets, expected 1, which may be empty: [[]]", sets.len()));
    };
    let set = set.as_array().ok_or("Dimensions is no array of arrays")?;
    if set.len() > limit("dimensions") {
        return Err(format!("a set of {} dimensions, and the most are {}", set.len(), limit("dimensions")));
    }
    let mut dimensions = Vec::new();
    for name in set {
        let name = name.as_str().ok_or("a dimension's name is no text")?;
        if !root.get(name).is_some_and(Value::is_string) {
            return Err(format!("there is no text beside _aws for the dimension {name:?}"));
        }
        dimensions.push(name.to_owned());
    }
    let definitions = directive["Metrics"].as_array().ok_or("Metrics is no array")?;
    if definitions.is_empty() {
        return Err("Metrics is empty: such a line says nothing".to_owned());
    }
    if definitions.len() > limit("metrics") {
        return Err(format!("{} metrics, and the most are {}", definitions.len(), limit("metrics")));
    }
    let mut metrics = Metrics::new();
    for definition in definitions {
        let name = definition["Name"].as_str().ok_or("a metric's Name is no text")?;
        let unit = match &definition["Unit"] {
            Value::Null => "None",
            Value::String(unit) => unit,
            other => return Err(format!("the Unit of {name} is {other}")),
        };
        if !UNITS.split_whitespace().any(|known| known == unit) {
            return Err(format!("CloudWatch has no Unit {unit:?}, and {name} is in it"));
        }
        let target = root.get(name).ok_or_else(|| format!("there is nothing beside _aws for the metric {name:?}"))?;
        let numbers = match target {
            Value::Array(numbers) => numbers.as_slice(),
            one => std::slice::from_ref(one),
        };
        if numbers.len() > limit("values") {
            return Err(format!("{} values of {name}, and the most are {}", numbers.len(), limit("values")));
        }
        let numbers: Option<Vec<f64>> = numbers.iter().map(Value::as_f64).collect();
        let numbers = numbers.filter(|numbers| !numbers.is_empty());
        let numbers = numbers.ok_or_else(|| format!("the values of {name} are {target}, expected numbers"))?;
        if metrics.insert(name.to_owned(), (unit.to_owned(), numbers)).is_some() {
            return Err(format!("the metric {name} is defined twice"));
        }
    }
    Ok(Document { dimensions, metrics, root })
}

/// The documents among the lines of the log.
#[track_caller]
fn documents(outcome: &Outcome) -> Vec<Document> {
    let mut documents = Vec::new();
    for line in outcome.function_log().filter(|line| line.contains("_aws") || line.contains("CloudWatchMetrics")) {
        match read(line) {
            Ok(document) => documents.push(document),
            Err(what) => {
                let start: String = line.chars().take(200).collect();
                outcome.expect(&format!("CloudWatch can read each document; {what}, in {start}"), |_| false);
            }
        }
    }
    documents
}

/// What the page's rules make of an event.
fn expected(event: &Value) -> Expected {
    let list = |name: &str| event[name].as_array().cloned().unwrap_or_default();
    let mut expected = Expected::default();
    for label in list("labels") {
        let name = label["name"].as_str().unwrap_or_default().to_owned();
        let bounded = label["of"].as_array().is_some_and(|of| of.len() <= 20 && of.contains(&label["value"]));
        let names =
            if bounded && expected.dimensions.len() < 30 { &mut expected.dimensions } else { &mut expected.properties };
        names.push(name);
    }
    for reading in list("readings") {
        let name = reading["metric"].as_str().unwrap_or_default().to_owned();
        let unit = reading["unit"].as_str().unwrap_or("None");
        let number = reading["value"].as_str().unwrap_or_default().parse::<f64>();
        let taken =
            name.is_empty() || name == "_aws" || list("labels").iter().any(|label| label["name"] == name.as_str());
        let other_unit = expected.metrics.get(&name).is_some_and(|(first, _)| first != unit);
        let reason = if taken {
            "name"
        } else if other_unit || !UNITS.split_whitespace().any(|known| known == unit) {
            "unit"
        } else if let Ok(number) = number
            && number.abs() <= 2_f64.powi(360)
        {
            expected.metrics.entry(name).or_insert_with(|| (unit.to_owned(), Vec::new())).1.push(number);
            continue;
        } else {
            "value"
        };
        expected.refused.push(json!({ "metric": name, "reason": reason }));
    }
    expected
}

/// Compares what was written, and the answer unless the press jammed. Gives the documents.
#[track_caller]
fn judge(outcome: &Outcome, event: &Value) -> Vec<Document> {
    let expected = expected(event);
    let documents = documents(outcome);
    let mut written = Metrics::new();
    for document in &documents {
        let (dimensions, all) = (&document.dimensions, &expected.dimensions);
        outcome
            .expect(&format!("the dimensions are {all:?}, and a document has {dimensions:?}"), |_| dimensions == all);
        for label in event["labels"].as_array().into_iter().flatten() {
            let name = label["name"].as_str().unwrap_or_default();
            let got = document.root.get(name).cloned().unwrap_or_default();
            outcome.expect(&format!("beside _aws stands {name:?}: {}, and there is {got}", label["value"]), |_| {
                got == label["value"]
            });
        }
        let at = &document.root["_aws"]["Timestamp"];
        outcome.expect(&format!("_aws.Timestamp is {}, and it is {at}", event["at_ms"]), |_| *at == event["at_ms"]);
        for (name, (unit, numbers)) in &document.metrics {
            let all = written.entry(name.clone()).or_insert_with(|| (unit.clone(), Vec::new()));
            outcome.expect(&format!("{name} has one unit; it has {unit} and {}", all.0), |_| all.0 == *unit);
            all.1.extend(numbers);
        }
    }
    for (name, (unit, numbers)) in &expected.metrics {
        let what = match written.get(name) {
            None => format!("there is a metric {name:?}"),
            Some((other, _)) if other != unit => format!("the unit of {name} is {unit}, and it is {other}"),
            Some((_, got)) => {
                format!("{name} has the values {} in this order, and the documents have {}", short(numbers), short(got))
            }
        };
        outcome.expect(&what, |_| written.get(name).is_some_and(|got| *got == (unit.clone(), numbers.clone())));
    }
    let more: Vec<&String> = written.keys().filter(|name| !expected.metrics.contains_key(*name)).collect();
    outcome.expect(&format!("no other metric is written, and there are {more:?}"), |_| more.is_empty());
    let most = expected.metrics.values().map(|(_, numbers)| numbers.len()).max().unwrap_or_default();
    let lines = most.div_ceil(limit("values")) * expected.metrics.len().div_ceil(limit("metrics"));
    let what = format!(
        "at most {lines} lines for {} metrics of at most {most} values, and there are {}",
        expected.metrics.len(),
        documents.len()
    );
    outcome.expect(&what, |_| documents.len() <= lines);
    if event["jam"].is_null() {
        outcome.expect_json_at("/lines", documents.len());
        outcome.expect_json_at("/properties", json!(expected.properties));
        outcome.expect_json_at("/refused", json!(expected.refused));
    }
    documents
}

fn short(numbers: &[f64]) -> String {
    if numbers.len() > 8 {
        format!("{:?}… ({} of them)", &numbers[..8], numbers.len())
    } else {
        format!("{numbers:?}")
    }
}

fn press(seed: &mut Seed) -> Value {
    let presses = ["north", "south", "west"];
    json!({ "name": "press", "value": seed.pick(&presses), "of": presses })
}

fn order(seed: &mut Seed) -> Value {
    json!({ "name": "order", "value": format!("o-{}", seed.number(1_000..=9_999)) })
}

fn reading(metric: &str, unit: &str, value: impl ToString) -> Value {
    json!({ "metric": metric, "unit": unit, "value": value.to_string() })
}

fn report(seed: &mut Seed, labels: Value, readings: Value) -> Value {
    // Some day of the year before: a timestamp is when it was measured.
    json!({ "at_ms": 1_764_500_000_000 + seed.number(0..=9_999_999), "labels": labels, "readings": readings })
}

fn milliseconds(seed: &mut Seed) -> String {
    format!("{}.{}", seed.number(1..=900), seed.number(1..=9))
}

#[test]
fn one_line_has_all_that_an_invocation_counted() {
    let mut seed = Seed::at_run_time();
    let function = Function::start(binary!());
    for (metrics, story) in [
        (vec!["SheetTime"], "one reading"),
        (vec!["SheetTime", "Sheets", "SheetTime", "SheetTime"], "four readings of two metrics, mixed"),
    ] {
        let unit = |metric: &str| if metric == "Sheets" { "Count" } else { "Milliseconds" };
        let readings: Vec<Value> =
            metrics.iter().map(|metric| reading(metric, unit(metric), milliseconds(&mut seed))).collect();
        let labels = json!([press(&mut seed)]);
        let event = report(&mut seed, labels, json!(readings));
        let outcome = function.story(story).invoke(event.clone());
        let documents = judge(&outcome, &event);
        outcome.expect(&format!("one line, and there are {}", documents.len()), |_| documents.len() == 1);
    }
}

#[test]
fn a_label_without_a_bound_makes_no_metric() {
    let mut seed = Seed::at_run_time();
    let function = Function::start(binary!());
    let choices = |count: usize| -> Vec<String> { (0..count).map(|number| format!("v{number}")).collect() };
    for (label, story) in [
        (order(&mut seed), "an order's number, of which there is no list"),
        (json!({ "name": "order", "value": "o-1", "of": null }), "the same with a list that is null"),
        (json!({ "name": "paper", "value": "rag", "of": ["matt", "gloss"] }), "a value that is not in the list"),
        (json!({ "name": "paper", "value": "rag", "of": [] }), "an empty list"),
        (json!({ "name": "shelf", "value": "v3", "of": choices(21) }), "a list of 21 values, one too many"),
        (json!({ "name": "shelf", "value": "v19", "of": choices(20) }), "a list of 20 values, which is allowed"),
    ] {
        let labels = json!([label, press(&mut seed)]);
        let readings = json!([reading("Sheets", "Count", seed.number(1..=99))]);
        let event = report(&mut seed, labels, readings);
        judge(&function.story(story).invoke(event.clone()), &event);
    }
}

#[test]
fn a_set_has_at_most_thirty_dimensions_and_may_be_empty() {
    let mut seed = Seed::at_run_time();
    let function = Function::start(binary!());
    for count in [0, 29, 30, 31, seed.number(32..=40)] {
        let mut labels: Vec<Value> = (0..count)
            .map(|number| json!({ "name": format!("d{}", count - number), "value": "on", "of": ["on", "off"] }))
            .collect();
        labels.insert(labels.len() / 2, order(&mut seed));
        let readings = json!([reading("Sheets", "Count", seed.number(1..=99))]);
        let event = report(&mut seed, json!(labels), readings);
        let story = format!("{count} labels with a list of two values, and an order's number in the middle");
        judge(&function.story(story).invoke(event.clone()), &event);
    }
}

#[test]
fn what_is_no_number_for_cloudwatch_is_refused_alone() {
    let mut seed = Seed::at_run_time();
    let function = Function::start(binary!());
    let powers = [2_f64.powi(360).to_string(), (-2_f64.powi(360)).to_string(), (2_f64.powi(360) * 1.001).to_string()];
    let odd = [
        "NaN", "nan", "-nan", "inf", "-inf", "infinity", "1e400", "-1e400", "12,5", "", "twelve", "0x10", "1e109",
        " 7", "7 ",
    ];
    let fine = ["0", "-0.5", "1e3", "1e-300", "1e108", "+7"];
    for text in odd.into_iter().chain(fine).chain(powers.iter().map(String::as_str)) {
        let labels = json!([press(&mut seed)]);
        let readings = json!([
            reading("SheetTime", "Milliseconds", milliseconds(&mut seed)),
            reading("SheetTime", "Milliseconds", text),
            reading("Ink", "Percent", text),
            reading("SheetTime", "Milliseconds", milliseconds(&mut seed)),
        ]);
        let event = report(&mut seed, labels, readings);
        let shown: String = text.chars().take(12).collect();
        judge(
            &function.story(format!("a press writes {shown:?} for a number, among others")).invoke(event.clone()),
            &event,
        );
    }
}

#[test]
fn a_metric_has_one_unit_that_cloudwatch_knows() {
    let mut seed = Seed::at_run_time();
    let function = Function::start(binary!());
    for unit in UNITS.split_whitespace() {
        let labels = json!([press(&mut seed)]);
        let readings = json!([reading("Work", unit, seed.number(0..=99))]);
        let event = report(&mut seed, labels, readings);
        judge(&function.story(format!("a reading in {unit}")).invoke(event.clone()), &event);
    }
    for unit in ["ms", "milliseconds", "Minutes", "", "Count/Minute", "Seconds ", "Sheets"] {
        let labels = json!([press(&mut seed)]);
        let readings = json!([reading("Work", unit, 7), reading("Sheets", "Count", seed.number(0..=99))]);
        let event = report(&mut seed, labels, readings);
        judge(
            &function.story(format!("a reading in {unit:?}, which is no unit of CloudWatch")).invoke(event.clone()),
            &event,
        );
    }
    let labels = json!([press(&mut seed)]);
    let readings = json!([
        reading("Work", "Miles", 5),
        reading("Work", "Seconds", "NaN"),
        reading("Work", "Milliseconds", seed.number(1..=99)),
        reading("Work", "Seconds", seed.number(1..=99)),
        { "metric": "Work", "value": "3" },
        reading("Work", "Milliseconds", seed.number(1..=99)),
        { "metric": "Bare", "value": "4" },
        { "metric": "Bare", "value": "5", "unit": null },
        reading("Bare", "None", "6"),
    ]);
    let event = report(&mut seed, labels, readings);
    let story = "the first reading of a metric that is counted decides its unit; without one the unit is None";
    judge(&function.story(story).invoke(event.clone()), &event);
}

#[test]
fn a_metric_does_not_write_over_what_stands_there() {
    let mut seed = Seed::at_run_time();
    let function = Function::start(binary!());
    for name in ["_aws", "press", "order", ""] {
        let labels = json!([press(&mut seed), order(&mut seed)]);
        let readings = json!([
            reading(name, "Bad unit", "NaN"),
            reading(name, "Count", 1),
            reading("Sheets", "Count", seed.number(1..=9))
        ]);
        let event = report(&mut seed, labels, readings);
        judge(&function.story(format!("a reading whose metric is called {name:?}")).invoke(event.clone()), &event);
    }
    for name in ["Press", "_AWS", " ", "Größe", "a.b", "Sheet time"] {
        let labels = json!([press(&mut seed), order(&mut seed)]);
        let readings = json!([reading(name, "Count", seed.number(1..=9))]);
        let event = report(&mut seed, labels, readings);
        judge(
            &function
                .story(format!("a metric called {name:?}, which is another name than all labels"))
                .invoke(event.clone()),
            &event,
        );
    }
}

#[test]
fn what_does_not_fit_one_line_goes_into_as_many_as_it_takes() {
    let mut seed = Seed::at_run_time();
    let function = Function::start(binary!());
    let (some, many) = (seed.number(202..=240), seed.number(150..=260));
    for (metrics, values, more) in [
        (1, 100, 0),
        (1, 100, 1),
        (1, 200, 0),
        (1, 200, 1),
        (2, some, 40),
        (2, 1, many),
        (100, 1, 0),
        (101, 1, 0),
        (some, 1, many),
        (101, 101, 3),
    ] {
        let mut readings = Vec::new();
        for number in 0..values {
            for metric in 0..metrics {
                readings.push(reading(&format!("m{metric}"), "Count", number * 1_000 + metric));
            }
        }
        // The first metric has more values than the others.
        readings.extend((0..more).map(|number| reading("m0", "Count", 900_000 + number)));
        let labels = json!([press(&mut seed), order(&mut seed)]);
        let event = report(&mut seed, labels, json!(readings));
        let story = format!("{metrics} metrics with {values} values each, and {more} more of the first");
        judge(&function.story(story).invoke(event.clone()), &event);
    }
}

#[test]
fn nothing_is_written_when_nothing_was_counted() {
    let mut seed = Seed::at_run_time();
    let function = Function::start(binary!());
    for (readings, story) in [
        (json!([]), "no readings"),
        (
            json!([reading("Ink", "Percent", "NaN"), reading("Ink", "Drops", seed.number(1..=9))]),
            "nothing but readings that are refused",
        ),
    ] {
        let labels = json!([press(&mut seed), order(&mut seed)]);
        let event = report(&mut seed, labels, readings);
        let outcome = function.story(story).invoke(event.clone());
        judge(&outcome, &event);
        outcome.expect_json_at("/lines", 0);
    }
}

#[test]
fn a_press_that_jams_is_counted_all_the_same() {
    let mut seed = Seed::at_run_time();
    let function = Function::start(binary!());
    for what in ["paper", "a glove"] {
        let labels = json!([press(&mut seed), order(&mut seed)]);
        let readings = json!([reading("Sheets", "Count", seed.number(1..=99)), reading("Jams", "Count", "1")]);
        let mut event = report(&mut seed, labels, readings);
        event["jam"] = json!(what);
        let outcome = function.story(format!("the press is stopped by {what}")).invoke(event.clone());
        outcome.expect_error_saying("Jammed", what);
        let documents = judge(&outcome, &event);
        outcome.expect(&format!("one line, and there are {}", documents.len()), |_| documents.len() == 1);
    }
}

#[test]
fn three_hundred_reports_come_to_what_the_rules_say() {
    let mut seed = Seed::at_run_time();
    let function = Function::start(binary!());
    let names = ["SheetTime", "Sheets", "Ink", "Waste", "press", "order", "_aws", "shelf"];
    let units = ["Milliseconds", "Milliseconds", "Milliseconds", "Count", "Count", "Drops", "None"];
    let odd = ["NaN", "inf", "", "1e400", "x"];
    for number in 1..=300 {
        let mut labels = Vec::new();
        for label in [press(&mut seed), order(&mut seed), json!({ "name": "shelf", "value": "a", "of": ["a", "b"] })] {
            if seed.number(0..=3) > 0 {
                labels.insert(seed.number(0..=labels.len() as u64) as usize, label);
            }
        }
        let readings: Vec<Value> = (0..seed.number(0..=12))
            .map(|_| {
                let value =
                    if seed.number(0..=5) == 0 { (*seed.pick(&odd)).to_owned() } else { milliseconds(&mut seed) };
                let (name, unit) = (*seed.pick(&names), *seed.pick(&units));
                let mut reading = reading(name, unit, value);
                if seed.number(0..=5) == 0 {
                    reading["unit"] = Value::Null;
                }
                reading
            })
            .collect();
        let event = report(&mut seed, json!(labels), json!(readings));
        let outcome = function.story(format!("report {number} of three hundred, drawn")).invoke(event.clone());
        judge(&outcome, &event);
    }
}

//! What the shop expects of whoever keeps its functions and brings them back. A plan is carried out on a cloud that
//! refuses what Lambda refuses, and then it is looked at who would serve the callers.

use std::collections::BTreeMap;

use course::{Seed, fixture_json};
use local_lambda::{Function, Outcome, binary};
use serde_json::{Value, json};

/// A code and a configuration, as `$LATEST` or a version has them.
#[derive(Clone, Debug, PartialEq)]
struct Settings {
    sha256: String,
    image: Option<String>,
    architecture: String,
    runtime: Option<String>,
    handler: Option<String>,
    role: String,
    memory: u64,
    timeout: u64,
    tmp: u64,
    layers: Vec<String>,
    environment: BTreeMap<String, String>,
}

#[derive(Clone, Debug, PartialEq)]
struct Alias {
    /// 0 is `$LATEST`.
    version: u64,
    second: Option<(u64, f64)>,
    revision: String,
}

/// One function and the calls that change it.
#[derive(Clone)]
struct Cloud {
    name: String,
    latest: Option<Settings>,
    versions: BTreeMap<u64, Settings>,
    aliases: BTreeMap<String, Alias>,
    reserved: Option<u64>,
    /// The shop's secrets, by the references to them.
    secrets: BTreeMap<String, String>,
    /// What an update, or the creation, has begun and not ended.
    busy: Option<&'static str>,
    pending: Option<u64>,
    /// Whose environment Lambda cannot decrypt; 0 is `$LATEST`.
    unreadable: Vec<u64>,
    next: u64,
    revisions: u64,
}

impl Cloud {
    fn empty(seed: &mut Seed) -> Cloud {
        let name = format!("{}-{}", seed.name().to_lowercase(), seed.number(1..=99));
        let secrets = SECRETS.map(|variable| (format!("{name}/{variable}"), secret(seed)));
        Cloud {
            name,
            latest: None,
            versions: BTreeMap::new(),
            aliases: BTreeMap::new(),
            reserved: None,
            secrets: BTreeMap::from(secrets),
            busy: None,
            pending: None,
            unreadable: Vec::new(),
            next: seed.number(1..=120),
            revisions: seed.number(1_000..=9_999),
        }
    }

    /// Uploads and publishes, beside any plan.
    fn release(&mut self, settings: &Settings) -> u64 {
        self.latest = Some(settings.clone());
        let number = self.next;
        self.next += 1;
        self.versions.insert(number, settings.clone());
        number
    }

    fn alias(&mut self, name: &str, version: u64, second: Option<(u64, f64)>) {
        self.revisions += 1;
        let revision = format!("rev-{}", self.revisions);
        self.aliases.insert(name.to_owned(), Alias { version, second, revision });
    }

    /// What Lambda says of it.
    fn have(&self) -> Value {
        let Some(latest) = &self.latest else { return Value::Null };
        let state = if self.busy == Some("creation") { "Pending" } else { "Active" };
        let update = if self.busy == Some("update") { "InProgress" } else { "Successful" };
        let readable = |number| !self.unreadable.contains(&number);
        let mut versions = vec![configuration(&self.name, "$LATEST", latest, state, update, readable(0))];
        versions.extend(self.versions.iter().map(|(number, settings)| {
            let state = if self.pending == Some(*number) { "Pending" } else { "Active" };
            configuration(&self.name, &number.to_string(), settings, state, "Successful", readable(*number))
        }));
        let aliases: Vec<Value> = self
            .aliases
            .iter()
            .map(|(name, alias)| {
                let mut said =
                    json!({ "Name": name, "FunctionVersion": if alias.version == 0 { "$LATEST".to_owned() } else { alias.version.to_string() }, "RevisionId": alias.revision });
                if let Some((version, weight)) = alias.second {
                    said["RoutingConfig"] = json!({ "AdditionalVersionWeights": { version.to_string(): weight } });
                }
                said
            })
            .collect();
        json!({ "versions": versions, "aliases": aliases, "reserved_concurrency": self.reserved })
    }

    /// What a manifest of these settings says.
    fn manifest(&self, settings: &Settings, reserved: Option<u64>, aliases: &[&str]) -> Value {
        json!({
            "function": self.name,
            "code_sha256": settings.sha256,
            "image": settings.image,
            "architecture": settings.architecture,
            "config": config(&self.name, settings),
            "reserved_concurrency": reserved,
            "aliases": aliases,
        })
    }

    /// Carries one step out, or says why Lambda does not.
    fn carry_out(&mut self, step: &Value, published: &mut Option<u64>) -> Result<(), String> {
        let what = step["do"].as_str().unwrap_or_default();
        if what == "create" {
            if self.latest.is_some() {
                return Err("ResourceConflictException: the function exists already".to_owned());
            }
            let mut settings = self.settings(&step["config"])?;
            settings.architecture = step["architecture"].as_str().unwrap_or("x86_64").to_owned();
            settings.sha256 = step["code"]["sha256"].as_str().unwrap_or_default().to_owned();
            settings.image = step["code"]["image"].as_str().map(str::to_owned);
            if settings.image.is_some() != settings.runtime.is_none() {
                return Err("InvalidParameterValueException: a zip has a runtime, an image has none".to_owned());
            }
            (self.latest, self.busy) = (Some(settings), Some("creation"));
            return Ok(());
        }
        let busy = self.busy.filter(|_| matches!(what, "update_code" | "update_config" | "publish"));
        if let Some(busy) = busy {
            return Err(format!("ResourceConflictException: the {busy} is not done yet"));
        }
        let Some(latest) = self.latest.clone() else {
            return Err("ResourceNotFoundException: there is no such function".to_owned());
        };
        match what {
            "update_code" => {
                let image = step["code"]["image"].as_str().map(str::to_owned);
                if image.is_some() != latest.image.is_some() {
                    return Err("InvalidParameterValueException: the package type cannot be changed".to_owned());
                }
                let sha256 = step["code"]["sha256"].as_str().unwrap_or_default().to_owned();
                let architecture = step["architecture"].as_str().map_or(latest.architecture.clone(), str::to_owned);
                (self.latest, self.busy) = (Some(Settings { sha256, image, architecture, ..latest }), Some("update"));
            }
            "update_config" => {
                let Settings { sha256, image, architecture, .. } = latest;
                let settings = self.settings(&step["config"])?;
                (self.latest, self.busy) = (Some(Settings { sha256, image, architecture, ..settings }), Some("update"));
                self.unreadable.retain(|number| *number != 0);
            }
            "wait" => (self.busy, self.pending) = (None, None),
            "publish" => {
                if step["code_sha256"] != latest.sha256.as_str() {
                    return Err(format!("InvalidParameterValueException: the code of $LATEST is {}", latest.sha256));
                }
                let unchanged = self.versions.last_key_value().filter(|(_, version)| **version == latest);
                let number = unchanged.map_or(self.next, |(number, _)| *number);
                if unchanged.is_none() {
                    self.versions.insert(number, latest);
                    (self.next, self.pending) = (number + 1, Some(number));
                }
                *published = Some(number);
            }
            "put_concurrency" => self.reserved = step["reserved"].as_u64(),
            "point_alias" => self.point_alias(step, *published)?,
            _ => return Err("there is no such step".to_owned()),
        }
        Ok(())
    }

    fn point_alias(&mut self, step: &Value, published: Option<u64>) -> Result<(), String> {
        let name = step["alias"].as_str().unwrap_or_default();
        let number = match step["to"].as_str() {
            Some("published") => published.ok_or("nothing was published by this plan before")?,
            _ => step["to"]["version"]
                .as_str()
                .and_then(|it| it.parse().ok())
                .ok_or("that is not a published version")?,
        };
        if !self.versions.contains_key(&number) {
            return Err(format!("ResourceNotFoundException: there is no version {number}"));
        }
        if self.pending == Some(number) {
            return Err(format!("callers of {name} would meet version {number}, which is still Pending"));
        }
        match (self.aliases.get(name), step["revision_id"].as_str()) {
            (Some(_), None) => {
                return Err(format!(
                    "{name} is there; without its revision_id, the change of somebody else may be lost"
                ));
            }
            (Some(alias), Some(seen)) if alias.revision != seen => {
                return Err(format!("PreconditionFailedException: the revision of {name} is {}", alias.revision));
            }
            (None, Some(_)) => {
                return Err(format!("ResourceNotFoundException: there is no alias {name} with a revision"));
            }
            _ => {}
        }
        self.alias(name, number, None);
        Ok(())
    }

    /// A configuration of a step, with the secrets that it refers to.
    fn settings(&self, config: &Value) -> Result<Settings, String> {
        let text = |field: &str| config[field].as_str().map(str::to_owned);
        let number = |field: &str| config[field].as_u64().ok_or(format!("config.{field} is no number"));
        let mut environment = BTreeMap::new();
        for (name, variable) in config["environment"].as_object().ok_or("config.environment is no object")? {
            let value = match (variable["value"].as_str(), variable["ref"].as_str()) {
                (Some(value), None) => value,
                (None, Some(reference)) => {
                    self.secrets.get(reference).ok_or(format!("there is no secret {reference}"))?
                }
                _ => return Err(format!("the variable {name} has neither a value nor a ref")),
            };
            environment.insert(name.clone(), value.to_owned());
        }
        Ok(Settings {
            sha256: String::new(),
            image: None,
            architecture: String::new(),
            runtime: text("runtime"),
            handler: text("handler"),
            role: text("role").ok_or("config.role is no text")?,
            memory: number("memory_mb")?,
            timeout: number("timeout_s")?,
            tmp: number("tmp_mb")?,
            layers: config["layers"]
                .as_array()
                .into_iter()
                .flatten()
                .filter_map(Value::as_str)
                .map(str::to_owned)
                .collect(),
            environment,
        })
    }
}

/// Names of variables that are plain, and of others that are not. `KEY_OF` is plain for all its name.
const PLAIN: [&str; 4] = ["LOG_LEVEL", "TABLE", "KEY_OF", "GREETING"];
const SECRETS: [&str; 3] = ["PAYMENT_KEY", "SINGER", "UNKNOWN"];

/// Sixteen letters and digits that nothing else in a test has.
fn secret(seed: &mut Seed) -> String {
    format!("{:016x}", seed.number(1 << 60..=u64::MAX))
}

fn sha256(seed: &mut Seed) -> String {
    format!("{:016x}{:027x}=", seed.number(1 << 60..=u64::MAX), seed.number(0..=u64::MAX))
}

fn is_plain(variable: &str) -> bool {
    PLAIN.contains(&variable)
}

/// What a manifest and a step say of the settings beside the code.
fn config(function: &str, settings: &Settings) -> Value {
    let variables = settings.environment.iter().map(|(name, value)| match is_plain(name) {
        true => (name.clone(), json!({ "value": value })),
        false => (name.clone(), json!({ "ref": format!("{function}/{name}") })),
    });
    json!({
        "runtime": settings.runtime,
        "handler": settings.handler,
        "role": settings.role,
        "memory_mb": settings.memory,
        "timeout_s": settings.timeout,
        "tmp_mb": settings.tmp,
        "layers": settings.layers,
        "environment": variables.collect::<serde_json::Map<_, _>>(),
    })
}

/// The same as Lambda says it.
fn configuration(name: &str, version: &str, settings: &Settings, state: &str, update: &str, readable: bool) -> Value {
    let mut said = json!({
        "FunctionName": name,
        "Version": version,
        "CodeSha256": settings.sha256,
        "PackageType": if settings.image.is_some() { "Image" } else { "Zip" },
        "Role": settings.role,
        "MemorySize": settings.memory,
        "Timeout": settings.timeout,
        "State": state,
        "LastUpdateStatus": update,
        "LastModified": "2026-11-24T09:12:44.000+0000",
    });
    for (field, value) in [("Runtime", &settings.runtime), ("Handler", &settings.handler)] {
        if let Some(value) = value {
            said[field] = json!(value);
        }
    }
    // What is as Lambda makes it by itself may be missing.
    if settings.architecture != "x86_64" || settings.memory.is_multiple_of(2) {
        said["Architectures"] = json!([settings.architecture]);
    }
    if settings.tmp != 512 || settings.memory.is_multiple_of(2) {
        said["EphemeralStorage"] = json!({ "Size": settings.tmp });
    }
    if !settings.layers.is_empty() {
        let layers: Vec<Value> = settings.layers.iter().map(|arn| json!({ "Arn": arn, "CodeSize": 91_022 })).collect();
        said["Layers"] = json!(layers);
    }
    if !readable {
        said["Environment"] = json!({ "Error": { "ErrorCode": "AccessDeniedException", "Message": "kms:Decrypt" } });
    } else if !settings.environment.is_empty() {
        said["Environment"] = json!({ "Variables": settings.environment });
    }
    said
}

fn layer(seed: &mut Seed) -> String {
    format!("arn:aws:lambda:eu-central-1:123456789012:layer:{}:{}", seed.name().to_lowercase(), seed.number(1..=40))
}

/// Some settings of a zip, or of an image, with a secret or more.
fn settings(seed: &mut Seed, cloud: &Cloud, is_image: bool) -> Settings {
    let mut environment = BTreeMap::from([("LOG_LEVEL".to_owned(), seed.name())]);
    for name in PLAIN {
        if seed.number(0..=1) == 1 {
            environment.insert(name.to_owned(), seed.name());
        }
    }
    let first = seed.number(0..=2) as usize;
    for name in &SECRETS[first..] {
        environment.insert((*name).to_owned(), cloud.secrets[&format!("{}/{name}", cloud.name)].clone());
    }
    let sha256 = sha256(seed);
    let layers = if is_image { 0 } else { seed.number(0..=3) };
    Settings {
        image: is_image
            .then(|| format!("123456789012.dkr.ecr.eu-central-1.amazonaws.com/{}@sha256:{sha256}", cloud.name)),
        sha256,
        architecture: (*seed.pick(&["arm64", "x86_64"])).to_owned(),
        runtime: (!is_image).then(|| (*seed.pick(&["provided.al2023", "provided.al2"])).to_owned()),
        handler: (!is_image).then(|| (*seed.pick(&["bootstrap", "orders"])).to_owned()),
        role: format!("arn:aws:iam::123456789012:role/{}", seed.name()),
        memory: seed.number(128..=3_008),
        timeout: seed.number(1..=900),
        tmp: *seed.pick(&[512, 1_024, 10_240]),
        layers: (0..layers).map(|_| layer(seed)).collect(),
        environment,
    }
}

/// What may be another than it was. Below [`CONFIG`] it is configuration.
const CHANGES: [&str; 11] = [
    "another memory size",
    "another timeout",
    "more or less of /tmp",
    "another role",
    "another LOG_LEVEL",
    "one more variable",
    "no variable UNKNOWN",
    "other layers, or the same in another order",
    "another handler",
    "the other architecture",
    "another code",
];
const CONFIG: u64 = 9;

fn change(seed: &mut Seed, cloud: &Cloud, settings: &mut Settings, what: u64) -> &'static str {
    match what {
        0 => settings.memory = settings.memory % 3_008 + 1,
        1 => settings.timeout = settings.timeout % 900 + 1,
        2 => settings.tmp = settings.tmp % 10_240 + 512,
        3 => settings.role.push('2'),
        4 => drop(settings.environment.insert("LOG_LEVEL".to_owned(), secret(seed))),
        5 => drop(settings.environment.insert("NEW".to_owned(), secret(seed))),
        // It is a secret that all of them have.
        6 => drop(settings.environment.remove("UNKNOWN")),
        7 => match settings.layers.len() {
            // Images have none, and it makes no difference here.
            0 | 1 => settings.layers.push(layer(seed)),
            _ => settings.layers.reverse(),
        },
        8 => match &mut settings.handler {
            Some(handler) => handler.push('s'),
            None => settings.timeout = settings.timeout % 900 + 1,
        },
        9 => {
            let other = if settings.architecture == "arm64" { "x86_64" } else { "arm64" };
            settings.architecture = other.to_owned();
        }
        _ => {
            settings.sha256 = sha256(seed);
            let digest = &settings.sha256;
            settings.image = settings.image.is_some().then(|| format!("{}@sha256:{digest}", cloud.name));
        }
    }
    CHANGES[what as usize]
}

fn plan(function: &Function, story: &str, want: &Value, cloud: &Cloud) -> Outcome {
    function.story(story).invoke(json!({ "action": "plan", "want": want, "have": cloud.have() }))
}

/// The steps of a plan, by their JSON.
#[track_caller]
fn steps(outcome: &Outcome) -> Vec<Value> {
    outcome.expect_response()["steps"].as_array().cloned().unwrap_or_else(|| {
        outcome.expect("the answer has a list of steps", |_| false);
        Vec::new()
    })
}

/// What the plan does, without the waits.
fn deeds(steps: &[Value]) -> Vec<&str> {
    steps.iter().filter_map(|step| step["do"].as_str()).filter(|what| *what != "wait").collect()
}

/// Carries a plan out.
#[track_caller]
fn carry_out(outcome: &Outcome, cloud: &mut Cloud) {
    let steps = steps(outcome);
    carry_out_first(outcome, cloud, &steps);
}

#[track_caller]
fn carry_out_first(outcome: &Outcome, cloud: &mut Cloud, steps: &[Value]) {
    let mut published = None;
    for (number, step) in (1..).zip(steps) {
        let done = cloud.carry_out(step, &mut published);
        let why = done.as_ref().err().cloned().unwrap_or_default();
        outcome.expect(&format!("step {number} of the plan ({}) is carried out; {why}", step["do"]), |_| done.is_ok());
    }
}

/// The plan was carried out, and everybody who calls these aliases gets the release.
#[track_caller]
fn expect_serves(outcome: &Outcome, cloud: &Cloud, settings: &Settings, reserved: Option<u64>, aliases: &[&str]) {
    for name in aliases {
        let alias = cloud.aliases.get(*name);
        let wrong = match alias.map(|alias| (&alias.second, cloud.versions.get(&alias.version))) {
            None => Some(format!("there is no alias {name}")),
            Some((Some((version, weight)), _)) => Some(format!("version {version} still has {weight} of it")),
            Some((None, served)) => {
                served.map_or(Some("it serves no version".to_owned()), |it| difference(it, settings))
            }
        };
        let told = wrong.clone().unwrap_or_default();
        outcome.expect(&format!("{name} serves what the manifest says; {told}"), |_| wrong.is_none());
    }
    let there = cloud.reserved;
    let what = format!("reserved concurrency is {reserved:?}, and after the plan it is {there:?}");
    outcome.expect(&what, |_| there == reserved);
}

/// In which field a version is another than it should be.
fn difference(got: &Settings, want: &Settings) -> Option<String> {
    let fields = |it: &Settings| {
        let Settings { sha256, image, architecture, runtime, handler, role, memory, timeout, tmp, layers, environment } =
            it;
        [
            ("code", format!("{sha256} {image:?}")),
            ("architecture", architecture.clone()),
            ("runtime and handler", format!("{runtime:?} {handler:?}")),
            ("role", role.clone()),
            ("memory", memory.to_string()),
            ("timeout", timeout.to_string()),
            ("tmp", tmp.to_string()),
            ("layers", format!("{layers:?}")),
            ("environment", format!("{environment:?}")),
        ]
    };
    let (got, want) = (fields(got), fields(want));
    let (field, got, want) = got
        .into_iter()
        .zip(want)
        .map(|((field, got), (_, want))| (field, got, want))
        .find(|(_, got, want)| got != want)?;
    Some(format!("its {field} should be {want}, and is {got}"))
}

/// The plan does these things, in any order, and nothing else but wait.
#[track_caller]
fn expect_deeds(outcome: &Outcome, expected: &[&str]) {
    let steps = steps(outcome);
    let (mut got, mut wanted) = (deeds(&steps), expected.to_vec());
    got.sort_unstable();
    wanted.sort_unstable();
    let what = format!("besides waits the plan has {wanted:?}, and nothing else; it has {got:?}");
    outcome.expect(&what, |_| got == wanted);
}

#[test]
fn a_manifest_has_what_brings_a_version_back() {
    let mut seed = Seed::at_run_time();
    let function = Function::start(binary!());
    let event = fixture_json("lambda-api/get-function");
    let plain = json!(["LOG_LEVEL", "TABLE", "REGION"]);
    let outcome = function
        .story("print-clerk, a zip, with two plain variables and a secret")
        .invoke(json!({ "action": "manifest", "function": event, "plain": plain, "aliases": ["live", "night"] }));
    outcome.expect_json(json!({
        "function": "print-clerk",
        "code_sha256": "rJ8bPZ1VLvqVSFWKsyGEVBqvPZqYbZ1UHTZJcCw2fVA=",
        "image": null,
        "architecture": "arm64",
        "config": {
            "runtime": "provided.al2023",
            "handler": "bootstrap",
            "role": "arn:aws:iam::123456789012:role/print-clerk",
            "memory_mb": 512,
            "timeout_s": 30,
            "tmp_mb": 1024,
            "layers": ["arn:aws:lambda:eu-central-1:123456789012:layer:meter:7"],
            "environment": {
                "LOG_LEVEL": { "value": "info" },
                "PAYMENT_KEY": { "ref": "print-clerk/PAYMENT_KEY" },
                "TABLE": { "value": "orders" },
            },
        },
        "reserved_concurrency": 10,
        "aliases": ["live", "night"],
    }));
    for number in 0..40 {
        let cloud = Cloud::empty(&mut seed);
        let kept = settings(&mut seed, &cloud, number % 2 == 1);
        let reserved = *seed.pick(&[None, Some(0), Some(7)]);
        let version = seed.number(1..=99).to_string();
        let mut event = json!({
            "Configuration": configuration(&cloud.name, &version, &kept, "Active", "Successful", true),
            "Code": { "RepositoryType": "S3", "Location": "https://example.invalid/zip?X-Amz-Expires=600" },
        });
        if let Some(image) = &kept.image {
            let tag = format!("123456789012.dkr.ecr.eu-central-1.amazonaws.com/{}:live", cloud.name);
            event["Code"] = json!({ "RepositoryType": "ECR", "ImageUri": tag, "ResolvedImageUri": image });
        }
        if let Some(reserved) = reserved {
            event["Concurrency"] = json!({ "ReservedConcurrentExecutions": reserved });
        }
        let kind = if kept.image.is_some() { "an image, pushed under a tag" } else { "a zip" };
        let outcome = function
            .story(format!("version {version} of {}, {kind}", cloud.name))
            .invoke(json!({ "action": "manifest", "function": event, "plain": PLAIN, "aliases": ["live"] }));
        outcome.expect_json(cloud.manifest(&kept, reserved, &["live"]));
    }
}

#[test]
fn nobody_reads_a_secret_in_a_manifest_or_in_the_log() {
    let mut seed = Seed::at_run_time();
    let function = Function::start(binary!());
    for names in
        [["PAYMENT_KEY", "SINGER"], ["SINGER", "LOG_LEVEL_OF_THE_BANK"], ["log_level", "LOG"], ["MY_TABLE", "A1"]]
    {
        let mut event = fixture_json("lambda-api/get-function");
        let secrets = names.map(|_| secret(&mut seed));
        let (level, key_of) = (seed.name(), seed.name());
        let variables = json!({ "LOG_LEVEL": level, "KEY_OF": key_of, names[0]: secrets[0], names[1]: secrets[1] });
        event["Configuration"]["Environment"]["Variables"] = variables;
        let story = format!("LOG_LEVEL, TABLE, KEY_OF and GREETING are plain; {} and {} are not", names[0], names[1]);
        let outcome = function
            .story(story)
            .invoke(json!({ "action": "manifest", "function": event, "plain": PLAIN, "aliases": ["live"] }));
        for secret in &secrets {
            outcome.expect_payload_without(secret).expect_not_logged(secret);
        }
        outcome.expect_json_at(
            "/config/environment",
            json!({
                "LOG_LEVEL": { "value": level },
                "KEY_OF": { "value": key_of },
                names[0]: { "ref": format!("print-clerk/{}", names[0]) },
                names[1]: { "ref": format!("print-clerk/{}", names[1]) },
            }),
        );
    }
    let mut cloud = Cloud::empty(&mut seed);
    let (kept, mut now) = (settings(&mut seed, &cloud, false), settings(&mut seed, &cloud, false));
    now.environment.insert("PAYMENT_KEY".to_owned(), secret(&mut seed));
    cloud.release(&now);
    let outcome = plan(&function, "what is there has a secret", &cloud.manifest(&kept, None, &["live"]), &cloud);
    for secret in now.environment.iter().filter(|(name, _)| !is_plain(name)).map(|(_, value)| value) {
        outcome.expect_payload_without(secret).expect_not_logged(secret);
    }
}

#[test]
fn a_manifest_that_would_not_be_whole_is_none() {
    let mut seed = Seed::at_run_time();
    let function = Function::start(binary!());
    let ask = |story: &str, event: Value| {
        let plain = json!(["LOG_LEVEL"]);
        function
            .story(story)
            .invoke(json!({ "action": "manifest", "function": event, "plain": plain, "aliases": ["live"] }))
    };
    for name in ["lambda-api/get-function", "lambda-api/get-function-image"] {
        let mut event = fixture_json(name);
        event["Configuration"]["Description"] = json!(seed.name());
        event["Configuration"]["Version"] = json!("$LATEST");
        ask("what was uploaded last, and is no version", event.clone()).expect_error("NotPublished");
        event["Configuration"]["Version"] = json!(seed.number(1..=99).to_string());
        event["Configuration"]["Environment"] = json!({ "Error": { "ErrorCode": "AccessDeniedException", "Message": "The ciphertext refers to a key that you may not use" } });
        ask("Lambda was not allowed to decrypt the variables", event).expect_error("Incomplete");
    }
    let mut event = fixture_json("lambda-api/get-function-image");
    event["Configuration"]["Description"] = json!(seed.name());
    event["Code"] = json!({ "RepositoryType": "ECR", "ImageUri": event["Code"]["ImageUri"] });
    ask("an image of which only the tag is known", event).expect_error("Incomplete");
}

#[test]
fn does_nothing_when_all_is_as_it_was() {
    let mut seed = Seed::at_run_time();
    let function = Function::start(binary!());
    for number in 0..30 {
        let mut cloud = Cloud::empty(&mut seed);
        let kept = settings(&mut seed, &cloud, number % 3 == 2);
        cloud.reserved = *seed.pick(&[None, Some(0), Some(3)]);
        let (mut version, mut story) = (cloud.release(&kept), "live serves the release that was kept".to_owned());
        if number % 2 == 1 {
            let mut other = kept.clone();
            let what = change(&mut seed, &cloud, &mut other, number % CHANGES.len() as u64);
            cloud.release(&other);
            let again = cloud.release(&kept);
            cloud.release(&other);
            cloud.busy = *seed.pick(&[None, Some("update")]);
            story = format!("live serves it, and a newer version would; $LATEST has {what}");
            if number % 4 == 1 {
                (version, story) = (again, format!("live serves it, and an older version would; $LATEST has {what}"));
            }
        }
        cloud.alias("live", version, None);
        if number % 5 == 4 {
            cloud.pending = Some(version);
            story.push_str("; the version is still Pending");
        }
        let outcome = plan(&function, &story, &cloud.manifest(&kept, cloud.reserved, &["live"]), &cloud);
        outcome.expect_json(json!({ "steps": [] }));
    }
}

#[test]
fn makes_a_function_that_is_gone() {
    let mut seed = Seed::at_run_time();
    let function = Function::start(binary!());
    for number in 0..20 {
        let mut cloud = Cloud::empty(&mut seed);
        let kept = settings(&mut seed, &cloud, number % 2 == 1);
        let aliases: &[&str] = if number % 4 < 2 { &["live"] } else { &["live", "night"] };
        let reserved = *seed.pick(&[None, Some(0), Some(12)]);
        let kind = if kept.image.is_some() { "an image" } else { "a zip" };
        let story = format!("{} is gone; it was {kind} for {}", cloud.name, kept.architecture);
        let outcome = plan(&function, &story, &cloud.manifest(&kept, reserved, aliases), &cloud);
        carry_out(&outcome, &mut cloud);
        expect_serves(&outcome, &cloud, &kept, reserved, aliases);
        let mut expected = vec!["create", "publish"];
        expected.extend(aliases.iter().map(|_| "point_alias"));
        expected.extend(reserved.map(|_| "put_concurrency"));
        expect_deeds(&outcome, &expected);
    }
}

#[test]
fn changes_what_is_different_and_waits_before_the_next_change() {
    let mut seed = Seed::at_run_time();
    let function = Function::start(binary!());
    for number in 0..60 {
        let mut cloud = Cloud::empty(&mut seed);
        let kept = settings(&mut seed, &cloud, number % 4 == 3);
        let mut now = kept.clone();
        let first = number % CHANGES.len() as u64;
        let mut told = change(&mut seed, &cloud, &mut now, first).to_owned();
        let (mut code, mut config) = (first >= CONFIG, first < CONFIG);
        if number >= 20 {
            let second = if code { seed.number(0..=3) } else { seed.number(CONFIG..=CHANGES.len() as u64 - 1) };
            told = format!("{told}, {}", change(&mut seed, &cloud, &mut now, second));
            (code, config) = (true, true);
        }
        let version = cloud.release(&now);
        cloud.alias("live", version, None);
        cloud.busy = if number % 3 == 1 { Some("update") } else { None };
        let busy = if cloud.busy.is_some() { "; somebody's update is in progress" } else { "" };
        let outcome =
            plan(&function, &format!("now it has {told}{busy}"), &cloud.manifest(&kept, None, &["live"]), &cloud);
        carry_out(&outcome, &mut cloud);
        expect_serves(&outcome, &cloud, &kept, None, &["live"]);
        let mut expected = vec!["publish", "point_alias"];
        expected.extend(code.then_some("update_code"));
        expected.extend(config.then_some("update_config"));
        expect_deeds(&outcome, &expected);
    }
}

#[test]
fn publishes_what_was_uploaded_and_not_published() {
    let mut seed = Seed::at_run_time();
    let function = Function::start(binary!());
    for number in 0..12 {
        let mut cloud = Cloud::empty(&mut seed);
        let (kept, other) =
            (settings(&mut seed, &cloud, number % 2 == 1), settings(&mut seed, &cloud, number % 2 == 1));
        let version = cloud.release(&other);
        cloud.alias("live", version, None);
        cloud.latest = Some(kept.clone());
        cloud.busy = [None, Some("update"), Some("creation")][number as usize % 3];
        let busy = if cloud.busy.is_some() { ", just now" } else { "" };
        let story = format!("$LATEST is what was kept{busy}, and no version is");
        let outcome = plan(&function, &story, &cloud.manifest(&kept, None, &["live"]), &cloud);
        carry_out(&outcome, &mut cloud);
        expect_serves(&outcome, &cloud, &kept, None, &["live"]);
        expect_deeds(&outcome, &["publish", "point_alias"]);
    }
    for is_image in [false, true] {
        let mut cloud = Cloud::empty(&mut seed);
        let kept = settings(&mut seed, &cloud, is_image);
        cloud.release(&kept);
        cloud.versions.clear();
        cloud.unreadable = vec![0];
        let story = "$LATEST has the code that was kept, its variables cannot be read, and there are no versions";
        let outcome = plan(&function, story, &cloud.manifest(&kept, None, &["live"]), &cloud);
        carry_out(&outcome, &mut cloud);
        expect_serves(&outcome, &cloud, &kept, None, &["live"]);
        expect_deeds(&outcome, &["update_config", "publish", "point_alias"]);
    }
}

#[test]
fn takes_the_version_that_has_both_code_and_configuration() {
    let mut seed = Seed::at_run_time();
    let function = Function::start(binary!());
    for number in 0..40 {
        let mut cloud = Cloud::empty(&mut seed);
        let kept = settings(&mut seed, &cloud, number % 4 == 3);
        let (mut other_config, mut other_code) = (kept.clone(), kept.clone());
        let config = change(&mut seed, &cloud, &mut other_config, number % CONFIG);
        let code = change(&mut seed, &cloud, &mut other_code, CONFIG + number % 2);
        let mut order = [&kept, &other_config, &other_code];
        order.rotate_left(number as usize % 3);
        let numbers = order.map(|settings| cloud.release(settings));
        let right = numbers[order.iter().position(|settings| **settings == kept).expect("it is one of them")];
        let at = *seed.pick(&numbers);
        let served = if at == right { right } else { at };
        // Numbers are no positions: between these versions others were deleted.
        cloud.next += seed.number(0..=5);
        let last = cloud.release(&other_config);
        cloud.alias("live", if served == right { last } else { served }, None);
        let pending = number % 5 == 4;
        cloud.pending = pending.then_some(right);
        let state = if pending { ", Pending" } else { "" };
        let story = format!("version {right}{state} is what was kept; others have {config} or {code}");
        let outcome = plan(&function, &story, &cloud.manifest(&kept, None, &["live"]), &cloud);
        carry_out(&outcome, &mut cloud);
        expect_serves(&outcome, &cloud, &kept, None, &["live"]);
        expect_deeds(&outcome, &["point_alias"]);
    }
    for (is_image, is_bare) in [(false, false), (false, true), (true, false), (true, true)] {
        let mut cloud = Cloud::empty(&mut seed);
        let full = settings(&mut seed, &cloud, is_image);
        let bare = Settings { environment: BTreeMap::new(), ..full.clone() };
        let unreadable = cloud.release(&full);
        cloud.latest = Some(bare.clone());
        cloud.alias("live", unreadable, None);
        cloud.unreadable = vec![unreadable];
        let kept = if is_bare { bare } else { full };
        let story =
            "the variables of the version that live serves cannot be read, so nobody knows whether it is the one";
        let outcome = plan(&function, story, &cloud.manifest(&kept, None, &["live"]), &cloud);
        carry_out(&outcome, &mut cloud);
        expect_serves(&outcome, &cloud, &kept, None, &["live"]);
    }
}

#[test]
fn points_aliases_that_serve_anything_else() {
    let mut seed = Seed::at_run_time();
    let function = Function::start(binary!());
    for number in 0..24 {
        let mut cloud = Cloud::empty(&mut seed);
        let is_image = number % 3 == 2;
        let (kept, other) = (settings(&mut seed, &cloud, is_image), settings(&mut seed, &cloud, is_image));
        let (good, bad) = match number % 2 {
            0 => (cloud.release(&kept), cloud.release(&other)),
            _ => {
                let bad = cloud.release(&other);
                (cloud.release(&kept), bad)
            }
        };
        let weight = seed.number(1..=99) as f64 / 100.0;
        if number % 8 != 7 {
            cloud.alias("beta", bad, None);
        }
        let (story, expected): (&str, &[&str]) = match number % 4 {
            0 => {
                cloud.alias("live", good, Some((bad, weight)));
                cloud.alias("night", good, None);
                ("live serves it, and a part of its calls goes to another version; night serves it", &["point_alias"])
            }
            1 => {
                cloud.alias("live", good, None);
                ("live serves it, and there is no alias night", &["point_alias"])
            }
            2 => {
                cloud.alias("live", bad, Some((good, weight)));
                cloud.alias("night", bad, None);
                ("live serves it to a part of the calls, night to none", &["point_alias", "point_alias"])
            }
            _ if number % 8 == 3 => {
                cloud.latest = Some(kept.clone());
                cloud.alias("live", 0, None);
                cloud.alias("night", good, None);
                ("live serves $LATEST, which is as it was today; night serves the version", &["point_alias"])
            }
            _ => ("it is there, and there is neither live nor night", &["point_alias", "point_alias"]),
        };
        let beta = cloud.aliases.get("beta").cloned();
        let outcome = plan(&function, story, &cloud.manifest(&kept, None, &["live", "night"]), &cloud);
        carry_out(&outcome, &mut cloud);
        expect_serves(&outcome, &cloud, &kept, None, &["live", "night"]);
        expect_deeds(&outcome, expected);
        let same = cloud.aliases.get("beta") == beta.as_ref();
        outcome.expect("the alias beta, of which the manifest says nothing, is as it was", |_| same);
    }
}

#[test]
fn reserves_as_much_concurrency_as_there_was() {
    let mut seed = Seed::at_run_time();
    let function = Function::start(binary!());
    let some = seed.number(1..=900);
    for (kept, now, told) in [
        (None, Some(some), "none was reserved, now there is"),
        (None, Some(0), "none was reserved, now it is 0: somebody stopped the function"),
        (Some(0), None, "it was 0, which stops the function, and now it runs"),
        (Some(some), None, "some was reserved, and now there is none"),
        (Some(some), Some(0), "some was reserved, and now it is 0"),
        (Some(some), Some(some + 1), "one less was reserved"),
    ] {
        let mut cloud = Cloud::empty(&mut seed);
        let release = settings(&mut seed, &cloud, false);
        let version = cloud.release(&release);
        cloud.alias("live", version, None);
        cloud.reserved = now;
        let outcome = plan(&function, told, &cloud.manifest(&release, kept, &["live"]), &cloud);
        carry_out(&outcome, &mut cloud);
        expect_serves(&outcome, &cloud, &release, kept, &["live"]);
        expect_deeds(&outcome, &["put_concurrency"]);
    }
}

#[test]
fn makes_no_image_of_a_zip() {
    let mut seed = Seed::at_run_time();
    let function = Function::start(binary!());
    for is_image in [false, true] {
        let mut cloud = Cloud::empty(&mut seed);
        let (kept, now) = (settings(&mut seed, &cloud, is_image), settings(&mut seed, &cloud, !is_image));
        let version = cloud.release(&now);
        cloud.alias("live", version, None);
        let story = if is_image { "it was an image and is a zip" } else { "it was a zip and is an image" };
        let outcome = plan(&function, story, &cloud.manifest(&kept, None, &["live"]), &cloud);
        outcome.expect_error("PackageType");
    }
}

/// Any drift, and a plan that is broken off after any of its steps: a new one, made of what is there then, ends it.
#[test]
fn a_plan_that_was_broken_off_is_made_anew_and_ends() {
    let mut seed = Seed::at_run_time();
    let function = Function::start(binary!());
    for number in 0..120 {
        let mut cloud = Cloud::empty(&mut seed);
        let is_image = seed.number(0..=3) == 0;
        let kept = settings(&mut seed, &cloud, is_image);
        let mut now = kept.clone();
        let mut versions = Vec::new();
        for _ in 0..seed.number(0..=4) {
            let what = seed.number(0..=CHANGES.len() as u64 - 1);
            change(&mut seed, &cloud, &mut now, what);
            versions.push(cloud.release(if seed.number(0..=5) == 0 { &kept } else { &now }));
        }
        for name in ["live", "night"] {
            if !versions.is_empty() && seed.number(0..=3) > 0 {
                let (version, other) = (*seed.pick(&versions), *seed.pick(&versions));
                cloud.alias(name, version, (seed.number(0..=2) == 0 && other != version).then_some((other, 0.1)));
            }
        }
        if !versions.is_empty() {
            cloud.reserved = *seed.pick(&[None, Some(0), Some(5)]);
            cloud.busy = *seed.pick(&[None, None, Some("update")]);
        }
        let reserved = *seed.pick(&[None, Some(0), Some(5)]);
        let want = cloud.manifest(&kept, reserved, &["live", "night"]);
        for attempt in 1.. {
            let story = format!("world {number}, plan {attempt}: the one before was broken off in the middle");
            let outcome = plan(&function, &story, &want, &cloud);
            let steps = steps(&outcome);
            let carried = if attempt < 6 { seed.number(0..=steps.len() as u64) as usize } else { steps.len() };
            carry_out_first(&outcome, &mut cloud, &steps[..carried]);
            if carried == steps.len() {
                expect_serves(&outcome, &cloud, &kept, reserved, &["live", "night"]);
                break;
            }
        }
        let outcome = plan(&function, "a plan for what was just restored", &want, &cloud);
        outcome.expect_json(json!({ "steps": [] }));
    }
}

//! Every fixture is what its name says: it deserializes into the type that its service's events have, and a sample
//! that is broken on purpose does not.

use std::fs;
use std::path::PathBuf;

use aws_lambda_events::alb::AlbTargetGroupRequest;
use aws_lambda_events::apigw::{ApiGatewayCustomAuthorizerRequest, ApiGatewayProxyRequest, ApiGatewayV2httpRequest};
use aws_lambda_events::dynamodb;
use aws_lambda_events::eventbridge::EventBridgeEvent;
use aws_lambda_events::s3::S3Event;
use aws_lambda_events::sns::SnsEvent;
use aws_lambda_events::sqs::SqsEvent;
use course::{fixture_json, root};
use serde::de::DeserializeOwned;
use serde_json::Value;

fn folder() -> PathBuf {
    root().join("exercises/fixtures")
}

fn names() -> Vec<String> {
    let mut names = Vec::new();
    for service in fs::read_dir(folder()).expect("the fixtures").flatten().filter(|entry| entry.path().is_dir()) {
        for file in fs::read_dir(service.path()).expect("a service's fixtures").flatten() {
            let path = file.path();
            // `deploy` has a folder for each function, with templates that other tools check.
            if path.is_dir() {
                continue;
            }
            assert!(path.extension().is_some_and(|extension| extension == "json"), "{} is not JSON", path.display());
            let stem = path.file_stem().expect("a name").to_string_lossy();
            names.push(format!("{}/{stem}", service.file_name().to_string_lossy()));
        }
    }
    names.sort();
    names
}

fn is<T: DeserializeOwned>(event: Value) -> Result<(), String> {
    serde_json::from_value::<T>(event).map(drop).map_err(|error| error.to_string())
}

fn deserialize(name: &str) -> Result<(), String> {
    let event = fixture_json(name);
    match name.split_once('/').map(|(service, _)| service) {
        Some("alb") => is::<AlbTargetGroupRequest>(event),
        Some("apigateway") if event["version"] == "2.0" => is::<ApiGatewayV2httpRequest>(event),
        Some("apigateway") if event["type"] == "TOKEN" => is::<ApiGatewayCustomAuthorizerRequest>(event),
        Some("apigateway") => is::<ApiGatewayProxyRequest>(event),
        Some("dynamodb") => is::<dynamodb::Event>(event),
        Some("eventbridge") => is::<EventBridgeEvent>(event),
        Some("s3") => is::<S3Event>(event),
        Some("sns") => is::<SnsEvent>(event),
        Some("sqs") => is::<SqsEvent>(event),
        // No event: what the Invoke API answers, in the members that its model names.
        Some("lambda-invoke") => is_invoke_result(&event),
        // No event either: what the function's own API answers, in the members that matter to the exercises.
        Some("lambda-api") => is_get_function(&event),
        Some("data") => is_dated(&event),
        Some("vectors") => is_vectors(&event),
        // A list of advisories as the exercise about dependencies reads it.
        Some("advisories") => is_advisories(&event),
        // A log as the exercise about reports gets it.
        Some("logs") => is_log(&event),
        _ => Err("no type is known for this folder: name it in this test".to_owned()),
    }
}

fn is_invoke_result(result: &Value) -> Result<(), String> {
    const MEMBERS: [&str; 5] = ["ExecutedVersion", "FunctionError", "LogResult", "Payload", "StatusCode"];
    let parts = result.as_object().ok_or("is no object")?;
    match parts.keys().find(|part| !MEMBERS.contains(&part.as_str())) {
        Some(part) => Err(format!("{part} is no member of the API's InvocationResponse")),
        None => parts.get("StatusCode").and_then(Value::as_u64).map(drop).ok_or("has no StatusCode".to_owned()),
    }
}

/// The members are those that API_GetFunction names, and a package is either a zip or an image.
fn is_get_function(answer: &Value) -> Result<(), String> {
    const MEMBERS: [&str; 4] = ["Code", "Concurrency", "Configuration", "Tags"];
    let parts = answer.as_object().ok_or("is no object")?;
    if let Some(part) = parts.keys().find(|part| !MEMBERS.contains(&part.as_str())) {
        return Err(format!("{part} is no member of the API's GetFunctionResponse"));
    }
    let configuration = &answer["Configuration"];
    for text in ["CodeSha256", "FunctionArn", "FunctionName", "LastModified", "RevisionId", "Role", "State", "Version"]
    {
        configuration[text].as_str().ok_or(format!("Configuration has no {text}"))?;
    }
    for number in ["MemorySize", "Timeout"] {
        configuration[number].as_u64().ok_or(format!("Configuration has no {number}"))?;
    }
    let (code, is_image) = (&answer["Code"], configuration["PackageType"] == "Image");
    let is_whole = match is_image {
        true => code["ResolvedImageUri"].is_string() && configuration["Runtime"].is_null(),
        false => code["Location"].is_string() && configuration["Runtime"].is_string(),
    };
    if is_whole { Ok(()) } else { Err("code and runtime are not those of its package type".to_owned()) }
}

fn is_advisories(list: &Value) -> Result<(), String> {
    for field in ["as_of", "source"] {
        list[field].as_str().ok_or(format!("says no {field}"))?;
    }
    let advisories = list["advisories"].as_array().ok_or("has no list of advisories")?;
    let is_whole = |it: &Value| it["id"].is_string() && it["package"].is_string() && it["patched"].is_array();
    if !advisories.is_empty() && advisories.iter().all(is_whole) {
        Ok(())
    } else {
        Err("an advisory has no id, package or patches".to_owned())
    }
}

fn is_log(event: &Value) -> Result<(), String> {
    let lines = event["lines"].as_array().ok_or("no lines")?;
    let is_report = |line: &Value| line.as_str().is_some_and(|line| line.starts_with("REPORT RequestId: "));
    if !lines.is_empty() && lines.iter().all(is_report) { Ok(()) } else { Err("a line is no report".to_owned()) }
}

fn is_dated(facts: &Value) -> Result<(), String> {
    let facts = facts.as_object().ok_or("is no object")?;
    for (name, fact) in facts {
        for part in ["as_of", "source", "unit"] {
            if !fact[part].is_string() {
                return Err(format!("{name} does not say {part}"));
            }
        }
        if fact["value"].is_null() {
            return Err(format!("{name} has no value"));
        }
    }
    Ok(())
}

/// Inputs and outputs of a widget's formula: `theme/widgets` has one of the name, and every case has both.
fn is_vectors(vectors: &Value) -> Result<(), String> {
    let widget = vectors["widget"].as_str().ok_or("does not say which widget")?;
    let writer = vectors["written_by"].as_str().ok_or("does not say who wrote it")?;
    for path in [format!("theme/widgets/{widget}.js"), writer.to_owned()] {
        if !root().join(&path).exists() {
            return Err(format!("there is no {path}"));
        }
    }
    let cases = vectors["cases"].as_array().ok_or("has no cases")?;
    let whole = |case: &Value| case["input"].is_object() && case["output"].is_object();
    if cases.iter().all(whole) { Ok(()) } else { Err("a case lacks its input or output".to_owned()) }
}

#[test]
fn every_fixture_is_of_its_services_type_unless_its_name_says_that_it_is_broken() {
    let names = names();
    assert!(names.len() >= 14, "the fixtures were not found: {names:?}");
    for name in names {
        let result = deserialize(&name);
        if name.contains("truncated") {
            assert!(result.is_err(), "{name} is no longer broken");
        } else {
            assert_eq!(result, Ok(()), "{name}");
        }
    }
}

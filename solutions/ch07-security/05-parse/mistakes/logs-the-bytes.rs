//! caught-by: shows_nothing_of_what_was_typed
//!
//! A list of bytes is the text, for whoever can count.
#![allow(unused)]

#[path = "../src/http.rs"]
mod http;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use http::{Answer, Request};
use lambda_runtime::{Error, LambdaEvent, run, service_fn};
use serde::{Deserialize, Serialize};
use serde_json::json;

/// The most bytes of a form.
const MOST_BYTES: usize = 4096;

/// The most characters that so many bytes are in base64: four for each three bytes begun.
const MOST_IN_BASE64: usize = MOST_BYTES.div_ceil(3) * 4;

/// The form as it was typed: of the right shape, and nothing else is known.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Form {
    login: String,
    name: String,
    mail: String,
    age: i64,
}

/// Somebody whom the club may take. There is no way to one but through the rules.
#[derive(Serialize)]
struct Customer {
    login: Login,
    name: Name,
    mail: Mail,
    age: Age,
}

enum Refusal {
    TooLarge,
    Malformed,
    /// The fields that break a rule, in the order of the form.
    Invalid(Vec<&'static str>),
}

#[tokio::main]
async fn main() -> Result<(), Error> {
    run(service_fn(sign_up)).await
}

async fn sign_up(event: LambdaEvent<Request>) -> Result<Answer, Error> {
    let customer = read(event.payload).and_then(Customer::try_from);
    let answer = match &customer {
        Ok(customer) => Answer::new(201, customer),
        Err(Refusal::TooLarge) => Answer::new(413, &json!({ "error": "too large" })),
        Err(Refusal::Malformed) => Answer::new(400, &json!({ "error": "malformed" })),
        Err(Refusal::Invalid(fields)) => Answer::new(422, &json!({ "error": "invalid", "fields": fields })),
    };
    println!("sign-up: {}", answer.status_code);
    Ok(answer)
}

/// The form in a request. What costs nothing to know comes first: a large body is not looked into.
fn read(request: Request) -> Result<Form, Refusal> {
    let body = request.body.ok_or(Refusal::Malformed)?;
    let most = if request.is_base64_encoded { MOST_IN_BASE64 } else { MOST_BYTES };
    if body.len() > most {
        return Err(Refusal::TooLarge);
    }
    let bytes = match request.is_base64_encoded {
        true => STANDARD.decode(body).map_err(|_| Refusal::Malformed)?,
        false => body.into_bytes(),
    };
    println!("{bytes:?}");
    if bytes.len() > MOST_BYTES {
        return Err(Refusal::TooLarge);
    }
    // The error quotes what was typed; nobody gets to see it.
    serde_json::from_slice(&bytes).map_err(|_| Refusal::Malformed)
}

impl TryFrom<Form> for Customer {
    type Error = Refusal;

    fn try_from(form: Form) -> Result<Customer, Refusal> {
        match (Login::parse(form.login), Name::parse(&form.name), Mail::parse(&form.mail), Age::parse(form.age)) {
            (Some(login), Some(name), Some(mail), Some(age)) => Ok(Customer { login, name, mail, age }),
            (login, name, mail, age) => {
                let refused = [
                    ("login", login.is_none()),
                    ("name", name.is_none()),
                    ("mail", mail.is_none()),
                    ("age", age.is_none()),
                ];
                Err(Refusal::Invalid(
                    refused.into_iter().filter(|(_, refused)| *refused).map(|(field, _)| field).collect(),
                ))
            }
        }
    }
}

#[derive(Serialize)]
struct Login(String);

impl Login {
    /// ASCII only, so that no two logins look the same and are not.
    fn parse(typed: String) -> Option<Login> {
        let is_allowed = |c: u8| matches!(c, b'a'..=b'z' | b'0'..=b'9' | b'-');
        let begins_well = typed.starts_with(|c: char| c.is_ascii_lowercase());
        (begins_well && (3..=20).contains(&typed.len()) && typed.bytes().all(is_allowed)).then_some(Login(typed))
    }
}

#[derive(Serialize)]
struct Name(String);

impl Name {
    fn parse(typed: &str) -> Option<Name> {
        let name = typed.trim();
        let is_long_enough = (1..=40).contains(&name.chars().count());
        (is_long_enough && !name.contains(char::is_control)).then(|| Name(name.to_owned()))
    }
}

/// An address whose domain is in small letters.
#[derive(Serialize)]
struct Mail(String);

impl Mail {
    fn parse(typed: &str) -> Option<Mail> {
        // Everything that is allowed is ASCII: bytes are characters.
        let (local, domain) = typed.split_once('@')?;
        let is_of_local = |c: u8| c.is_ascii_alphanumeric() || b"._%+-".contains(&c);
        let is_label = |label: &str| {
            (1..=63).contains(&label.len())
                && label.bytes().all(|c| c.is_ascii_alphanumeric() || c == b'-')
                && !label.starts_with('-')
                && !label.ends_with('-')
        };
        let is_address = typed.len() <= 254
            && (1..=64).contains(&local.len())
            && local.bytes().all(is_of_local)
            && domain.contains('.')
            && domain.split('.').all(is_label);
        is_address.then(|| Mail(format!("{local}@{}", domain.to_ascii_lowercase())))
    }
}

// ANCHOR: newtype
#[derive(Serialize)]
struct Age(u8);

impl Age {
    fn parse(typed: i64) -> Option<Age> {
        u8::try_from(typed).ok().filter(|age| (16..=120).contains(age)).map(Age)
    }
}
// ANCHOR_END: newtype

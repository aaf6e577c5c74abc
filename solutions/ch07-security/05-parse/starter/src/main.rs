//! Takes those who sign up for the print club.

mod http;

use http::{Answer, Request};
use lambda_runtime::{Error, LambdaEvent, run, service_fn};
use serde::{Deserialize, Serialize};
use serde_json::json;

/// The most bytes of a form.
const MOST_BYTES: usize = 4096;

/// The form as it was typed.
#[derive(Debug, Deserialize)]
struct Form {
    login: String,
    name: String,
    mail: String,
    age: i64,
}

/// Somebody whom the club may take.
#[derive(Serialize)]
struct Customer {
    // TODO: types that nobody can make of a wrong text or number.
    login: String,
    name: String,
    mail: String,
    age: i64,
}

#[tokio::main]
async fn main() -> Result<(), Error> {
    run(service_fn(sign_up)).await
}

async fn sign_up(event: LambdaEvent<Request>) -> Result<Answer, Error> {
    let Request { body, is_base64_encoded } = event.payload;
    // TODO: no body, and a body that comes in base64.
    let body = body.unwrap_or_default();
    // TODO: how large may it be, and when is it too late to ask?
    println!("{} characters, base64: {is_base64_encoded}; at most {MOST_BYTES} bytes are wanted", body.len());
    // TODO: what is no form, and what of that may be said to whom?
    let form: Form = match serde_json::from_str(&body) {
        Ok(form) => form,
        Err(error) => return Ok(Answer::new(400, &json!({ "error": error.to_string() }))),
    };
    println!("{form:?}");
    // TODO: the rules of each field, and the names of all fields that break one.
    let customer = Customer { login: form.login, name: form.name, mail: form.mail, age: form.age };
    Ok(Answer::new(201, &customer))
}

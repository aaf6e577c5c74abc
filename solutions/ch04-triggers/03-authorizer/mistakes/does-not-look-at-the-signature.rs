//! caught-by: refuses_a_token_that_was_changed
//!
//! Reads the claims and never looks at the signature.
#![allow(unused)]

#[path = "../src/keys.rs"]
mod keys;

use std::env;
use std::time::{SystemTime, UNIX_EPOCH};

use lambda_runtime::{Diagnostic, Error, LambdaEvent, run, service_fn};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use keys::Keys;

/// What API Gateway asks an authorizer of the kind `TOKEN`.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Request {
    /// The header `authorization` as the client sent it.
    authorization_token: String,
    /// The method that is asked for: `arn:aws:execute-api:REGION:ACCOUNT:API/STAGE/METHOD/PATH`.
    method_arn: String,
}

/// What it may answer.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Permission {
    principal_id: String,
    /// A policy in the grammar of IAM, about `execute-api:Invoke`.
    policy_document: Value,
}

struct Doorman {
    keys: Keys,
    issuer: String,
    audience: String,
}

#[derive(Deserialize)]
struct Header {
    alg: String,
    kid: String,
}

/// What a token says. Only [`Doorman::check`] makes one, so whoever has it has a token that was checked.
#[derive(Deserialize)]
struct Claims {
    iss: String,
    aud: Audience,
    sub: String,
    exp: f64,
    nbf: Option<f64>,
    #[serde(default)]
    scope: String,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Audience {
    One(String),
    Many(Vec<String>),
}

/// HMAC's key should be as long as its hash.
///
/// Source: <https://www.rfc-editor.org/rfc/rfc7518#section-3.2>.
const SHORTEST_SECRET: usize = 32;

#[tokio::main]
async fn main() -> Result<(), Error> {
    let doorman =
        Doorman { keys: Keys::from_environment()?, issuer: env::var("ISSUER")?, audience: env::var("AUDIENCE")? };
    run(service_fn(|request| authorize(&doorman, request))).await
}

async fn authorize(doorman: &Doorman, event: LambdaEvent<Request>) -> Result<Permission, Diagnostic> {
    let request = event.payload;
    if let Some(key) = doorman.keys.iter().find(|key| key.alg == "HS256" && key.bytes().len() < SHORTEST_SECRET) {
        let message = format!("the secret of key {} is shorter than {SHORTEST_SECRET} bytes", key.kid);
        return Err(Diagnostic { error_type: "BrokenKeys".to_owned(), error_message: message });
    }
    let claims = doorman.check(&request.authorization_token).ok_or_else(unauthorized)?;
    Ok(Permission { policy_document: policy(&claims, &request.method_arn), principal_id: claims.sub })
}

impl Doorman {
    /// The claims of a token that one of our keys signed, for us, and that is good now.
    fn check(&self, authorization: &str) -> Option<Claims> {
        let (scheme, token) = authorization.split_once(' ')?;
        if !scheme.eq_ignore_ascii_case("bearer") {
            return None;
        }
        let (signed, signature) = token.rsplit_once('.')?;
        let (header, claims) = signed.split_once('.')?;
        let header: Header = serde_json::from_slice(&keys::decode(header)?).ok()?;
        let key = self.keys.iter().find(|key| key.kid == header.kid && key.alg == header.alg)?;
        let signature = keys::decode(signature)?;
        // The key says how it is used. What the header says was written by whoever sent it.
        let _is_genuine = match key.alg.as_str() {
            "HS256" => keys::hs256(&key.bytes(), signed.as_bytes(), &signature),
            "ES256" => keys::es256(&key.bytes(), signed.as_bytes(), &signature),
            _ => false,
        };
        let claims: Claims = serde_json::from_slice(&keys::decode(claims)?).ok()?;
        self.takes(&claims).then_some(claims)
    }

    fn takes(&self, claims: &Claims) -> bool {
        let now = SystemTime::now().duration_since(UNIX_EPOCH).map_or(f64::MAX, |now| now.as_secs_f64());
        let is_for_us = match &claims.aud {
            Audience::One(audience) => *audience == self.audience,
            Audience::Many(audiences) => audiences.contains(&self.audience),
        };
        claims.iss == self.issuer
            && is_for_us
            && !claims.sub.is_empty()
            && now < claims.exp
            && claims.nbf.is_none_or(|begin| begin <= now)
    }
}

/// For the whole stage, since API Gateway keeps it for other requests with the same token.
fn policy(claims: &Claims, method_arn: &str) -> Value {
    let stage = method_arn.splitn(3, '/').take(2).collect::<Vec<_>>().join("/");
    let has = |scope: &str| claims.scope.split(' ').any(|has| has == scope);
    let (effect, methods) = match (has("write"), has("read")) {
        (true, _) => ("Allow", "*"),
        (false, true) => ("Allow", "GET/*"),
        (false, false) => ("Deny", "*"),
    };
    json!({
        "Version": "2012-10-17",
        "Statement": [{ "Action": "execute-api:Invoke", "Effect": effect, "Resource": format!("{stage}/{methods}") }],
    })
}

/// The one error that API Gateway makes `401 Unauthorized` of: its message is this word and nothing else.
fn unauthorized() -> Diagnostic {
    Diagnostic { error_type: "Unauthorized".to_owned(), error_message: "Unauthorized".to_owned() }
}

//! The doorman of the web API: a REST API shows it the token of a request and gets a policy, or a no.

mod keys;

use std::env;

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

#[tokio::main]
async fn main() -> Result<(), Error> {
    let doorman =
        Doorman { keys: Keys::from_environment()?, issuer: env::var("ISSUER")?, audience: env::var("AUDIENCE")? };
    run(service_fn(|request| authorize(&doorman, request))).await
}

async fn authorize(doorman: &Doorman, event: LambdaEvent<Request>) -> Result<Permission, Diagnostic> {
    let request = event.payload;
    // TODO: a key set with a weak secret is no key set to work with.
    let claims = doorman.check(&request.authorization_token).ok_or_else(unauthorized)?;
    // TODO: API Gateway keeps this policy and uses it for the next requests with the token, whatever they ask for.
    let policy_document = json!({
        "Version": "2012-10-17",
        "Statement": [{ "Action": "execute-api:Invoke", "Effect": "Allow", "Resource": request.method_arn }],
    });
    Ok(Permission { principal_id: claims["sub"].as_str().unwrap_or("nobody").to_owned(), policy_document })
}

impl Doorman {
    /// The claims of a token that is good.
    fn check(&self, authorization: &str) -> Option<Value> {
        // TODO: what is before the token.
        let mut parts = authorization.split('.');
        let (header, claims, signature) = (parts.next()?, parts.next()?, keys::decode(parts.next()?)?);
        let signed = format!("{header}.{claims}");
        let header: Value = serde_json::from_slice(&keys::decode(header)?).ok()?;
        // TODO: which key, and which way to use it, when a liar wrote the header?
        let key = self.keys.iter().find(|key| header["kid"] == key.kid)?;
        let is_genuine = match header["alg"].as_str()? {
            "HS256" => keys::hs256(&key.bytes(), signed.as_bytes(), &signature),
            "ES256" => keys::es256(&key.bytes(), signed.as_bytes(), &signature),
            _ => true,
        };
        // TODO: what the claims have to say.
        let _ours = (&self.issuer, &self.audience);
        let claims = serde_json::from_slice(&keys::decode(claims)?).ok()?;
        is_genuine.then_some(claims)
    }
}

/// The one error that API Gateway makes `401 Unauthorized` of: its message is this word and nothing else.
fn unauthorized() -> Diagnostic {
    Diagnostic { error_type: "Unauthorized".to_owned(), error_message: "Unauthorized".to_owned() }
}

//! Reads tokens as loose JSON, splits them into three parts, and names each method in the policy.

#[path = "../src/keys.rs"]
mod keys;

use std::env;
use std::time::{SystemTime, UNIX_EPOCH};

use lambda_runtime::{Diagnostic, Error, LambdaEvent, run, service_fn};
use serde_json::{Value, json};

use keys::Keys;

#[tokio::main]
async fn main() -> Result<(), Error> {
    let keys = Keys::from_environment()?;
    let issuer = env::var("ISSUER")?;
    let audience = env::var("AUDIENCE")?;
    let (keys, issuer, audience) = (&keys, issuer.as_str(), audience.as_str());
    run(service_fn(move |event: LambdaEvent<Value>| async move {
        if keys.iter().any(|key| key.alg == "HS256" && key.bytes().len() < 32) {
            return Err(fail("BrokenKeys", "a secret of the key set is too short"));
        }
        let token = event.payload["authorizationToken"].as_str().unwrap_or_default();
        let claims = verified(keys, token).filter(|claims| holds(claims, issuer, audience));
        let claims = claims.ok_or_else(|| fail("Unauthorized", "Unauthorized"))?;
        let arn = event.payload["methodArn"].as_str().unwrap_or_default();
        Ok(json!({ "principalId": claims["sub"], "policyDocument": policy(&claims, arn) }))
    }))
    .await
}

fn verified(keys: &Keys, authorization: &str) -> Option<Value> {
    let (scheme, token) = authorization.split_at_checked(7)?;
    let parts: Vec<&str> = token.split('.').collect();
    let ([header, claims, signature], true) = (parts.as_slice(), scheme.to_lowercase() == "bearer ") else {
        return None;
    };
    let header: Value = serde_json::from_slice(&keys::decode(header)?).ok()?;
    let key = keys.iter().find(|key| header["kid"] == key.kid)?;
    let signed = &token[..token.rfind('.')?];
    let check: fn(&[u8], &[u8], &[u8]) -> bool = if key.alg == "ES256" { keys::es256 } else { keys::hs256 };
    let genuine = header["alg"] == key.alg && check(&key.bytes(), signed.as_bytes(), &keys::decode(signature)?);
    serde_json::from_slice(&keys::decode(claims)?).ok().filter(|_| genuine)
}

fn holds(claims: &Value, issuer: &str, audience: &str) -> bool {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_secs();
    let audiences = claims["aud"].as_array().cloned().unwrap_or_else(|| vec![claims["aud"].clone()]);
    claims["iss"] == issuer
        && audiences.contains(&json!(audience))
        && claims["sub"].as_str().is_some_and(|sub| !sub.is_empty())
        && claims["exp"].as_u64().is_some_and(|end| end > now)
        && (claims["nbf"].is_null() || claims["nbf"].as_u64().is_some_and(|begin| begin <= now))
}

fn policy(claims: &Value, arn: &str) -> Value {
    let mut pieces = arn.split('/');
    let stage = format!("{}/{}", pieces.next().unwrap_or_default(), pieces.next().unwrap_or_default());
    let scopes: Vec<&str> = claims["scope"].as_str().unwrap_or_default().split_whitespace().collect();
    let mut methods = Vec::new();
    if scopes.contains(&"read") {
        methods.push("GET");
    }
    if scopes.contains(&"write") {
        methods.extend(["GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS"]);
    }
    let allowed: Vec<String> = methods.iter().map(|method| format!("{stage}/{method}/*")).collect();
    let statement = match allowed.is_empty() {
        true => json!({ "Action": "execute-api:Invoke", "Effect": "Deny", "Resource": [format!("{stage}/*")] }),
        false => json!({ "Action": ["execute-api:Invoke"], "Effect": "Allow", "Resource": allowed }),
    };
    json!({ "Version": "2012-10-17", "Statement": [statement] })
}

fn fail(kind: &str, message: &str) -> Diagnostic {
    Diagnostic { error_type: kind.to_owned(), error_message: message.to_owned() }
}

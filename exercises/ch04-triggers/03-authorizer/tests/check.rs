//! Whom the doorman lets in, and what the permission says that API Gateway keeps.

use std::time::{SystemTime, UNIX_EPOCH};

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use course::{Seed, fixture_json};
use local_lambda::{Event, Function, Outcome, binary};
use ring::hmac;
use ring::rand::SystemRandom;
use ring::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair};
use serde_json::{Value, json};

const ISSUER: &str = "https://accounts.ferris-prints.example";
const AUDIENCE: &str = "ferris-prints-api";
const GET_ORDER: &str = "arn:aws:execute-api:eu-central-1:123456789012:0ldr3st4p1/prod/GET/orders/1042";

/// The issuer of tokens: a secret that it shares with the doorman, and a key of which the doorman has the public half.
struct Issuer {
    secret: Vec<u8>,
    pair: EcdsaKeyPair,
}

impl Issuer {
    fn new(seed: &mut Seed) -> Issuer {
        let random = SystemRandom::new();
        let algorithm = &ECDSA_P256_SHA256_FIXED_SIGNING;
        let key = EcdsaKeyPair::generate_pkcs8(algorithm, &random).expect("a new key");
        let pair = EcdsaKeyPair::from_pkcs8(algorithm, key.as_ref(), &random).expect("the key that was made");
        let secret = (0..32).map(|_| seed.number(0..=255) as u8).collect();
        Issuer { secret, pair }
    }

    /// The public point, which everybody may know.
    fn point(&self) -> &[u8] {
        self.pair.public_key().as_ref()
    }

    fn keys(&self) -> Value {
        json!({ "keys": [
            { "kid": "till", "kty": "oct", "alg": "HS256", "k": encode(&self.secret) },
            {
                "kid": "accounts", "kty": "EC", "crv": "P-256", "alg": "ES256",
                "x": encode(&self.point()[1..33]), "y": encode(&self.point()[33..]),
            },
        ] })
    }

    fn doorman(&self) -> Function {
        doorman(&self.keys())
    }

    /// A token whose signature is right for the key of this name.
    fn token(&self, kid: &str, claims: &Value) -> String {
        let alg = if kid == "till" { "HS256" } else { "ES256" };
        self.sign(kid, &unsigned(&json!({ "typ": "JWT", "alg": alg, "kid": kid }), claims))
    }

    /// Header and claims, whatever they are, with a signature that is right for the key of this name.
    fn sign(&self, kid: &str, signed: &str) -> String {
        let signature = match kid {
            "till" => hmac_of(&self.secret, signed),
            _ => {
                let signature = self.pair.sign(&SystemRandom::new(), signed.as_bytes()).expect("a signature");
                encode(signature.as_ref())
            }
        };
        format!("{signed}.{signature}")
    }
}

fn doorman(keys: &Value) -> Function {
    Function::builder(binary!()).env("KEYS", keys.to_string()).env("ISSUER", ISSUER).env("AUDIENCE", AUDIENCE).start()
}

fn encode(bytes: &[u8]) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}

fn unsigned(header: &Value, claims: &Value) -> String {
    format!("{}.{}", encode(header.to_string().as_bytes()), encode(claims.to_string().as_bytes()))
}

fn hmac_of(secret: &[u8], signed: &str) -> String {
    encode(hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, secret), signed.as_bytes()).as_ref())
}

fn now() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |now| now.as_secs())
}

/// What a good token says.
fn claims(seed: &mut Seed) -> Value {
    let sub = format!("{}-{}", seed.name(), seed.number(1..=99));
    json!({ "iss": ISSUER, "aud": AUDIENCE, "sub": sub, "exp": now() + 300, "scope": "profile read" })
}

fn with(claims: &Value, name: &str, value: Value) -> Value {
    let mut claims = claims.clone();
    claims[name] = value;
    claims
}

fn asking(authorization: &str, method: &str) -> Event {
    let mut event = fixture_json("apigateway/token-authorizer");
    event["authorizationToken"] = json!(authorization);
    event["methodArn"] = json!(method);
    Event::named("apigateway/token-authorizer, with another token", event)
}

#[track_caller]
fn expect_unauthorized(outcome: &Outcome) {
    let error = outcome.expect_function_error();
    let message = error.message.clone();
    outcome
        .expect("the error's message is Unauthorized, which API Gateway makes 401 of", |_| message == "Unauthorized");
}

/// As API Gateway reads it: an Allow for this method, and no Deny.
fn allows(policy: &Value, method: &str) -> bool {
    let list = |value: &Value| value.as_array().cloned().unwrap_or_else(|| vec![value.clone()]);
    let applies = |statement: &&Value, effect: &str| {
        statement["Effect"] == effect
            && list(&statement["Action"]).iter().any(|action| {
                let action = action.as_str().unwrap_or_default().to_lowercase();
                glob(action.as_bytes(), b"execute-api:invoke")
            })
            && list(&statement["Resource"])
                .iter()
                .any(|resource| glob(resource.as_str().unwrap_or_default().as_bytes(), method.as_bytes()))
    };
    let statements = list(&policy["Statement"]);
    statements.iter().any(|it| applies(&it, "Allow")) && !statements.iter().any(|it| applies(&it, "Deny"))
}

fn glob(pattern: &[u8], text: &[u8]) -> bool {
    match (pattern.split_first(), text.split_first()) {
        (Some((b'*', rest)), _) => glob(rest, text) || text.split_first().is_some_and(|(_, text)| glob(pattern, text)),
        (Some((wanted, pattern)), Some((got, text))) => (wanted == got || *wanted == b'?') && glob(pattern, text),
        (None, None) => true,
        _ => false,
    }
}

/// The permission, cached, lets a request for this method pass, or not.
#[track_caller]
fn expect_policy(outcome: &Outcome, method: &str, passes: bool) {
    let short = method.split_once(':').map_or(method, |_| method.rsplit(':').next().unwrap_or(method));
    let words = if passes { "allows" } else { "does not allow" };
    outcome.expect_that(&format!("the policy {words} {short}"), |answer| {
        answer["policyDocument"]["Statement"].is_array() && allows(&answer["policyDocument"], method) == passes
    });
}

#[test]
fn lets_a_customer_in_with_a_token_of_either_key() {
    let mut seed = Seed::at_run_time();
    let issuer = Issuer::new(&mut seed);
    let doorman = issuer.doorman();
    for kid in ["till", "accounts"] {
        for aud in [json!(AUDIENCE), json!(["somebody-else", AUDIENCE])] {
            let claims = with(&claims(&mut seed), "aud", aud);
            let token = issuer.token(kid, &claims);
            let outcome = doorman
                .story(format!("a customer shows a token of the key {kid}"))
                .invoke(asking(&format!("Bearer {token}"), GET_ORDER));
            outcome.expect_json_at("/principalId", claims["sub"].clone());
            expect_policy(&outcome, GET_ORDER, true);
        }
    }
}

#[test]
fn takes_the_scheme_in_any_case_and_no_other_scheme() {
    let mut seed = Seed::at_run_time();
    let issuer = Issuer::new(&mut seed);
    let doorman = issuer.doorman();
    let token = issuer.token("till", &claims(&mut seed));
    for scheme in ["bearer", "BEARER", "Bearer"] {
        let story = format!("a customer writes {scheme}");
        expect_policy(&doorman.story(story).invoke(asking(&format!("{scheme} {token}"), GET_ORDER)), GET_ORDER, true);
    }
    for (story, authorization) in [
        ("without a scheme", token.clone()),
        ("with another scheme", format!("Basic {token}")),
        ("with no blank after the scheme", format!("Bearer{token}")),
        ("with a tab after the scheme", format!("Bearer\t{token}")),
        ("with two blanks after the scheme", format!("Bearer  {token}")),
        ("and no token after the scheme", "Bearer ".to_owned()),
    ] {
        let outcome = doorman.story(format!("a header {story}")).invoke(asking(&authorization, GET_ORDER));
        expect_unauthorized(&outcome);
    }
}

#[test]
fn refuses_a_token_that_was_changed() {
    let mut seed = Seed::at_run_time();
    let issuer = Issuer::new(&mut seed);
    let doorman = issuer.doorman();
    let claims = claims(&mut seed);
    for kid in ["till", "accounts"] {
        let token = issuer.token(kid, &claims);
        let (signed, signature) = token.rsplit_once('.').expect("a token has dots");
        let header = signed.split_once('.').expect("a token has dots").0;
        let richer = encode(with(&claims, "scope", json!("write")).to_string().as_bytes());
        let other = issuer.token(kid, &with(&claims, "sub", json!("somebody-else")));
        let others_signature = other.rsplit_once('.').expect("a token has dots").1;
        for (story, token) in [
            ("with more in its scope", format!("{header}.{richer}.{signature}")),
            ("with the signature of another token", format!("{signed}.{others_signature}")),
            ("with half of its signature", format!("{signed}.{}", &signature[..signature.len() / 2 - 2])),
            ("without its signature", format!("{signed}.")),
            ("in two parts", signed.to_owned()),
            ("in four parts", format!("{token}.{signature}")),
            ("that is no token", "let.me.in".to_owned()),
        ] {
            let outcome =
                doorman.story(format!("a token {story}")).invoke(asking(&format!("Bearer {token}"), GET_ORDER));
            expect_unauthorized(&outcome);
        }
    }
}

#[test]
fn lets_no_token_choose_its_own_algorithm_or_key() {
    let mut seed = Seed::at_run_time();
    let issuer = Issuer::new(&mut seed);
    let doorman = issuer.doorman();
    let claims = claims(&mut seed);
    for (story, alg, kid, secret) in [
        ("unsigned, and says so", "none", "till", None),
        ("unsigned, and says so for another key", "none", "accounts", None),
        ("unsigned, and says so aloud", "NONE", "till", None),
        ("signed with the public key as if it were a secret", "HS256", "accounts", Some(issuer.point())),
        ("signed with the public key, under a name of its own", "HS256", "mine", Some(issuer.point())),
        ("signed with the secret, for the other key", "HS256", "accounts", Some(issuer.secret.as_slice())),
        ("signed with the secret, and says something else", "ES256", "till", Some(issuer.secret.as_slice())),
        ("signed with the secret, for a key that was taken away", "HS256", "2025", Some(issuer.secret.as_slice())),
        ("signed with nothing", "HS256", "till", Some(&[][..])),
        ("signed rightly, and writes hs256 for HS256", "hs256", "till", Some(issuer.secret.as_slice())),
    ] {
        let signed = unsigned(&json!({ "typ": "JWT", "alg": alg, "kid": kid }), &claims);
        let signature = secret.map(|secret| hmac_of(secret, &signed)).unwrap_or_default();
        let authorization = format!("Bearer {signed}.{signature}");
        let outcome = doorman.story(format!("a token that is {story}")).invoke(asking(&authorization, GET_ORDER));
        expect_unauthorized(&outcome);
    }
    let signed = unsigned(&json!({ "typ": "JWT", "alg": "HS256" }), &claims);
    let authorization = format!("Bearer {signed}.{}", hmac_of(&issuer.secret, &signed));
    let outcome = doorman.story("a token that names no key").invoke(asking(&authorization, GET_ORDER));
    expect_unauthorized(&outcome);
}

#[test]
fn wants_every_claim_and_wants_it_right() {
    let mut seed = Seed::at_run_time();
    let issuer = Issuer::new(&mut seed);
    let doorman = issuer.doorman();
    let good = claims(&mut seed);
    let foreign = format!("https://{}.example", seed.name().to_lowercase());
    let mut bad: Vec<(String, Value)> = Vec::new();
    for name in ["iss", "aud", "sub", "exp"] {
        let mut without = good.clone();
        without.as_object_mut().expect("claims").remove(name);
        bad.push((format!("has no {name}"), without));
        bad.push((format!("has nothing in {name}"), with(&good, name, Value::Null)));
    }
    bad.push(("is of another issuer".to_owned(), with(&good, "iss", json!(foreign))));
    bad.push(("is of a subpage of the issuer".to_owned(), with(&good, "iss", json!(format!("{ISSUER}/evil")))));
    bad.push(("has a slash behind the issuer".to_owned(), with(&good, "iss", json!(format!("{ISSUER}/")))));
    let words = json!(format!("other-api {AUDIENCE}"));
    bad.push(("is for one whose name is two words, of which ours is one".to_owned(), with(&good, "aud", words)));
    bad.push(("is for somebody else".to_owned(), with(&good, "aud", json!("other-api"))));
    let longer = format!("{AUDIENCE}-test");
    bad.push(("is for one whose name begins as ours".to_owned(), with(&good, "aud", json!(longer))));
    let ends_as_ours = json!(format!("other-{AUDIENCE}"));
    bad.push(("is for one whose name ends as ours".to_owned(), with(&good, "aud", ends_as_ours)));
    bad.push(("is for several such".to_owned(), with(&good, "aud", json!([longer, "other-api"]))));
    bad.push(("is for two others".to_owned(), with(&good, "aud", json!(["other-api", "third-api"]))));
    bad.push(("is for nobody".to_owned(), with(&good, "aud", json!([]))));
    bad.push(("has an empty sub".to_owned(), with(&good, "sub", json!(""))));
    bad.push(("has a number for its sub".to_owned(), with(&good, "sub", json!(7))));
    bad.push(("has its end as text".to_owned(), with(&good, "exp", json!("never"))));
    bad.push(("has its beginning as text".to_owned(), with(&good, "nbf", json!((now() + 60).to_string()))));
    for (index, (story, claims)) in bad.iter().enumerate() {
        let token = issuer.token(["till", "accounts"][index % 2], claims);
        let outcome =
            doorman.story(format!("a token that {story}")).invoke(asking(&format!("Bearer {token}"), GET_ORDER));
        expect_unauthorized(&outcome);
    }
}

#[test]
fn refuses_what_was_signed_and_cannot_be_read() {
    let mut seed = Seed::at_run_time();
    let issuer = Issuer::new(&mut seed);
    let doorman = issuer.doorman();
    let name = seed.name();
    for kid in ["till", "accounts"] {
        let good = issuer.token(kid, &claims(&mut seed));
        let header = good.split_once('.').expect("a token has dots").0;
        for (what, second) in [
            ("no JSON", encode(name.as_bytes())),
            ("JSON that is cut off", encode(b"{\"iss\":")),
            ("a JSON list", encode(b"[\"read\"]")),
            ("nothing", String::new()),
            ("no UTF-8", encode(&[b'"', 0xff, b'"'])),
            ("no base64", format!("{name}!")),
        ] {
            let token = issuer.sign(kid, &format!("{header}.{second}"));
            let outcome = doorman
                .story(format!("a token of the key {kid}, rightly signed, whose claims are {what}"))
                .invoke(asking(&format!("Bearer {token}"), GET_ORDER));
            expect_unauthorized(&outcome);
        }
    }
}

#[test]
fn lets_nobody_in_too_early_or_too_late() {
    let mut seed = Seed::at_run_time();
    let issuer = Issuer::new(&mut seed);
    let doorman = issuer.doorman();
    let good = claims(&mut seed);
    let ago = seed.number(2..=59);
    for (story, claims, is_good) in [
        ("ends now".to_owned(), with(&good, "exp", json!(now())), false),
        ("ended a second ago".to_owned(), with(&good, "exp", json!(now() - 1)), false),
        (format!("ended {ago} seconds ago"), with(&good, "exp", json!(now() - ago)), false),
        ("ends in a minute".to_owned(), with(&good, "exp", json!(now() + 60)), true),
        ("begins in a minute".to_owned(), with(&good, "nbf", json!(now() + 60)), false),
        ("began a second ago".to_owned(), with(&good, "nbf", json!(now() - 1)), true),
    ] {
        let token = issuer.token("accounts", &claims);
        let outcome =
            doorman.story(format!("a token that {story}")).invoke(asking(&format!("Bearer {token}"), GET_ORDER));
        if is_good {
            expect_policy(&outcome, GET_ORDER, true);
        } else {
            expect_unauthorized(&outcome);
        }
    }
    // Where the second was over before the answer came, the token was good when it was looked at, perhaps.
    for _ in 0..5 {
        let begin = now() + 1;
        let token = issuer.token("accounts", &with(&good, "nbf", json!(begin)));
        let outcome =
            doorman.story("a token that begins within a second").invoke(asking(&format!("Bearer {token}"), GET_ORDER));
        if now() < begin {
            expect_unauthorized(&outcome);
            break;
        }
    }
}

#[test]
fn gives_a_policy_that_is_right_for_the_next_request_too() {
    let mut seed = Seed::at_run_time();
    let issuer = Issuer::new(&mut seed);
    let doorman = issuer.doorman();
    let stage = format!("v{}", seed.number(1..=99));
    let api = "arn:aws:execute-api:eu-central-1:123456789012:0ldr3st4p1";
    let at = |method: &str| format!("{api}/{stage}/{method}");
    for (scope, reads, writes) in [
        (Some("read"), true, false),
        (Some("profile read"), true, false),
        (Some("write"), true, true),
        (Some("write read"), true, true),
        (Some("profile readonly writer READ Write"), false, false),
        (Some("profile,read,write"), false, false),
        (None, false, false),
    ] {
        let mut claims = claims(&mut seed);
        match scope {
            Some(scope) => claims["scope"] = json!(scope),
            None => drop(claims.as_object_mut().expect("claims").remove("scope")),
        }
        let what = scope.map_or("the token has no scope".to_owned(), |scope| format!("the scope is `{scope}`"));
        let token = issuer.token("till", &claims);
        // Whatever the first request asks for, the answer has to be right for all that follow.
        for first in ["GET/orders/1042", "POST/quotes", "DELETE/orders/1042/photos/7"] {
            let outcome = doorman
                .story(format!("{what}, and the first request is {first}"))
                .invoke(asking(&format!("Bearer {token}"), &at(first)));
            outcome.expect_json_at("/principalId", claims["sub"].clone());
            for get in ["GET/orders/1042", "GET/prices", "GET/"] {
                expect_policy(&outcome, &at(get), reads);
            }
            for other in
                ["POST/quotes", "PUT/orders/1042", "DELETE/orders/1042/photos/7", "OPTIONS/quotes", "HEAD/prices"]
            {
                expect_policy(&outcome, &at(other), writes);
            }
            for elsewhere in [
                format!("{api}/{stage}0/GET/prices"),
                format!("{api}/test/GET/prices"),
                format!("{api}/test/GET/orders/1042"),
                format!("arn:aws:execute-api:eu-central-1:123456789012:0th3r4p1/{stage}/GET/prices"),
            ] {
                expect_policy(&outcome, &elsewhere, false);
            }
        }
    }
}

#[test]
fn tells_a_broken_key_set_from_a_bad_token() {
    let mut seed = Seed::at_run_time();
    let mut issuer = Issuer::new(&mut seed);
    let good = issuer.token("accounts", &claims(&mut seed));
    for length in [31, seed.number(0..=30) as usize] {
        issuer.secret.truncate(length);
        let mut keys = issuer.keys();
        if length < 31 {
            // A broken key is one wherever it stands in the set.
            keys["keys"].as_array_mut().expect("a list of keys").reverse();
        }
        let weak = doorman(&keys);
        let short = issuer.token("till", &claims(&mut seed));
        for (story, token) in [
            ("a token that was signed with it", short.as_str()),
            ("a good token of the other key", good.as_str()),
            ("no token at all", "nothing"),
        ] {
            let outcome = weak
                .story(format!("a secret has {length} bytes, and somebody shows {story}"))
                .invoke(asking(&format!("Bearer {token}"), GET_ORDER));
            outcome.expect_error("BrokenKeys");
        }
    }
}

#[test]
fn takes_no_secret_for_a_short_one() {
    let mut seed = Seed::at_run_time();
    let issuer = Issuer::new(&mut seed);
    let good = issuer.token("accounts", &claims(&mut seed));
    for (what, k) in [("an empty secret", json!("")), ("no secret", Value::Null)] {
        for is_first in [true, false] {
            let mut keys = issuer.keys();
            let list = keys["keys"].as_array_mut().expect("a list of keys");
            let empty = json!({ "kid": seed.name(), "kty": "oct", "alg": "HS256", "k": k });
            list.insert(if is_first { 0 } else { list.len() }, empty);
            let outcome = doorman(&keys)
                .story(format!("an HS256 key of the set has {what}, and somebody shows a good token of another key"))
                .invoke(asking(&format!("Bearer {good}"), GET_ORDER));
            outcome.expect_error("BrokenKeys");
        }
    }
}

/// How a careless line might show these bytes.
fn spellings(bytes: &[u8]) -> [String; 6] {
    let hex = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
    let standard = STANDARD.encode(bytes).trim_end_matches('=').to_owned();
    [encode(bytes), standard, format!("{bytes:?}"), format!("{bytes:x?}"), format!("{bytes:02x?}"), hex]
}

#[test]
fn says_nothing_of_tokens_and_secrets() {
    let mut seed = Seed::at_run_time();
    let mut issuer = Issuer::new(&mut seed);
    let doorman = issuer.doorman();
    let good = claims(&mut seed);
    let late = with(&good, "exp", json!(now() - 30));
    for (kid, claims) in [("accounts", &good), ("accounts", &late), ("till", &good), ("till", &late)] {
        let token = issuer.token(kid, claims);
        let signature = token.rsplit_once('.').expect("a token has dots").1;
        let signature = URL_SAFE_NO_PAD.decode(signature).expect("the signature that was made");
        let outcome = doorman.story("somebody reads the log").invoke(asking(&format!("Bearer {token}"), GET_ORDER));
        outcome.expect("there is an answer, or the error Unauthorized", |outcome| {
            let payload = String::from_utf8_lossy(&outcome.payload()).into_owned();
            payload.contains("Unauthorized") || payload.contains("execute-api:0") || payload.contains("policyDocument")
        });
        for secret in [&signature, &issuer.secret] {
            for secret in spellings(secret) {
                outcome.expect_payload_without(&secret).expect_not_logged(&secret);
            }
        }
    }
    issuer.secret.truncate(20);
    let outcome = issuer.doorman().story("a secret is too short").invoke(asking("Bearer x.y.z", GET_ORDER));
    outcome.expect_error("BrokenKeys");
    for secret in spellings(&issuer.secret) {
        outcome.expect_payload_without(&secret).expect_not_logged(&secret);
    }
}

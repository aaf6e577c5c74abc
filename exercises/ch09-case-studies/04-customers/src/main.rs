//! The customers of Ferris Prints, each in the branch where he signed up, behind an HTTP API that knows who asks.

mod http;

use std::collections::HashMap;
use std::env;

use aws_config::BehaviorVersion;
use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::error::DisplayErrorContext;
use aws_sdk_dynamodb::types::AttributeValue;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use hmac::{Hmac, KeyInit as _, Mac as _};
use lambda_runtime::{Error, LambdaEvent, run, service_fn};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use sha2::Sha256;

use http::{Answer, Problem, Request};

/// How many customers a page has when nobody says so.
const PAGE: i32 = 25;

/// How long a page token is good for, in milliseconds.
const TOKEN_MS: u64 = 600_000;

/// Bytes of the code at the beginning of a page token.
const CODE: usize = 32;

type Item = HashMap<String, AttributeValue>;

/// What a customer says of himself.
// TODO: whatever else the body says is refused.
#[derive(Deserialize)]
struct Draft {
    name: String,
    email: String,
}

/// What the API shows of a customer.
#[derive(Serialize)]
struct Customer {
    id: String,
    name: String,
    email: String,
    version: u64,
}

/// Who asks.
struct Caller<'a> {
    id: &'a str,
    branch: &'a str,
}

struct Customers {
    client: Client,
    table: String,
    tokens: Tokens,
}

#[tokio::main]
async fn main() -> Result<(), Error> {
    let tokens = Tokens::new(&env::var("PAGE_KEY")?)?;
    let table = env::var("TABLE")?;
    let config = aws_config::load_defaults(BehaviorVersion::latest()).await;
    let customers = Customers { client: Client::new(&config), table, tokens };
    run(service_fn(async |event: LambdaEvent<Request>| {
        Ok::<_, Error>(customers.answer(&event.payload).await.unwrap_or_else(Answer::from))
    }))
    .await
}

impl Caller<'_> {
    fn of(request: &Request) -> Caller<'_> {
        let jwt = request.request_context.authorizer.as_ref().and_then(|authorizer| authorizer.jwt.as_ref());
        let claim = |name: &str| jwt.and_then(|jwt| jwt.claims.get(name)).map_or("", String::as_str);
        // TODO: without both of these claims nobody is signed in.
        // TODO: who is of the staff.
        Caller { id: claim("sub"), branch: claim("branch") }
    }
}

impl Customers {
    async fn answer(&self, request: &Request) -> Result<Answer, Problem> {
        let caller = Caller::of(request);
        // TODO: an address that is none, and a method that an address does not have, are two problems.
        // TODO: not everybody may do everything.
        let id = request.raw_path.trim_start_matches("/customers/");
        match (request.raw_path.as_str(), request.request_context.http.method.as_str()) {
            ("/customers", "POST") => self.put(&caller, draft(request)?, 1).await,
            ("/customers", "GET") => self.list(&caller, request).await,
            (_, "GET") => self.read(caller.branch, id).await,
            (_, "PUT") => {
                // TODO: a change is for the version that was seen, whoever else writes at the same moment.
                // TODO: the items have more attributes than these, which belong to others.
                self.put(&caller, draft(request)?, 2).await
            }
            (_, "DELETE") => self.remove(&caller).await,
            _ => Err(Problem::NoSuchPath),
        }
    }

    async fn put(&self, caller: &Caller<'_>, draft: Draft, version: u64) -> Result<Answer, Problem> {
        // TODO: nobody signs up twice.
        let customer = Customer { id: caller.id.to_owned(), name: draft.name, email: draft.email, version };
        let put = self.client.put_item().table_name(&self.table).set_item(Some(key(caller.branch, caller.id)));
        let put = put.item("name", text(&customer.name)).item("email", text(&customer.email));
        let put = put.item("version", AttributeValue::N(version.to_string()));
        put.send().await.map_err(|error| unavailable(&error))?;
        // TODO: the status and the headers.
        Ok(Answer::json(200, &customer))
    }

    async fn read(&self, branch: &str, id: &str) -> Result<Answer, Problem> {
        let get = self.client.get_item().table_name(&self.table).set_key(Some(key(branch, id)));
        let found = get.send().await.map_err(|error| unavailable(&error))?;
        // TODO: a customer who is not there is no broken table.
        Ok(Answer::json(200, &customer(&found.item.unwrap_or_default())?))
    }

    async fn remove(&self, caller: &Caller<'_>) -> Result<Answer, Problem> {
        let delete = self.client.delete_item().table_name(&self.table).set_key(Some(key(caller.branch, caller.id)));
        // TODO: was there anything to delete?
        delete.send().await.map_err(|error| unavailable(&error))?;
        Ok(Answer::empty(204))
    }

    async fn list(&self, caller: &Caller<'_>, request: &Request) -> Result<Answer, Problem> {
        // TODO: how many the request asks for, and where its page begins.
        let query = self.client.query().table_name(&self.table).limit(PAGE);
        let query = query.key_condition_expression("branch = :branch");
        let query = query.expression_attribute_values(":branch", text(caller.branch));
        let after = request.query_string_parameters.as_ref().and_then(|query| query.get("after"));
        let after = after.and_then(|token| self.tokens.open(token));
        let query = query.set_exclusive_start_key(after.map(|id| key(caller.branch, &id)));
        let page = query.send().await.map_err(|error| unavailable(&error))?;
        let customers = page.items().iter().map(customer).collect::<Result<Vec<_>, _>>()?;
        // TODO: a short page is not always the last one, and a full one not always followed by another.
        let until = request.request_context.time_epoch + TOKEN_MS;
        let next = match customers.last() {
            Some(last) if customers.len() == PAGE as usize => Some(self.tokens.seal(caller.branch, &last.id, until)),
            _ => None,
        };
        Ok(Answer::json(200, &json!({ "customers": customers, "next": next })))
    }
}

/// What a body says, when it is a customer.
fn draft(request: &Request) -> Result<Draft, Problem> {
    // TODO: a body may come in base64.
    let body = request.body.as_deref().unwrap_or_default();
    // TODO: not every text is a name, or an address.
    serde_json::from_str(body).map_err(|_| Problem::Unavailable)
}

/// The cause is for those who read the log.
fn unavailable(error: &impl std::error::Error) -> Problem {
    eprintln!("the table did not answer: {}", DisplayErrorContext(error));
    Problem::Unavailable
}

fn text(value: &str) -> AttributeValue {
    AttributeValue::S(value.to_owned())
}

fn key(branch: &str, id: &str) -> Item {
    HashMap::from([("branch".to_owned(), text(branch)), ("id".to_owned(), text(id))])
}

fn string(item: &Item, name: &str) -> Result<String, Problem> {
    item.get(name).and_then(|value| value.as_s().ok()).cloned().ok_or_else(|| broken(name))
}

/// What the API shows of an item, which may have more.
fn customer(item: &Item) -> Result<Customer, Problem> {
    let version = item.get("version").and_then(|value| value.as_n().ok()).and_then(|digits| digits.parse().ok());
    Ok(Customer {
        id: string(item, "id")?,
        name: string(item, "name")?,
        email: string(item, "email")?,
        version: version.ok_or_else(|| broken("version"))?,
    })
}

fn broken(name: &str) -> Problem {
    eprintln!("a customer has no {name}, or not of the right type");
    Problem::Unavailable
}

/// Makes page tokens, and knows its own again.
struct Tokens(Hmac<Sha256>);

impl Tokens {
    fn new(secret: &str) -> Result<Tokens, Error> {
        if secret.len() < CODE {
            return Err("PAGE_KEY has fewer than 32 bytes".into());
        }
        Ok(Tokens(Hmac::new_from_slice(secret.as_bytes())?))
    }

    /// Says where the next page begins, in whose list, and until when it may be asked for; before it, a code that
    /// nobody can make without the key.
    fn seal(&self, branch: &str, after: &str, until: u64) -> String {
        let start = json!({ "branch": branch, "after": after, "until": until }).to_string();
        let code = self.0.clone().chain_update(&start).finalize().into_bytes();
        URL_SAFE_NO_PAD.encode([code.as_slice(), start.as_bytes()].concat())
    }

    /// The id after which the next page begins.
    fn open(&self, token: &str) -> Option<String> {
        // TODO: is the token one of ours, for this branch, and not too old?
        let bytes = URL_SAFE_NO_PAD.decode(token).ok()?;
        let start: Value = serde_json::from_slice(bytes.get(CODE..)?).ok()?;
        Some(start["after"].as_str()?.to_owned())
    }
}

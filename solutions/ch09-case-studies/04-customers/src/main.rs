//! The customers of Ferris Prints, each in the branch where he signed up, behind an HTTP API that knows who asks.

mod http;

use std::collections::HashMap;
use std::env;

use aws_config::BehaviorVersion;
use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::error::DisplayErrorContext;
use aws_sdk_dynamodb::operation::update_item::UpdateItemError;
use aws_sdk_dynamodb::types::{AttributeValue, ReturnValue, ReturnValuesOnConditionCheckFailure};
use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use hmac::{Hmac, KeyInit as _, Mac as _};
use lambda_runtime::{Error, LambdaEvent, run, service_fn};
use serde::{Deserialize, Serialize};
use serde_json::json;
use sha2::Sha256;

use http::{Answer, Problem, Request};

/// How many customers a page has when nobody says so, and at the most.
const PAGE: i32 = 25;
const LONGEST_PAGE: i32 = 100;

/// How long a page token is good for, in milliseconds.
const TOKEN_MS: u64 = 600_000;

/// Bytes of the code at the beginning of a page token.
const CODE: usize = 32;

type Item = HashMap<String, AttributeValue>;

/// What a customer says of himself. Whatever else the body says is refused.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
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
    is_staff: bool,
}

/// What a path means.
enum Place<'a> {
    All,
    One(&'a str),
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

impl Place<'_> {
    fn of(path: &str) -> Option<Place<'_>> {
        match path.strip_prefix("/customers")? {
            "" => Some(Place::All),
            rest => {
                let id = rest.strip_prefix('/')?;
                (!id.is_empty() && !id.contains('/')).then_some(Place::One(id))
            }
        }
    }

    fn methods(&self) -> &'static str {
        match self {
            Place::All => "GET, POST",
            Place::One(_) => "GET, PUT, DELETE",
        }
    }
}

impl Caller<'_> {
    fn of(request: &Request) -> Result<Caller<'_>, Problem> {
        let jwt = request.request_context.authorizer.as_ref().and_then(|authorizer| authorizer.jwt.as_ref());
        let claims = &jwt.ok_or(Problem::NotSignedIn)?.claims;
        let claim = |name: &str| claims.get(name).map(String::as_str).filter(|value| !value.is_empty());
        Ok(Caller {
            id: claim("sub").ok_or(Problem::NotSignedIn)?,
            branch: claim("branch").ok_or(Problem::NotSignedIn)?,
            is_staff: claim("scope").is_some_and(|scope| scope.split(' ').any(|word| word == "staff")),
        })
    }

    fn must(&self, be: bool) -> Result<(), Problem> {
        if be { Ok(()) } else { Err(Problem::NotYours) }
    }
}

impl Customers {
    async fn answer(&self, request: &Request) -> Result<Answer, Problem> {
        let place = Place::of(&request.raw_path).ok_or(Problem::NoSuchPath)?;
        let method = request.request_context.http.method.as_str();
        let methods = place.methods();
        if !methods.split(", ").any(|allowed| allowed == method) {
            return Ok(Answer::from(Problem::MethodNotAllowed).with("allow", methods));
        }
        let caller = Caller::of(request)?;
        match (place, method) {
            (Place::All, "POST") => self.create(&caller, draft(request)?).await,
            (Place::All, _) => {
                caller.must(caller.is_staff)?;
                self.list(&caller, request).await
            }
            (Place::One(id), "PUT") => {
                caller.must(caller.id == id)?;
                let seen = request.headers.get("if-match").ok_or(Problem::VersionMissing)?;
                let draft = draft(request)?;
                self.change(&caller, draft, version_of(seen).ok_or(Problem::VersionChanged)?).await
            }
            (Place::One(id), "DELETE") => {
                caller.must(caller.id == id)?;
                self.remove(&caller).await
            }
            (Place::One(id), _) => {
                caller.must(caller.is_staff || caller.id == id)?;
                self.read(caller.branch, id).await
            }
        }
    }

    async fn create(&self, caller: &Caller<'_>, draft: Draft) -> Result<Answer, Problem> {
        let customer = Customer { id: caller.id.to_owned(), name: draft.name, email: draft.email, version: 1 };
        let put = self.client.put_item().table_name(&self.table).set_item(Some(key(caller.branch, caller.id)));
        let put =
            put.item("name", text(&customer.name)).item("email", text(&customer.email)).item("version", number(1));
        match put.condition_expression("attribute_not_exists(id)").send().await {
            Ok(_) => {
                let address = format!("/customers/{}", customer.id);
                Ok(shown(201, &customer).with("location", address))
            }
            Err(error) if error.as_service_error().is_some_and(|e| e.is_conditional_check_failed_exception()) => {
                Err(Problem::AlreadyThere)
            }
            Err(error) => Err(unavailable(&error)),
        }
    }

    async fn read(&self, branch: &str, id: &str) -> Result<Answer, Problem> {
        let get = self.client.get_item().table_name(&self.table).set_key(Some(key(branch, id)));
        let found = get.consistent_read(true).send().await.map_err(|error| unavailable(&error))?;
        let item = found.item.ok_or(Problem::NoSuchCustomer)?;
        Ok(shown(200, &customer(&item)?))
    }

    /// One call: between a look and a write somebody else could write.
    async fn change(&self, caller: &Caller<'_>, draft: Draft, seen: u64) -> Result<Answer, Problem> {
        let update = self.client.update_item().table_name(&self.table).set_key(Some(key(caller.branch, caller.id)));
        let update = update
            .update_expression("SET #name = :name, #email = :email, #version = #version + :one")
            .condition_expression("#version = :seen")
            .expression_attribute_names("#name", "name")
            .expression_attribute_names("#email", "email")
            .expression_attribute_names("#version", "version")
            .expression_attribute_values(":name", text(&draft.name))
            .expression_attribute_values(":email", text(&draft.email))
            .expression_attribute_values(":one", number(1))
            .expression_attribute_values(":seen", number(seen))
            .return_values(ReturnValue::AllNew)
            .return_values_on_condition_check_failure(ReturnValuesOnConditionCheckFailure::AllOld);
        match update.send().await {
            Ok(updated) => Ok(shown(200, &customer(&updated.attributes.unwrap_or_default())?)),
            Err(error) => Err(match error.as_service_error() {
                Some(UpdateItemError::ConditionalCheckFailedException(failed)) => match failed.item() {
                    Some(_) => Problem::VersionChanged,
                    None => Problem::NoSuchCustomer,
                },
                _ => unavailable(&error),
            }),
        }
    }

    async fn remove(&self, caller: &Caller<'_>) -> Result<Answer, Problem> {
        let delete = self.client.delete_item().table_name(&self.table).set_key(Some(key(caller.branch, caller.id)));
        match delete.condition_expression("attribute_exists(id)").send().await {
            Ok(_) => Ok(Answer::empty(204)),
            Err(error) if error.as_service_error().is_some_and(|e| e.is_conditional_check_failed_exception()) => {
                Err(Problem::NoSuchCustomer)
            }
            Err(error) => Err(unavailable(&error)),
        }
    }

    async fn list(&self, caller: &Caller<'_>, request: &Request) -> Result<Answer, Problem> {
        let asked = |name: &str| request.query_string_parameters.as_ref().and_then(|query| query.get(name));
        let limit = match asked("limit") {
            Some(limit) => {
                let limit = limit.parse().ok().filter(|limit| (1..=LONGEST_PAGE).contains(limit));
                limit.ok_or(Problem::InvalidPage)?
            }
            None => PAGE,
        };
        let now = request.request_context.time_epoch;
        let after = match asked("after") {
            Some(token) => Some(self.tokens.open(token, caller.branch, now).ok_or(Problem::InvalidPage)?),
            None => None,
        };
        let query = self.client.query().table_name(&self.table).limit(limit);
        let query = query.key_condition_expression("branch = :branch");
        let query = query.expression_attribute_values(":branch", text(caller.branch));
        let query = query.set_exclusive_start_key(after.map(|id| key(caller.branch, &id)));
        let page = query.send().await.map_err(|error| unavailable(&error))?;
        let customers = page.items().iter().map(customer).collect::<Result<Vec<_>, _>>()?;
        // Only this key says whether there may be more; a page may end early for many reasons.
        let next = match &page.last_evaluated_key {
            Some(last) => Some(self.tokens.seal(caller.branch, &string(last, "id")?, now + TOKEN_MS)),
            None => None,
        };
        Ok(Answer::json(200, &json!({ "customers": customers, "next": next })))
    }
}

/// What a body says, when it is a customer.
fn draft(request: &Request) -> Result<Draft, Problem> {
    let body = request.body.as_deref().unwrap_or_default();
    let bytes = match request.is_base64_encoded {
        true => STANDARD.decode(body).map_err(|_| Problem::InvalidCustomer)?,
        false => body.as_bytes().to_vec(),
    };
    // To serde a list of two texts is a `Draft` as well.
    if bytes.trim_ascii_start().first() != Some(&b'{') {
        return Err(Problem::InvalidCustomer);
    }
    let draft: Draft = serde_json::from_slice(&bytes).map_err(|_| Problem::InvalidCustomer)?;
    let is_name = !draft.name.trim().is_empty() && draft.name.chars().count() <= 80;
    let is_email = draft.email.len() <= 254
        && draft
            .email
            .split_once('@')
            .is_some_and(|(user, host)| !user.is_empty() && !host.is_empty() && !host.contains('@'));
    if is_name && is_email { Ok(draft) } else { Err(Problem::InvalidCustomer) }
}

/// The version that an entity tag of ours says, and no other form of it.
fn version_of(tag: &str) -> Option<u64> {
    let version = tag.strip_prefix('"')?.strip_suffix('"')?.parse().ok()?;
    (tag == entity_tag(version)).then_some(version)
}

fn entity_tag(version: u64) -> String {
    format!("\"{version}\"")
}

fn shown(status: u16, customer: &Customer) -> Answer {
    Answer::json(status, customer).with("etag", entity_tag(customer.version))
}

/// The cause is for those who read the log.
fn unavailable(error: &impl std::error::Error) -> Problem {
    eprintln!("the table did not answer: {}", DisplayErrorContext(error));
    Problem::Unavailable
}

fn text(value: &str) -> AttributeValue {
    AttributeValue::S(value.to_owned())
}

fn number(value: u64) -> AttributeValue {
    AttributeValue::N(value.to_string())
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

/// What a page token says: where the next page begins, in whose list, and until when it may be asked for.
#[derive(Serialize, Deserialize)]
struct PageStart {
    branch: String,
    after: String,
    until: u64,
}

impl Tokens {
    fn new(secret: &str) -> Result<Tokens, Error> {
        if secret.len() < CODE {
            return Err("PAGE_KEY has fewer than 32 bytes".into());
        }
        Ok(Tokens(Hmac::new_from_slice(secret.as_bytes())?))
    }

    fn seal(&self, branch: &str, after: &str, until: u64) -> String {
        let start = json!({ "branch": branch, "after": after, "until": until }).to_string();
        let code = self.0.clone().chain_update(&start).finalize().into_bytes();
        URL_SAFE_NO_PAD.encode([code.as_slice(), start.as_bytes()].concat())
    }

    /// The id after which the next page begins, when the token is one of ours, for this branch, and not too old.
    fn open(&self, token: &str, branch: &str, now: u64) -> Option<String> {
        let bytes = URL_SAFE_NO_PAD.decode(token).ok()?;
        let (code, start) = bytes.split_at_checked(CODE)?;
        self.0.clone().chain_update(start).verify_slice(code).ok()?;
        let start: PageStart = serde_json::from_slice(start).ok()?;
        (start.branch == branch && now <= start.until).then_some(start.after)
    }
}

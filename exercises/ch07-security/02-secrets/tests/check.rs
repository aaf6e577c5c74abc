//! What the shop expects of its till: it asks for its password once, survives a new one, and never shows it.

use std::cell::Cell;
use std::io::{BufRead as _, BufReader, Write as _};
use std::net::TcpStream;
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::time::Duration;

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use course::{Seed, Service};
use local_aws::{LocalAws, OnLocalAws, Service as AwsService};
use local_lambda::{Fate, Function, FunctionBuilder, Outcome, binary};
use serde_json::{Value, json};

const SECRET: &str = "ferris/till";
/// How long the provider waits for others before it answers all the same.
const PATIENCE: Duration = Duration::from_secs(10);
const NEVER: Duration = Duration::from_secs(600);
/// How old a secret may be where it is to grow old in a test, and a pause after which it is older.
const SOON: Duration = Duration::from_millis(40);
const PAUSE: Duration = Duration::from_millis(60);

/// What the payment provider knows and has seen.
#[derive(Default)]
struct Book {
    /// Username and password of those that it lets in.
    lets_in: Vec<(String, String)>,
    /// The passwords of all attempts, in order.
    tried: Vec<String>,
    /// The receipts that it gave, by order.
    receipts: Vec<(String, u64)>,
    /// While this many attempts have not come, none is answered.
    waits_for: usize,
    /// The order whose first answer waits until it is let go.
    held: Option<String>,
    is_away: bool,
    /// Hangs up on these passwords, and not on others.
    hangs_up_on: Vec<String>,
}

#[derive(Clone, Default)]
struct Provider(Arc<(Mutex<Book>, Condvar)>);

impl Provider {
    fn change<T>(&self, change: impl FnOnce(&mut Book) -> T) -> T {
        change(&mut self.0.0.lock().unwrap_or_else(PoisonError::into_inner))
    }

    fn lets_in(&self, logins: &[&Login]) {
        self.change(|book| book.lets_in = logins.iter().map(|it| (it.username.clone(), it.password.clone())).collect());
    }

    /// Waits until somebody has tried, for so long as a busy machine may take.
    #[track_caller]
    fn wait_for_an_attempt(&self) {
        let (book, changed) = &*self.0;
        let book = book.lock().unwrap_or_else(PoisonError::into_inner);
        let nobody = |book: &mut Book| book.tried.is_empty();
        let waited = changed.wait_timeout_while(book, PATIENCE, nobody).unwrap_or_else(PoisonError::into_inner);
        assert!(!waited.1.timed_out(), "the provider was not asked for the first payment");
    }

    /// Answers the order that is held.
    fn let_go(&self) {
        self.change(|book| book.held = None);
        self.0.1.notify_all();
    }

    /// The passwords that were tried since the last look.
    fn tried(&self) -> Vec<String> {
        self.change(|book| std::mem::take(&mut book.tried))
    }

    fn serve(&self, stream: &TcpStream) {
        let mut line = String::new();
        let _ = BufReader::new(stream).read_line(&mut line);
        let question: Value = serde_json::from_str(&line).unwrap_or_default();
        let text = |name: &str| question[name].as_str().unwrap_or_default().to_owned();
        let (username, password, order) = (text("username"), text("password"), text("order"));
        let (book, all_are_there) = &*self.0;
        let mut book = book.lock().unwrap_or_else(PoisonError::into_inner);
        book.tried.push(password.clone());
        all_are_there.notify_all();
        let waits =
            |book: &mut Book| book.tried.len() < book.waits_for || book.held.as_deref().is_some_and(|it| it == order);
        book = all_are_there.wait_timeout_while(book, PATIENCE, waits).unwrap_or_else(PoisonError::into_inner).0;
        book.waits_for = 0;
        if book.is_away || book.hangs_up_on.contains(&password) {
            return;
        }
        let answer = if book.lets_in.contains(&(username.clone(), password.clone())) {
            book.receipts.push((order.clone(), question["cents"].as_u64().unwrap_or_default()));
            json!({ "receipt": format!("r-{order}") })
        } else {
            json!({ "refused": format!("{password:?} is not the password of {username}, says host db-7.pay.example") })
        };
        let _ = { stream }.write_all(format!("{answer}\n").as_bytes());
    }
}

#[derive(Debug, Clone)]
struct Login {
    username: String,
    password: String,
}

impl Login {
    fn draw(seed: &mut Seed) -> Login {
        let (name, number) = (seed.name().to_lowercase(), seed.number(10_000..=99_999));
        Login { username: format!("till-{name}"), password: format!("{}!{number}ö", seed.name()) }
    }

    /// The next password of the same user.
    fn next(&self, seed: &mut Seed) -> Login {
        Login { password: Login::draw(seed).password, ..self.clone() }
    }

    /// The secret's value, with more in it than the till needs, as a rotation writes it.
    fn secret(&self) -> String {
        let Login { username, password } = self;
        json!({ "engine": "payments", "host": "db-7.pay.example", "password": password, "username": username })
            .to_string()
    }
}

struct Shop {
    aws: LocalAws,
    provider: Provider,
    service: Service,
    /// The fetches that were counted.
    counted: Cell<usize>,
}

impl Shop {
    /// A shop whose provider lets these in, and which has no secret yet.
    fn open(logins: &[&Login]) -> Shop {
        let provider = Provider::default();
        provider.lets_in(logins);
        let serves = provider.clone();
        let service = Service::start(move |stream| serves.serve(stream));
        Shop { aws: LocalAws::start(), provider, service, counted: Cell::new(0) }
    }

    fn with_secret(login: &Login) -> Shop {
        let shop = Shop::open(&[login]);
        shop.aws.secret(SECRET, &login.secret());
        shop
    }

    fn till(&self, ttl: Duration) -> FunctionBuilder {
        // A debug build takes its time, and this is not about time.
        let builder = Function::builder(binary!()).timeout(Duration::from_secs(30)).on(&self.aws);
        builder.env("SECRET", SECRET).env("PROVIDER", self.service.address()).env("TTL_MS", ttl.as_millis().to_string())
    }

    /// How often the secret was fetched since the last look.
    fn fetches(&self) -> usize {
        let all = self.aws.calls().of("GetSecretValue").count();
        all - self.counted.replace(all)
    }

    /// Secrets Manager refuses from now on, for so many calls.
    fn refuses(&self, calls: usize) {
        let fault = self.aws.fault("GetSecretValue").times(calls);
        fault.error("AccessDeniedException", 400, "not authorized to perform: secretsmanager:GetSecretValue");
    }
}

fn payment(seed: &mut Seed) -> (String, Value) {
    let order = format!("o-{}-{}", seed.name().to_lowercase(), seed.number(100..=999_999));
    let event = json!({ "pay": { "order": order, "cents": seed.number(1..=99_999) } });
    (order, event)
}

/// One payment that goes well.
#[track_caller]
fn expect_paid(till: &Function, story: &str, seed: &mut Seed) -> Outcome {
    let (order, event) = payment(seed);
    let outcome = till.story(story).invoke(event);
    outcome.expect_json(json!({ "receipt": format!("r-{order}") }));
    outcome
}

/// Neither the caller nor the log sees a password, in whatever form a program prints it by accident.
#[track_caller]
fn expect_hidden(outcome: &Outcome, logins: &[&Login]) {
    for Login { password, .. } in logins {
        let bytes = format!("{:?}", password.as_bytes());
        let forms = [
            password.clone(),
            BASE64_STANDARD.encode(password),
            password.trim_end_matches('ö').to_owned(),
            bytes.trim_matches(['[', ']']).to_owned(),
        ];
        for form in forms {
            outcome.expect_payload_without(&form);
            outcome.expect_not_logged(&form);
        }
    }
}

/// The function fails with this type, and its message says nothing that helps a stranger.
#[track_caller]
fn expect_silent(outcome: &Outcome, error_type: &str, shop: &Shop, logins: &[&Login]) {
    outcome.expect_error(error_type);
    expect_hidden(outcome, logins);
    for login in logins {
        outcome.expect_payload_without(&login.username);
    }
    for inside in [shop.service.address().as_str(), "db-7.pay.example", SECRET, "secretsmanager", "arn:aws"] {
        outcome.expect_payload_without(inside);
    }
}

#[test]
fn pays_with_the_secret() {
    let mut seed = Seed::at_run_time();
    for _ in 0..2 {
        let login = Login::draw(&mut seed);
        let shop = Shop::with_secret(&login);
        let till = shop.till(NEVER).start();
        let outcome = expect_paid(&till, "a customer pays", &mut seed);
        expect_hidden(&outcome, &[&login]);
        assert_eq!(shop.provider.tried(), [login.password.as_str()], "the passwords that the provider was sent");
        assert_eq!(shop.provider.change(|book| book.receipts.len()), 1, "the payments that the provider took");
    }
}

#[test]
fn reads_a_secret_that_is_bytes() {
    let mut seed = Seed::at_run_time();
    let login = Login::draw(&mut seed);
    let shop = Shop::open(&[&login]);
    let bytes = BASE64_STANDARD.encode(login.secret());
    let made =
        shop.aws.call(AwsService::SecretsManager, "CreateSecret", json!({ "Name": SECRET, "SecretBinary": bytes }));
    assert!(made.is_ok(), "the check cannot make its secret: {made:?}");
    let till = shop.till(NEVER).start();
    expect_paid(&till, "the secret was stored as SecretBinary", &mut seed);
    expect_paid(&till, "the secret was stored as SecretBinary, and is used again", &mut seed);
}

#[test]
fn fetches_a_secret_once_while_it_is_young() {
    let mut seed = Seed::at_run_time();
    let login = Login::draw(&mut seed);
    let shop = Shop::with_secret(&login);
    let till = shop.till(NEVER).start();
    till.story("nobody has paid yet").invoke(json!({ "report": {} })).expect_json(json!({ "reported": true }));
    assert_eq!(shop.fetches(), 0, "how often the secret was fetched before anybody paid");
    for number in 1..=seed.number(3..=6) {
        expect_paid(&till, &format!("payment {number}, with a secret that is good for ten minutes"), &mut seed);
    }
    assert_eq!(shop.fetches(), 1, "how often the secret was fetched for all payments together");
}

#[test]
fn fetches_again_when_it_is_too_old() {
    let mut seed = Seed::at_run_time();
    let mut login = Login::draw(&mut seed);
    let shop = Shop::with_secret(&login);
    let till = shop.till(SOON).start();
    expect_paid(&till, "a first payment", &mut seed);
    for _ in 0..2 {
        let old = login.clone();
        login = login.next(&mut seed);
        shop.provider.lets_in(&[&old, &login]);
        shop.aws.secret(SECRET, &login.secret());
        std::thread::sleep(PAUSE);
        let _ = (shop.fetches(), shop.provider.tried());
        expect_paid(&till, "the secret in hand is too old, and there is a new version", &mut seed);
        assert_eq!(shop.fetches(), 1, "how often the secret was fetched for this payment");
        assert_eq!(shop.provider.tried(), [login.password.as_str()], "the provider is sent the new password only");
    }
}

#[test]
fn goes_on_with_the_old_one_when_no_new_one_can_be_had() {
    let mut seed = Seed::at_run_time();
    let login = Login::draw(&mut seed);
    let shop = Shop::with_secret(&login);
    let till = shop.till(SOON).start();
    expect_paid(&till, "a first payment", &mut seed);
    std::thread::sleep(PAUSE);
    shop.refuses(2);
    for _ in 0..2 {
        let _ = shop.fetches();
        expect_paid(&till, "the secret is too old, and Secrets Manager refuses", &mut seed);
        assert_eq!(shop.fetches(), 1, "each event tries once while the secret is too old");
    }
    let broken = json!({ "username": login.username, "passwort": login.password }).to_string();
    for broken in ["{ \"username\": ", &broken] {
        shop.aws.secret(SECRET, broken);
        let outcome = expect_paid(&till, "the secret is too old, and the new version cannot be read", &mut seed);
        expect_hidden(&outcome, &[&login]);
    }
    let next = login.next(&mut seed);
    shop.aws.secret(SECRET, &next.secret());
    shop.provider.lets_in(&[&next]);
    std::thread::sleep(PAUSE);
    let _ = shop.provider.tried();
    expect_paid(&till, "Secrets Manager has a good version again", &mut seed);
    assert_eq!(shop.provider.tried(), [next.password.as_str()], "the provider is sent the new password only");
}

#[test]
fn eight_first_payments_fetch_once() {
    let mut seed = Seed::at_run_time();
    for payments in [8, seed.number(3..=7) as usize] {
        let login = Login::draw(&mut seed);
        let shop = Shop::with_secret(&login);
        let till = shop.till(NEVER).max_concurrency(8).start();
        pay_at_once(&till, payments, "customers pay at the same time, and nothing was fetched yet", &mut seed);
        assert_eq!(shop.fetches(), 1, "how often the secret was fetched for {payments} payments at the same time");
    }
}

/// Some payments at the same time; all go well.
#[track_caller]
fn pay_at_once(till: &Function, payments: usize, story: &str, seed: &mut Seed) {
    let pending: Vec<_> = (0..payments)
        .map(|_| {
            let (order, event) = payment(seed);
            (order, till.story(format!("{payments} {story}")).send(event))
        })
        .collect();
    for (order, pending) in pending {
        pending.wait().expect_json(json!({ "receipt": format!("r-{order}") }));
    }
}

#[test]
fn survives_a_new_password() {
    let mut seed = Seed::at_run_time();
    let old = Login::draw(&mut seed);
    let shop = Shop::with_secret(&old);
    let till = shop.till(NEVER).start();
    expect_paid(&till, "a first payment", &mut seed);
    let mut login = old;
    for _ in 0..2 {
        let old = login.clone();
        login = login.next(&mut seed);
        shop.aws.secret(SECRET, &login.secret());
        shop.provider.lets_in(&[&login]);
        let _ = (shop.fetches(), shop.provider.tried());
        let story = "the password was changed a moment ago, at the provider and in the secret";
        let outcome = expect_paid(&till, story, &mut seed);
        expect_hidden(&outcome, &[&old, &login]);
        assert_eq!(shop.fetches(), 1, "how often the secret was fetched after the refusal");
        let (old, new) = (old.password.as_str(), login.password.as_str());
        assert_eq!(shop.provider.tried(), [old, new], "the passwords that the provider was sent");
        expect_paid(&till, "and the payment after it", &mut seed);
        assert_eq!((shop.fetches(), shop.provider.tried()), (0, vec![new.to_owned()]), "fetches, and passwords sent");
    }
}

#[test]
fn a_new_password_under_eight_payments_costs_one_fetch() {
    let mut seed = Seed::at_run_time();
    for payments in [8, seed.number(3..=7) as usize] {
        let old = Login::draw(&mut seed);
        let shop = Shop::with_secret(&old);
        let till = shop.till(NEVER).max_concurrency(8).start();
        expect_paid(&till, "a first payment", &mut seed);
        let new = old.next(&mut seed);
        shop.aws.secret(SECRET, &new.secret());
        shop.provider.lets_in(&[&new]);
        let _ = (shop.fetches(), shop.provider.tried());
        shop.provider.change(|book| book.waits_for = payments);
        pay_at_once(&till, payments, "customers pay at the same time with a password that was just changed", &mut seed);
        assert_eq!(shop.fetches(), 1, "how often the secret was fetched for {payments} refusals at the same time");
        let tried = shop.provider.tried();
        assert_eq!(tried.len(), 2 * payments, "how often the provider was asked: {tried:?}");
    }
}

#[test]
fn uses_what_another_event_has_fetched() {
    let mut seed = Seed::at_run_time();
    for _ in 0..2 {
        let old = Login::draw(&mut seed);
        let shop = Shop::with_secret(&old);
        let till = shop.till(NEVER).max_concurrency(2).start();
        expect_paid(&till, "a first payment", &mut seed);
        let new = old.next(&mut seed);
        shop.aws.secret(SECRET, &new.secret());
        shop.provider.lets_in(&[&new]);
        let _ = (shop.fetches(), shop.provider.tried());
        let (order, event) = payment(&mut seed);
        shop.provider.change(|book| book.held = Some(order.clone()));
        let story =
            "the provider takes its time to refuse the old password; another payment has fetched the new one by then";
        let slow = till.story(story).send(event);
        shop.provider.wait_for_an_attempt();
        expect_paid(&till, "a payment with a password that was just changed, while another one waits", &mut seed);
        assert_eq!(shop.fetches(), 1, "how often the secret was fetched for the first refusal");
        shop.provider.let_go();
        slow.wait().expect_json(json!({ "receipt": format!("r-{order}") }));
        assert_eq!(shop.fetches(), 0, "how often it was fetched again, although the new password was in hand");
    }
}

#[test]
fn sends_no_refused_password_again() {
    let mut seed = Seed::at_run_time();
    let old = Login::draw(&mut seed);
    let shop = Shop::with_secret(&old);
    let till = shop.till(NEVER).start();
    expect_paid(&till, "a first payment", &mut seed);
    let new = old.next(&mut seed);
    shop.provider.lets_in(&[&new]);
    let _ = (shop.fetches(), shop.provider.tried());
    let story = "the password was changed at the provider, and not yet in the secret";
    let outcome = till.story(story).invoke(payment(&mut seed).1);
    expect_silent(&outcome, "PaymentRefused", &shop, &[&old]);
    assert_eq!(shop.fetches(), 1, "how often the secret was fetched after the refusal");
    assert_eq!(shop.provider.tried(), [old.password.as_str()], "a password that was refused is not sent again");
    shop.aws.secret(SECRET, &new.secret());
    expect_paid(&till, "now the secret has the new password", &mut seed);
}

#[test]
fn looks_for_a_newer_password_once() {
    let mut seed = Seed::at_run_time();
    for _ in 0..2 {
        let old = Login::draw(&mut seed);
        let shop = Shop::with_secret(&old);
        let till = shop.till(NEVER).start();
        expect_paid(&till, "a first payment", &mut seed);
        let new = old.next(&mut seed);
        shop.aws.secret(SECRET, &new.secret());
        shop.provider.lets_in(&[]);
        let _ = (shop.fetches(), shop.provider.tried());
        let outcome = till.story("the provider refuses the old password and the new one").invoke(payment(&mut seed).1);
        expect_silent(&outcome, "PaymentRefused", &shop, &[&old, &new]);
        assert_eq!(shop.fetches(), 1, "how often the secret was fetched");
        assert_eq!(shop.provider.tried().len(), 2, "how often the provider was asked");
    }
}

/// The second attempt has the same ways to end as the first.
#[test]
fn says_what_became_of_the_second_attempt() {
    let mut seed = Seed::at_run_time();
    for _ in 0..2 {
        let old = Login::draw(&mut seed);
        let shop = Shop::with_secret(&old);
        let till = shop.till(NEVER).start();
        expect_paid(&till, "a first payment", &mut seed);
        let new = old.next(&mut seed);
        shop.aws.secret(SECRET, &new.secret());
        shop.provider.lets_in(&[&new]);
        shop.provider.change(|book| book.hangs_up_on = vec![new.password.clone()]);
        let _ = (shop.fetches(), shop.provider.tried());
        let story = "the provider refuses the old password, and hangs up when it is sent the new one";
        let outcome = till.story(story).invoke(payment(&mut seed).1);
        expect_silent(&outcome, "ProviderAway", &shop, &[&old, &new]);
        assert_eq!(shop.provider.tried().len(), 2, "how often the provider was asked");
        shop.provider.change(|book| book.hangs_up_on.clear());
        expect_paid(&till, "the provider is there again", &mut seed);

        shop.provider.lets_in(&[]);
        shop.aws.secret(SECRET, &json!({ "username": new.username, "passwort": new.password }).to_string());
        let story = "the password is refused, and the new version of the secret cannot be read";
        let outcome = till.story(story).invoke(payment(&mut seed).1);
        expect_silent(&outcome, "SecretBroken", &shop, &[&old, &new]);
    }
}

/// A rotation may make a new user, and let the old one be.
#[test]
fn takes_the_new_username_too() {
    let mut seed = Seed::at_run_time();
    for _ in 0..2 {
        let old = Login::draw(&mut seed);
        let shop = Shop::with_secret(&old);
        let till = shop.till(NEVER).start();
        expect_paid(&till, "a first payment", &mut seed);
        let new = Login::draw(&mut seed);
        shop.aws.secret(SECRET, &new.secret());
        shop.provider.lets_in(&[&new]);
        let outcome =
            expect_paid(&till, "the provider has a new user with a new password, and so has the secret", &mut seed);
        expect_hidden(&outcome, &[&old, &new]);
    }
}

#[test]
fn tells_the_caller_what_failed_and_nothing_besides() {
    let mut seed = Seed::at_run_time();
    let login = Login::draw(&mut seed);
    let shop = Shop::with_secret(&login);
    let till = shop.till(NEVER).start();
    shop.refuses(1);
    let outcome = till.story("there is no secret, since Secrets Manager refuses").invoke(payment(&mut seed).1);
    expect_silent(&outcome, "SecretUnavailable", &shop, &[&login]);
    expect_paid(&till, "Secrets Manager is there again", &mut seed);

    shop.provider.change(|book| book.is_away = true);
    let _ = shop.provider.tried();
    let outcome = till.story("the provider hangs up").invoke(payment(&mut seed).1);
    expect_silent(&outcome, "ProviderAway", &shop, &[&login]);
    assert_eq!(shop.provider.tried().len(), 1, "nobody knows whether a payment without an answer was taken: ask once");
    shop.provider.change(|book| book.is_away = false);

    shop.provider.lets_in(&[]);
    shop.refuses(1);
    let outcome = till.story("the password is refused, and Secrets Manager too").invoke(payment(&mut seed).1);
    expect_silent(&outcome, "SecretUnavailable", &shop, &[&login]);
}

/// A parser that explains itself shows what it read.
#[test]
fn shows_nothing_of_a_broken_secret() {
    let mut seed = Seed::at_run_time();
    let login = Login::draw(&mut seed);
    let password = json!(login.password);
    let broken = [
        login.password.clone(),
        password.to_string(),
        json!({ "username": login.username, "password": [password] }).to_string(),
        json!({ "username": login.username, "passwort": password }).to_string(),
        json!({ login.password.as_str(): login.username }).to_string(),
        String::from("{}"),
    ];
    let shop = Shop::open(&[&login]);
    for secret in broken {
        shop.aws.secret(SECRET, &secret);
        let till = shop.till(NEVER).start();
        let outcome = till.story("somebody stored the secret in another form").invoke(payment(&mut seed).1);
        expect_silent(&outcome, "SecretBroken", &shop, &[&login]);
    }
    shop.aws.secret(SECRET, &login.secret());
    expect_paid(&shop.till(NEVER).start(), "the secret is in its form again", &mut seed);
}

#[test]
fn reports_what_it_has_without_the_password() {
    let mut seed = Seed::at_run_time();
    for _ in 0..2 {
        let login = Login::draw(&mut seed);
        let shop = Shop::with_secret(&login);
        let till = shop.till(NEVER).start();
        expect_paid(&till, "a first payment", &mut seed);
        let answer = shop.aws.call(AwsService::SecretsManager, "GetSecretValue", json!({ "SecretId": SECRET }));
        let version = answer.map(|answer| answer["VersionId"].clone()).unwrap_or_default();
        let story = "somebody asks for a report, to see which version of the secret is in use";
        let outcome = till.story(story).invoke(json!({ "report": {} }));
        assert!(matches!(outcome.fate, Fate::Response(_)), "{story}: the till must answer, not {:?}", outcome.fate);
        outcome.expect_logged(&login.username);
        outcome.expect_logged(version.as_str().unwrap_or_default());
        expect_hidden(&outcome, &[&login]);
    }
}

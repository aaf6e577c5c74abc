//! What the shop expects of its strongbox: whoever has all envelopes and no key reads nothing, and forges nothing.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use aes_gcm::aead::{Aead as _, KeyInit as _, Payload};
use aes_gcm::{Aes256Gcm, Nonce};
use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use course::Seed;
use local_aws::{Call, LocalAws, OnLocalAws, Service};
use local_lambda::{Function, Outcome, binary};
use serde_json::{Value, json};

/// KMS with the shop's key and another one of the same account, and a strongbox.
struct Vault {
    aws: LocalAws,
    key: String,
    other_key: String,
    strongbox: Function,
}

impl Vault {
    /// One data key seals so many texts.
    fn open(uses: u64) -> Vault {
        let aws = LocalAws::start();
        let make = || {
            let made = aws.call(Service::Kms, "CreateKey", json!({})).expect("KMS makes a key");
            made["KeyMetadata"]["Arn"].as_str().expect("an ARN").to_owned()
        };
        let (key, other_key) = (make(), make());
        // A debug build takes its time, and this is not about time.
        let builder = Function::builder(binary!()).timeout(Duration::from_secs(30)).on(&aws);
        let strongbox = builder.env("KEY_ID", &key).env("KEY_USES", uses.to_string()).start();
        aws.forget();
        Vault { aws, key, other_key, strongbox }
    }

    /// Seals a letter; gives the envelope.
    #[track_caller]
    fn seal(&self, story: &str, letter: &Letter) -> Value {
        let answer = self.strongbox.story(story).invoke(letter.seal()).expect_response();
        let envelope = answer["envelope"].clone();
        for part in ["key", "nonce", "sealed"] {
            assert!(!bytes(&envelope[part]).is_empty(), "{story}: the envelope has no {part} in Base64: {answer}");
        }
        assert_eq!(bytes(&envelope["nonce"]).len(), 12, "{story}: a nonce of AES-GCM has 12 bytes");
        envelope
    }

    /// Asks the strongbox to open an envelope as this letter.
    fn try_to_open(&self, story: &str, letter: &Letter, envelope: &Value) -> Outcome {
        self.strongbox.story(story).invoke(letter.open(envelope))
    }

    /// The strongbox does not open it, and does not say why.
    #[track_caller]
    fn expect_shut(&self, story: &str, letter: &Letter, envelope: &Value, hidden: &Letter) {
        let outcome = self.try_to_open(story, letter, envelope);
        outcome.expect_error("CannotOpen");
        hidden.expect_hidden(&outcome);
    }

    /// The data key of an envelope, as KMS gives it to who has the right to it.
    #[track_caller]
    fn data_key(&self, letter: &Letter, envelope: &Value) -> Vec<u8> {
        let params = json!({
            "KeyId": self.key,
            "CiphertextBlob": envelope["key"],
            "EncryptionContext": { "customer": letter.customer },
        });
        let answer = self.aws.call(Service::Kms, "Decrypt", params);
        let answer = answer.unwrap_or_else(|error| {
            panic!(
                "the key of the envelope is not one of KEY_ID with the encryption context {{\"customer\": {:?}}}: {error}",
                letter.customer
            )
        });
        bytes(&answer["Plaintext"])
    }

    /// A data key for a customer, in clear and encrypted, by some key of KMS.
    fn foreign_key(&self, by: &str, spec: &str, customer: &str) -> (Vec<u8>, Value) {
        let params = json!({ "KeyId": by, "KeySpec": spec, "EncryptionContext": { "customer": customer } });
        let made = self.aws.call(Service::Kms, "GenerateDataKey", params).expect("KMS makes a data key");
        (bytes(&made["Plaintext"]), made["CiphertextBlob"].clone())
    }

    /// Calls of an operation that the strongbox made.
    fn calls(&self, operation: &str) -> Vec<Call> {
        self.aws.calls().of(operation).iter().cloned().collect()
    }
}

#[derive(Debug, Clone)]
struct Letter {
    customer: String,
    name: String,
    text: String,
}

impl Letter {
    fn draw(seed: &mut Seed) -> Letter {
        Letter {
            customer: format!("c-{}-{}", seed.name().to_lowercase(), seed.number(1..=9999)),
            name: format!("letter-{}", seed.number(1..=9999)),
            text: format!("Dear {}, the key is under the {}. Zoë & 芭蕉", seed.name(), seed.name()),
        }
    }

    /// A letter whose customer and name need some care in JSON.
    fn quoted(seed: &mut Seed) -> Letter {
        let plain = Letter::draw(seed);
        let name = format!("{} \"the {}\" \\ Zoë\t芭蕉\u{1}\u{7f}\u{ad}\u{200b}'", plain.name, seed.name());
        Letter { customer: format!("{}\"", plain.customer), name, ..plain }
    }

    /// Another letter of the same customer.
    fn another(&self, seed: &mut Seed) -> Letter {
        Letter { customer: self.customer.clone(), ..Letter::draw(seed) }
    }

    fn seal(&self) -> Value {
        json!({ "seal": { "customer": self.customer, "name": self.name, "text": self.text } })
    }

    fn open(&self, envelope: &Value) -> Value {
        json!({ "open": { "customer": self.customer, "name": self.name, "envelope": envelope } })
    }

    fn bound(&self) -> Vec<u8> {
        json!([self.customer, self.name]).to_string().into_bytes()
    }

    /// The oracle: an envelope for this letter with this key, made by the check.
    fn sealed_with(&self, key: &[u8], encrypted: &Value, nonce: [u8; 12]) -> Value {
        self.sealed_bytes_with(self.text.as_bytes(), key, encrypted, nonce)
    }

    fn sealed_bytes_with(&self, bytes: &[u8], key: &[u8], encrypted: &Value, nonce: [u8; 12]) -> Value {
        let cipher = Aes256Gcm::new_from_slice(key).expect("a key of 32 bytes");
        let payload = Payload { msg: bytes, aad: &self.bound() };
        let sealed = cipher.encrypt(&Nonce::from(nonce), payload).expect("a text that can be sealed");
        json!({ "key": encrypted, "nonce": base64(&nonce), "sealed": base64(&sealed) })
    }

    #[track_caller]
    fn expect_hidden(&self, outcome: &Outcome) {
        for form in spellings(self.text.as_bytes()) {
            outcome.expect_payload_without(&form);
            outcome.expect_not_logged(&form);
        }
        outcome.expect_payload_without(&self.text);
        outcome.expect_not_logged(&self.text);
    }
}

/// How a program writes bytes by accident: as Base64, as a list, in hexadecimal. A part of it is enough.
fn spellings(bytes: &[u8]) -> [String; 4] {
    let some = &bytes[..bytes.len().min(15)];
    let hex: String = some.iter().map(|byte| format!("{byte:02x}")).collect();
    let list = format!("{some:?}").trim_matches(['[', ']']).to_owned();
    [BASE64_STANDARD.encode(some), list, hex.to_uppercase(), hex]
}

fn bytes(value: &Value) -> Vec<u8> {
    value.as_str().and_then(|text| BASE64_STANDARD.decode(text).ok()).unwrap_or_default()
}

fn base64(bytes: &[u8]) -> Value {
    json!(BASE64_STANDARD.encode(bytes))
}

fn draw_nonce(seed: &mut Seed) -> [u8; 12] {
    std::array::from_fn(|_| seed.number(0..=255) as u8)
}

#[test]
fn opens_what_it_sealed() {
    let mut seed = Seed::at_run_time();
    let vault = Vault::open(10);
    let first = Letter::draw(&mut seed);
    let empty = Letter { text: String::new(), ..first.another(&mut seed) };
    let long = Letter { text: "Dear diary! ".repeat(seed.number(8_000..=20_000) as usize), ..Letter::draw(&mut seed) };
    for (what, letter) in [("a letter", &first), ("an empty letter", &empty), ("a letter of 100 KB or more", &long)] {
        let envelope = vault.seal(&format!("{what} is sealed"), letter);
        let outcome = vault.try_to_open(&format!("{what} is opened"), letter, &envelope);
        outcome.expect_json(json!({ "text": letter.text }));
    }
    let direct = vault.calls("Encrypt").len();
    assert_eq!(direct, 0, "KMS encrypts no letters, but keys: how often it was asked to encrypt");
}

#[test]
fn seals_in_the_agreed_form() {
    let mut seed = Seed::at_run_time();
    let vault = Vault::open(10);
    let first = Letter::draw(&mut seed);
    for letter in [first.clone(), first.another(&mut seed), Letter::draw(&mut seed), Letter::quoted(&mut seed)] {
        let envelope = vault.seal("a letter is sealed, and opened with KMS and AES-GCM alone", &letter);
        let key = vault.data_key(&letter, &envelope);
        let cipher = Aes256Gcm::new_from_slice(&key).expect("a data key of AES_256");
        let nonce: [u8; 12] = bytes(&envelope["nonce"]).try_into().expect("12 bytes");
        let (sealed, bound) = (bytes(&envelope["sealed"]), letter.bound());
        let text = cipher.decrypt(&Nonce::from(nonce), Payload { msg: &sealed, aad: &bound });
        let bound = String::from_utf8_lossy(&bound).into_owned();
        let text = text.unwrap_or_else(|_| {
            panic!("with its data key, its nonce and the additional data {bound}, the letter does not open")
        });
        assert!(text == letter.text.as_bytes(), "another text comes out than was sealed: {text:?}");
    }
}

#[test]
fn opens_the_agreed_form() {
    let mut seed = Seed::at_run_time();
    let vault = Vault::open(10);
    for letter in [Letter::draw(&mut seed), Letter::draw(&mut seed), Letter::quoted(&mut seed)] {
        let (key, encrypted) = vault.foreign_key(&vault.key, "AES_256", &letter.customer);
        let envelope = letter.sealed_with(&key, &encrypted, draw_nonce(&mut seed));
        let outcome = vault.try_to_open("a letter that another program sealed", &letter, &envelope);
        outcome.expect_json(json!({ "text": letter.text }));
    }
}

#[test]
fn tells_kms_for_whom_a_key_is() {
    let mut seed = Seed::at_run_time();
    let vault = Vault::open(1);
    for _ in 0..2 {
        let letter = Letter::draw(&mut seed);
        vault.aws.forget();
        let envelope = vault.seal("a letter is sealed", &letter);
        for _ in 0..2 {
            vault.try_to_open("and opened", &letter, &envelope).expect_json(json!({ "text": letter.text }));
        }
        for (operation, times) in [("GenerateDataKey", 1), ("Decrypt", 2)] {
            let calls = vault.calls(operation);
            assert_eq!(calls.len(), times, "how often KMS was asked to {operation}, for one seal and two openings");
            let (context, key) = (&calls[0].params["EncryptionContext"], &calls[0].params["KeyId"]);
            let expected = json!({ "customer": letter.customer });
            assert_eq!(*context, expected, "the EncryptionContext of {operation}");
            assert_eq!(*key, json!(vault.key), "the KeyId of {operation}");
        }
    }
}

#[test]
fn one_key_seals_several_letters_of_one_customer() {
    let mut seed = Seed::at_run_time();
    for uses in [1, seed.number(2..=6)] {
        let vault = Vault::open(uses);
        let letter = Letter::draw(&mut seed);
        let mut sealed: BTreeMap<String, u64> = BTreeMap::new();
        for number in 1..=2 * uses + 1 {
            let story = format!("letter {number} of one customer, and a key is good for {uses}");
            let envelope = vault.seal(&story, &letter.another(&mut seed));
            *sealed.entry(envelope["key"].to_string()).or_default() += 1;
        }
        let keys = vault.calls("GenerateDataKey").len();
        assert_eq!(keys, 3, "how many data keys were asked for, for {} letters of {uses} a key", 2 * uses + 1);
        let most = sealed.values().max().copied().unwrap_or_default();
        assert_eq!((sealed.len(), most), (3, uses), "the keys in the envelopes, and how many letters the busiest has");
    }
}

#[test]
fn no_two_customers_share_a_key() {
    let mut seed = Seed::at_run_time();
    let vault = Vault::open(100);
    let (one, two) = (Letter::draw(&mut seed), Letter::draw(&mut seed));
    let mut owners: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for customer in [&one, &two, &one, &one, &two] {
        let letter = customer.another(&mut seed);
        let envelope = vault.seal("two customers write in turn", &letter);
        let outcome = vault.try_to_open("and read", &letter, &envelope);
        outcome.expect_json(json!({ "text": letter.text }));
        owners.entry(envelope["key"].to_string()).or_default().insert(letter.customer);
    }
    assert!(owners.values().all(|owners| owners.len() == 1), "a data key has letters of two customers: {owners:?}");
    let keys = vault.calls("GenerateDataKey").len();
    assert_eq!(keys, 4, "of five letters only the fourth has a customer who was served just before: data keys");

    let name = Letter::draw(&mut seed);
    for alike in [name.customer.to_uppercase(), format!("{} ", name.customer), format!("{}2", name.customer)] {
        vault.seal("a customer writes", &name);
        let letter = Letter { customer: alike, ..name.clone() };
        let envelope = vault.seal("and one whose name is nearly the same", &letter);
        let story = "the second one reads his letter";
        vault.try_to_open(story, &letter, &envelope).expect_json(json!({ "text": letter.text }));
    }
}

/// A key that is used up stays so, whatever KMS says.
#[test]
fn a_key_that_is_used_up_is_not_used_again() {
    let mut seed = Seed::at_run_time();
    for uses in [1, seed.number(2..=4)] {
        let vault = Vault::open(uses);
        let letter = Letter::draw(&mut seed);
        let mut old = Value::Null;
        for number in 1..=uses {
            let story = format!("letter {number} of {uses} for which the key is good");
            old = vault.seal(&story, &letter.another(&mut seed))["key"].clone();
        }
        for _ in 0..2 {
            vault.aws.fault("GenerateDataKey").error("DisabledException", 400, "this key is disabled");
            let outcome =
                vault.strongbox.story("the data key is used up, and KMS gives no other").invoke(letter.seal());
            outcome.expect_error("KeyUnavailable");
            letter.expect_hidden(&outcome);
        }
        let new = vault.seal("KMS is there again", &letter)["key"].clone();
        assert!(new != old, "the letter was sealed with the data key that was used up, {uses} letters before");
    }
}

/// The attack on a nonce that comes twice: what is sealed with the same key and nonce is sealed with the same stream of
/// bytes, and whoever knows one of the letters knows the stream.
#[test]
fn knowing_one_letter_does_not_give_away_another() {
    let mut seed = Seed::at_run_time();
    let vault = Vault::open(1000);
    let secret = Letter::draw(&mut seed);
    let known = Letter { text: "x".repeat(secret.text.len()), ..secret.another(&mut seed) };
    let mut envelopes = Vec::new();
    for letter in [&secret, &known, &known, &secret] {
        envelopes.push((letter, vault.seal("a letter that everybody knows, and one that nobody does", letter)));
    }
    let (nothing, brief) =
        (Letter { text: String::new(), ..known.clone() }, Letter { text: "x".to_owned(), ..known.clone() });
    for letter in [&nothing, &secret, &brief, &nothing] {
        envelopes.push((letter, vault.seal("letters without a word, and others", letter)));
    }
    for _ in 0..seed.number(300..=320) {
        envelopes.push((&known, vault.seal("many more letters", &known)));
    }
    let mut seen: BTreeMap<(String, String), Value> = BTreeMap::new();
    for (one, first) in &envelopes {
        let pair = (first["key"].to_string(), first["nonce"].to_string());
        if let Some(second) = seen.insert(pair, first.clone()) {
            let (first, second) = (bytes(&first["sealed"]), bytes(&second["sealed"]));
            let stream = first.iter().zip(one.text.as_bytes()).map(|(sealed, plain)| sealed ^ plain);
            let read: Vec<u8> = stream.zip(&second).map(|(stream, sealed)| stream ^ sealed).collect();
            let read = String::from_utf8_lossy(&read).into_owned();
            panic!("two letters have the same key and the same nonce; who knows one of them reads the other: {read}");
        }
    }
}

#[test]
fn a_letter_opens_for_its_customer_only() {
    let mut seed = Seed::at_run_time();
    let vault = Vault::open(10);
    for _ in 0..2 {
        let letter = Letter::draw(&mut seed);
        let envelope = vault.seal("a letter is sealed", &letter);
        // Opened by its owner first: whatever is kept from that must not help the others.
        vault.try_to_open("its owner reads it", &letter, &envelope).expect_json(json!({ "text": letter.text }));
        let thief = Letter { customer: Letter::draw(&mut seed).customer, ..letter.clone() };
        vault.expect_shut("another customer asks for it", &thief, &envelope, &letter);
        vault.seal("the thief has a letter of his own sealed", &thief);
        vault.expect_shut("and asks again", &thief, &envelope, &letter);
    }
}

#[test]
fn a_letter_opens_under_its_name_only() {
    let mut seed = Seed::at_run_time();
    let vault = Vault::open(10);
    let letter = Letter::draw(&mut seed);
    let other = letter.another(&mut seed);
    let envelope = vault.seal("a letter is sealed", &letter);
    vault.expect_shut("somebody hands it out under another name", &other, &envelope, &letter);

    // Put together without a mark between them, these two are the same.
    let (name, tail) = (seed.name(), seed.name());
    for mark in ["", "/", "|", ":", "\0", ",", "\",\""] {
        let one = Letter { customer: letter.customer.clone(), name: format!("{name}{mark}{tail}"), ..letter.clone() };
        let two = Letter { customer: format!("{}{mark}{name}", letter.customer), name: tail.clone(), ..letter.clone() };
        let (key, encrypted) = vault.foreign_key(&vault.key, "AES_256", &two.customer);
        let envelope = one.sealed_with(&key, &encrypted, draw_nonce(&mut seed));
        let story = format!(
            "a letter was sealed as {:?} of {:?}, and is asked for as {:?} of {:?}",
            one.name, one.customer, two.name, two.customer
        );
        vault.expect_shut(&story, &two, &envelope, &one);
    }
}

#[test]
fn a_letter_that_was_tampered_with_stays_shut() {
    let mut seed = Seed::at_run_time();
    let vault = Vault::open(10);
    let letter = Letter::draw(&mut seed);
    let envelope = vault.seal("a letter is sealed", &letter);
    for part in ["key", "nonce", "sealed"] {
        let right = bytes(&envelope[part]);
        let last = right.len() - 1;
        for place in [0, last, seed.number(0..=last as u64) as usize] {
            let mut wrong = right.clone();
            wrong[place] ^= 1 << seed.number(0..=7);
            let mut forged = envelope.clone();
            forged[part] = base64(&wrong);
            vault.expect_shut(&format!("one bit of {part} is another, in byte {place}"), &letter, &forged, &letter);
        }
        let lengths = [("is empty", vec![]), ("lost its last byte", right[..last].to_vec())];
        let longer = ("has a byte more", [&right[..], &[0]].concat());
        for (what, wrong) in lengths.into_iter().chain([longer]) {
            let mut forged = envelope.clone();
            forged[part] = base64(&wrong);
            vault.expect_shut(&format!("{part} {what}"), &letter, &forged, &letter);
        }
        let mut forged = envelope.clone();
        forged[part] = json!("no base64 at all!");
        vault.expect_shut(&format!("{part} is no Base64"), &letter, &forged, &letter);
    }
    let (key, encrypted) = vault.foreign_key(&vault.key, "AES_256", &letter.customer);
    let bytes_of_nothing = [letter.text.as_bytes(), &[0xff, 0xfe, seed.number(0x80..=0xbf) as u8]].concat();
    let no_text = letter.sealed_bytes_with(&bytes_of_nothing, &key, &encrypted, draw_nonce(&mut seed));
    vault.expect_shut("what was sealed is no UTF-8", &letter, &no_text, &letter);
    let other = letter.another(&mut seed);
    let second = vault.seal("another letter of the same customer is sealed", &other);
    for part in ["nonce", "sealed"] {
        let mut mixed = envelope.clone();
        mixed[part] = second[part].clone();
        vault.expect_shut(&format!("{part} is that of another letter"), &letter, &mixed, &other);
    }
    vault.try_to_open("the letter as it was", &letter, &envelope).expect_json(json!({ "text": letter.text }));
}

/// Whoever may use any key of the account can make an envelope; it must not pass for one of ours.
#[test]
fn a_letter_of_another_key_stays_shut() {
    let mut seed = Seed::at_run_time();
    let vault = Vault::open(10);
    for _ in 0..2 {
        let letter = Letter::draw(&mut seed);
        let (key, encrypted) = vault.foreign_key(&vault.other_key, "AES_256", &letter.customer);
        let envelope = letter.sealed_with(&key, &encrypted, draw_nonce(&mut seed));
        vault.expect_shut("a letter was sealed with another key of the account", &letter, &envelope, &letter);
        let (_, encrypted) = vault.foreign_key(&vault.key, "AES_128", &letter.customer);
        let envelope = letter.sealed_with(&key, &encrypted, draw_nonce(&mut seed));
        vault.expect_shut("its data key has 16 bytes", &letter, &envelope, &letter);
    }
}

#[test]
fn says_when_there_is_no_key() {
    let mut seed = Seed::at_run_time();
    let vault = Vault::open(2);
    let letter = Letter::draw(&mut seed);
    let refuse = |operation: &str, code: &str| {
        vault.aws.fault(operation).error(code, 400, "User: till is not authorized to do that with this key");
    };
    for code in ["AccessDeniedException", "DisabledException"] {
        refuse("GenerateDataKey", code);
        let outcome = vault.strongbox.story(format!("KMS answers {code}")).invoke(letter.seal());
        outcome.expect_error("KeyUnavailable");
        outcome.expect_payload_without("not authorized");
        letter.expect_hidden(&outcome);
    }
    let envelope = vault.seal("KMS is there again", &letter);
    for code in ["AccessDeniedException", "KMSInvalidStateException"] {
        refuse("Decrypt", code);
        let outcome = vault.try_to_open(&format!("KMS answers {code}"), &letter, &envelope);
        outcome.expect_error("KeyUnavailable");
        outcome.expect_payload_without("not authorized");
    }
    vault.try_to_open("KMS is there again", &letter, &envelope).expect_json(json!({ "text": letter.text }));
}

#[test]
fn shows_neither_text_nor_key() {
    let mut seed = Seed::at_run_time();
    for _ in 0..2 {
        let vault = Vault::open(10);
        let letter = Letter::draw(&mut seed);
        let sealing = vault.strongbox.story("a letter is sealed").invoke(letter.seal());
        letter.expect_hidden(&sealing);
        let envelope = sealing.expect_response()["envelope"].clone();
        let opening = vault.try_to_open("and opened", &letter, &envelope);
        opening.expect_not_logged(&letter.text);
        let wrong = Letter { name: "another".to_owned(), ..letter.clone() };
        let refusing = vault.try_to_open("and asked for under a wrong name", &wrong, &envelope);
        let key = vault.data_key(&letter, &envelope);
        for outcome in [&sealing, &opening, &refusing] {
            for form in spellings(&key) {
                outcome.expect_payload_without(&form);
                outcome.expect_not_logged(&form);
            }
        }
        for form in spellings(letter.text.as_bytes()) {
            sealing.expect_not_logged(&form);
            opening.expect_not_logged(&form);
            refusing.expect_not_logged(&form).expect_payload_without(&form);
        }
    }
}

//! What the shop expects of the album maker.

use std::collections::HashSet;
use std::fs;
use std::path::PathBuf;
use std::process;
use std::sync::atomic::{AtomicU32, Ordering};

use course::Seed;
use local_lambda::{Exit, Function, binary};
use serde_json::{Value, json};

/// A workshop and an album maker, with a folder of their own.
struct Shop {
    folder: PathBuf,
    maker: Function,
}

impl Shop {
    fn open() -> Shop {
        static NUMBER: AtomicU32 = AtomicU32::new(0);
        let number = NUMBER.fetch_add(1, Ordering::Relaxed);
        let folder = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(format!("albums-{}-{number}", process::id()));
        fs::create_dir_all(&folder).expect("a folder for the shop");
        let maker = Function::builder(binary!()).env("FOLDER", folder.to_string_lossy()).start();
        Shop { folder, maker }
    }

    /// All that the workshop did, without tokens.
    fn effects(&self) -> Vec<String> {
        let book = fs::read_to_string(self.folder.join("workshop.txt")).unwrap_or_default();
        book.lines().filter_map(|line| line.split_once('\t')).map(|(_, what)| what.to_owned()).collect()
    }

    /// The journal of the only execution.
    fn journal(&self) -> PathBuf {
        let files = fs::read_dir(&self.folder).expect("a folder").flatten().map(|file| file.path());
        let mut journals = files.filter(|path| path.extension().is_some_and(|ending| ending == "journal"));
        journals.next().expect("a journal in the folder: `Journal::open` makes one")
    }
}

impl Drop for Shop {
    fn drop(&mut self) {
        // A folder that stays is no reason to fail.
        let _ = fs::remove_dir_all(&self.folder);
    }
}

fn order(seed: &mut Seed, photos: u64) -> Value {
    let photos: Vec<String> = (1..=photos).map(|number| format!("{}-{number}", seed.name())).collect();
    json!({ "id": seed.name(), "photos": photos })
}

/// What the workshop does for an order: nothing twice, nothing left out. Effects are numbered, and this is the first.
fn effects_from(roll: u64, order: &Value) -> Vec<String> {
    let photos: Vec<_> = order["photos"].as_array().into_iter().flatten().filter_map(Value::as_str).collect();
    let prints: Vec<u64> = (1..=photos.len() as u64).map(|number| roll + number).collect();
    let mut effects = vec!["roll".to_owned()];
    effects.extend(photos.iter().map(|photo| format!("print of {photo} on {roll}")));
    effects.push(format!("parcel of {prints:?}"));
    effects
}

/// The same in a new workshop, which begins with 100.
fn expected_effects(order: &Value) -> Vec<String> {
    effects_from(100, order)
}

#[track_caller]
fn expect_effects(shop: &Shop, order: &Value, when: &str) {
    assert_eq!(shop.effects(), expected_effects(order), "all that the workshop did, {when}");
}

#[test]
fn makes_an_album() {
    let mut seed = Seed::at_run_time();
    for photos in [1, 3] {
        let (shop, order) = (Shop::open(), order(&mut seed, photos));
        let story = "a new order; the workshop numbers what it does: the roll is 100, the first print 101, and a token \
                     that it knows gets its old number again";
        let outcome = shop.maker.story(story).invoke(json!({ "order": order }));
        outcome.expect_json_at("/prints", json!((1..=photos).map(|number| 100 + number).collect::<Vec<_>>()));
        outcome.expect_json_at("/parcel", 101 + photos);
        outcome.expect_that("`ran` counts the order, the paper, each photo, the parcel", |answer| {
            answer["ran"] == 3 + photos && answer["replayed"] == 0
        });
        expect_effects(&shop, &order, "for a new order");
    }
}

#[test]
fn does_nothing_again_for_the_same_order() {
    let mut seed = Seed::at_run_time();
    for photos in [1, 2] {
        let (shop, order) = (Shop::open(), order(&mut seed, photos));
        let first = shop.maker.story("a new order").invoke(json!({ "order": order })).expect_response();
        let outcome = shop.maker.story("the same order again").invoke(json!({ "order": order }));
        outcome.expect_json_at("/execution", first["execution"].clone());
        outcome.expect_json_at("/prints", first["prints"].clone());
        outcome.expect_json_at("/parcel", first["parcel"].clone());
        outcome.expect_json_at("/ran", 0);
        outcome.expect_json_at("/replayed", 3 + photos);
        let story = "the same order once more; whatever is done or recorded anew ends the process";
        let outcome = shop.maker.story(story).invoke(json!({ "order": order, "crash_at": 1 }));
        outcome.expect_json_at("/ran", 0);
        expect_effects(&shop, &order, "for an order that came three times");
    }
}

#[test]
fn goes_on_after_a_crash_at_every_place() {
    let mut seed = Seed::at_run_time();
    for place in 1.. {
        let (shop, order) = (Shop::open(), order(&mut seed, 2));
        let story =
            format!("the process ends at its place {place}: before or after an effect, before or after a record");
        let crashed = shop.maker.story(story).invoke(json!({ "order": order, "crash_at": place }));
        if crashed.status_code() == 200 && crashed.payload().starts_with(b"{\"execution") {
            assert!(place > 16, "five steps have at least sixteen places, and nothing crashed at place {place}");
            break;
        }
        crashed.expect_exit(Exit::Code(1));
        let place = crashed.function_log().last().unwrap_or("the process ends");
        let story = format!("the same order again; of the invocation before: \"{place}\"");
        let outcome = shop.maker.story(story).invoke(json!({ "order": order }));
        outcome.expect_json_at("/prints", json!([101, 102])).expect_json_at("/parcel", 103);
        outcome.expect_that("`ran` and `replayed` are five steps together", |answer| {
            answer["ran"].as_u64().zip(answer["replayed"].as_u64()).is_some_and(|(ran, replayed)| ran + replayed == 5)
        });
        expect_effects(&shop, &order, &format!("in two invocations; of the first: \"{place}\""));
    }
}

#[test]
fn arrives_although_every_invocation_crashes() {
    let mut seed = Seed::at_run_time();
    let photos = seed.number(4..=6);
    for place in [4, 5] {
        let (shop, order) = (Shop::open(), order(&mut seed, photos));
        let mut invocations = 0;
        let last = loop {
            invocations += 1;
            let story = format!("invocation {invocations}; each one ends at its place {place}, if it comes so far");
            let outcome = shop.maker.story(story).invoke(json!({ "order": order, "crash_at": place }));
            if outcome.payload().starts_with(b"{\"execution") {
                break outcome;
            }
            outcome.expect_exit(Exit::Code(1));
            assert!(invocations <= 2 * photos + 6, "after {invocations} invocations the album is not made");
        };
        last.expect_json_at("/parcel", 101 + photos);
        expect_effects(&shop, &order, "with a crash in every invocation but the last");
    }
}

#[test]
fn tries_a_failed_step_again() {
    let mut seed = Seed::at_run_time();
    for jammed in [0, 2] {
        let (shop, order) = (Shop::open(), order(&mut seed, 3));
        for _ in 0..2 {
            let event = json!({ "order": order, "jams_at": order["photos"][jammed] });
            let outcome = shop.maker.story(format!("the press jams at photo {}", jammed + 1)).invoke(event);
            outcome.expect_error("PressJammed");
        }
        let outcome = shop.maker.story("the press works again").invoke(json!({ "order": order }));
        outcome.expect_json_at("/ran", 4 - jammed as u64).expect_json_at("/replayed", 2 + jammed as u64);
        expect_effects(&shop, &order, "with a press that jammed twice");
    }
}

#[test]
fn prints_a_photo_as_often_as_it_is_ordered() {
    let mut seed = Seed::at_run_time();
    for between in [0, 1] {
        let photo = seed.name();
        let mut photos = vec![photo.clone(); 2];
        photos.splice(1..1, (0..between).map(|_| seed.name()));
        let (shop, order) = (Shop::open(), json!({ "id": seed.name(), "photos": photos }));
        let outcome = shop.maker.story("one photo is ordered twice").invoke(json!({ "order": order }));
        outcome.expect_json_at("/ran", 5 + between as u64);
        expect_effects(&shop, &order, "for an order that has one photo twice");
    }
}

#[test]
fn keeps_executions_apart() {
    let mut seed = Seed::at_run_time();
    for photos in [1, 2] {
        let (shop, first) = (Shop::open(), order(&mut seed, photos));
        let [id, other] = long_ids(&seed.name());
        let orders = [id, other].map(|id| json!({ "id": id, "photos": first["photos"] }));
        let mut expected = Vec::new();
        for (order, what) in orders.iter().zip(["a new order", "another order for the same photos"]) {
            let roll = 100 + expected.len() as u64;
            let story =
                format!("{what}, with tokens of its own; the workshop has none of them yet, so its roll is {roll}");
            expected.extend(effects_from(roll, order));
            let outcome = shop.maker.story(story).invoke(json!({ "order": order }));
            outcome.expect_json_at("/parcel", roll + photos + 1);
        }
        assert_eq!(shop.effects(), expected, "all that the workshop did, for two orders for the same photos");
    }
}

#[test]
fn keeps_long_albums_apart() {
    let mut seed = Seed::at_run_time();
    for photos in [seed.number(12..=20), 140] {
        let (shop, long, short) = (Shop::open(), order(&mut seed, photos), order(&mut seed, 1));
        let id = long["id"].as_str().expect("an id");
        // What joins a name and a number makes one token of `A` with 11 and of `A1` with 1.
        let others = [format!("{id}1"), format!("{id}\u{11}"), format!("1{id}")];
        let outcome = shop.maker.story(format!("an order of {photos} photos")).invoke(json!({ "order": long }));
        outcome.expect_json_at("/parcel", 101 + photos);
        let mut roll = 102 + photos;
        for other in others {
            let story = format!("the order {other:?} after {id:?} of {photos} photos; no token of it is known yet");
            let event = json!({ "order": { "id": other, "photos": short["photos"] } });
            let outcome = shop.maker.story(story).invoke(event);
            outcome.expect_json_at("/prints", json!([roll + 1])).expect_json_at("/parcel", roll + 2);
            roll += 3;
        }
    }
}

/// Two ids, as long as ids may be, that differ in their last byte.
fn long_ids(name: &str) -> [String; 2] {
    ["a", "b"].map(|last| name.chars().cycle().take(23).collect::<String>() + last)
}

#[test]
fn names_executions_so_that_no_two_orders_share_one() {
    let mut seed = Seed::at_run_time();
    let name = seed.name();
    let pairs = [
        [name.clone(), name.to_lowercase()],
        [format!("{name} 1"), format!("{name}/1")],
        [format!("{name}-1"), format!("{name}_1")],
        [format!("{name}_201"), format!("{name} 1")],
        [format!("{name}-201"), format!("{name} 1")],
        [format!("{name}1"), format!("{name}-1")],
        [format!("{name}é"), format!("{name}?")],
        [name.clone(), format!("{name} ")],
        [name.clone(), format!(" {name}")],
        ["明".repeat(8), format!("{}暗", "明".repeat(7))],
        ["\u{11}\u{2}".to_owned(), "\u{1}\u{12}".to_owned()],
        ["\u{1}2".to_owned(), "\u{12}".to_owned()],
        ["明".to_owned(), "f\u{e}".to_owned()],
        ["/".repeat(24), format!("{} ", "/".repeat(23))],
        ["_".repeat(24), ".".repeat(24)],
        ["é".repeat(12), "\u{7f}".repeat(24)],
        long_ids(&name),
    ];
    for [id, other] in pairs {
        let shop = Shop::open();
        let stories = ["a new order".to_owned(), format!("the order {other:?}, in the shop that made {id:?}")];
        let mut names = HashSet::new();
        for (id, story) in [id, other].into_iter().zip(stories) {
            let outcome = shop.maker.story(story).invoke(json!({ "order": { "id": id, "photos": [] } }));
            outcome.expect_json_at("/ran", 3);
            let name = outcome.expect_response()["execution"].as_str().unwrap_or_default().to_owned();
            outcome.expect("the name has 1 to 80 letters of A-Z, a-z, 0-9, - and _", |_| {
                (1..=80).contains(&name.len())
                    && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_')
            });
            outcome.expect("the other order has another name", |_| names.insert(name));
        }
    }
}

#[test]
fn refuses_another_order_under_the_same_name() {
    let mut seed = Seed::at_run_time();
    for photos in [1, 3] {
        let (shop, order) = (Shop::open(), order(&mut seed, photos));
        shop.maker.story("a new order").invoke(json!({ "order": order })).expect_json_at("/ran", 3 + photos);
        let same = order["photos"].as_array().expect("photos");
        let mut another = same.clone();
        another[0] = json!(seed.name());
        let more = [same.as_slice(), &[json!(seed.name())]].concat();
        for (photos, what) in [(another, "another photo"), (more, "one photo more"), (same[1..].to_vec(), "one less")] {
            let changed = json!({ "id": order["id"], "photos": photos });
            let story = format!("an order with the same id and {what}");
            shop.maker.story(story).invoke(json!({ "order": changed })).expect_error("ExecutionAlreadyExists");
        }
        expect_effects(&shop, &order, "for one order, and three that were refused");
    }
}

/// What is done to the records of a journal.
type Change = Box<dyn Fn(&mut Vec<Value>)>;

/// A shop in which an order came as far as this place, where a step is done and recorded, and whose journal was changed.
fn shop_with_a_changed_journal(order: &Value, place: u64, change: &Change) -> Shop {
    let shop = Shop::open();
    let story = "a new order; the process ends where a step is done and recorded";
    shop.maker.story(story).invoke(json!({ "order": order, "crash_at": place })).expect_exit(Exit::Code(1));
    let text = fs::read_to_string(shop.journal()).expect("a journal");
    let mut records: Vec<Value> = text.lines().filter_map(|line| serde_json::from_str(line).ok()).collect();
    let count = place as usize / 4 + 1;
    assert_eq!(
        records.len(),
        count,
        "how many records the journal has, where the process ended after the last of them"
    );
    change(&mut records);
    fs::write(shop.journal(), records.iter().map(|record| format!("{record}\n")).collect::<String>())
        .expect("a journal");
    shop
}

#[test]
fn notices_a_journal_of_other_steps() {
    let mut seed = Seed::at_run_time();
    let order = order(&mut seed, 3);
    let photo = order["photos"][0].as_str().expect("a photo").to_owned();
    let renamed = |place: u64, step: usize, name: String| -> (u64, String, Change) {
        let what = format!("whose step {step} of {} was `{name}`", place / 4 + 1);
        (place, what, Box::new(move |records| records[step - 1]["step"] = json!(name)))
    };
    // Where the process ends: after the record of the second step, the third, the fifth or the last.
    let cases = [
        renamed(6, 2, "fetch paper".to_owned()),
        renamed(10, 3, format!("print {}", seed.name())),
        renamed(10, 3, format!("print {photo}0")),
        renamed(10, 3, format!("print {}", &photo[..photo.len() - 1])),
        renamed(10, 3, format!("print {}", photo.to_lowercase())),
        renamed(18, 3, format!("print {}", seed.name())),
        renamed(22, 6, "wrap".to_owned()),
        (18, "that had a step `fold` before its third".to_owned(), {
            Box::new(|records| records.insert(2, json!({ "step": "fold", "result": 7 })))
        }),
        (18, "that had no third step".to_owned(), Box::new(|records| drop(records.remove(2)))),
        (18, "that printed the second photo before the first".to_owned(), Box::new(|records| records.swap(2, 3))),
    ];
    for (place, what, change) in &cases {
        // As the version of yesterday would have written it.
        let shop = shop_with_a_changed_journal(&order, *place, change);
        let before = shop.effects();
        let story =
            format!("the journal was written by a version {what}; whatever is done or recorded anew ends the process");
        let outcome = shop.maker.story(story).invoke(json!({ "order": order, "crash_at": 1 }));
        outcome.expect_error("NonDeterministic");
        assert_eq!(shop.effects(), before, "all that the workshop did, for a journal of a version {what}");
    }
}

#[test]
fn cannot_go_on_with_a_result_that_it_cannot_read() {
    let mut seed = Seed::at_run_time();
    for photos in [1, 2] {
        let order = order(&mut seed, photos);
        let change: Change = Box::new(|records| records[1]["result"] = json!("A4"));
        let shop = shop_with_a_changed_journal(&order, 6, &change);
        let story = "the journal says that `reserve paper` gave \"A4\", which is no number; whatever is done or \
                     recorded anew ends the process";
        let outcome = shop.maker.story(story).invoke(json!({ "order": order, "crash_at": 1 }));
        let error_type = &outcome.expect_function_error().error_type;
        let either = ["JournalLost", "NonDeterministic"].contains(&error_type.as_str());
        outcome.expect("the function fails with JournalLost or NonDeterministic", |_| either);
        assert_eq!(shop.effects(), ["roll"], "all that the workshop did, where the journal cannot be read");
    }
}

#[test]
fn notices_a_journal_with_more_steps() {
    let mut seed = Seed::at_run_time();
    for more in ["send a letter", "ship"] {
        let (shop, order) = (Shop::open(), order(&mut seed, 1));
        shop.maker.story("a new order").invoke(json!({ "order": order })).expect_json_at("/ran", 4);
        let text = fs::read_to_string(shop.journal()).expect("a journal");
        fs::write(shop.journal(), text + &format!("{}\n", json!({ "step": more, "result": 7 }))).expect("a journal");
        let story = format!("the journal was written by a version that had one more step at its end, `{more}`");
        shop.maker.story(story).invoke(json!({ "order": order })).expect_error("NonDeterministic");
    }
}

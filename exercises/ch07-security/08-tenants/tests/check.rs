//! What the tenants of the counter expect of each other: nothing. All of them meet the same warm process here, as they
//! do on Lambda wherever nobody asked for one of their own.

use course::Seed;
use local_lambda::{Function, Outcome, binary};
use serde_json::{Map, Value, json};

/// The counter, and what a print of 10x15 costs at each tenant.
struct Counter {
    function: Function,
    prices: Vec<(String, u64)>,
}

impl Counter {
    /// Each tenant has prices of its own.
    fn of(seed: &mut Seed, tenants: &[String]) -> Counter {
        let first = seed.number(10..=40);
        let prices: Vec<(String, u64)> = tenants.iter().cloned().zip((first..).step_by(7)).collect();
        let lists: Map<String, Value> = prices
            .iter()
            .map(|(tenant, cents)| (tenant.clone(), json!({ "10x15": cents, "20x30": cents * 3 })))
            .collect();
        let function = Function::builder(binary!()).env("PRICES", Value::Object(lists).to_string()).start();
        Counter { function, prices }
    }

    fn ask(&self, tenant: &str, story: impl Into<String>, wish: Value) -> Outcome {
        self.function.story(story).tenant(tenant).invoke(wish)
    }

    fn price(&self, tenant: &str, story: &str, copies: u64) -> Outcome {
        let story = format!("{tenant} asks for the price of {copies} prints: {story}");
        self.ask(tenant, story, json!({ "do": "price", "size": "10x15", "copies": copies }))
    }

    fn save(&self, tenant: &str, album: &str, text: &str) -> Outcome {
        let story = format!("{tenant} saves an album called {album:?}");
        let outcome = self.ask(tenant, story, json!({ "do": "save", "album": album, "text": text }));
        outcome.expect_json(json!({ "saved": album }));
        outcome
    }

    #[track_caller]
    fn expect_album(&self, tenant: &str, album: &str, text: &str) {
        let story = format!("{tenant} opens its album {album:?}");
        let outcome = self.ask(tenant, story, json!({ "do": "open", "album": album }));
        outcome.expect_json(json!({ "album": album, "text": text }));
    }

    #[track_caller]
    fn expect_no_album(&self, tenant: &str, album: &str) -> Outcome {
        let story = format!("{tenant} opens an album called {album:?}, and has none of this name");
        let outcome = self.ask(tenant, story, json!({ "do": "open", "album": album }));
        outcome.expect_error("NoAlbum");
        outcome
    }
}

/// Tenants of whom nobody knew before.
fn tenants(seed: &mut Seed, count: usize) -> Vec<String> {
    (1..=count).map(|number| format!("{}-{number}{}", seed.name().to_lowercase(), seed.number(10..=99))).collect()
}

/// Something that a customer writes into an album.
fn text(seed: &mut Seed) -> String {
    format!("{} and {} at the sea, {}", seed.name(), seed.name(), seed.number(1000..=9999))
}

#[test]
fn serves_one_tenant() {
    let mut seed = Seed::at_run_time();
    let names = tenants(&mut seed, 1);
    let counter = Counter::of(&mut seed, &names);
    let (tenant, cents) = &counter.prices[0];
    let copies = seed.number(1..=50);
    counter.price(tenant, "one tenant, and nobody else", copies).expect_json(json!({ "cents": cents * copies }));
    let text = text(&mut seed);
    counter.save(tenant, "summer", &text);
    counter.expect_album(tenant, "summer", &text);
    let wish = json!({ "do": "price", "size": "1x1", "copies": copies });
    counter.ask(tenant, format!("{tenant} asks for a size that it does not have"), wish).expect_error("NoSize");
    counter.expect_no_album(tenant, "winter");
    let most = seed.number(99_000..=100_000);
    counter.price(tenant, "a large order", most).expect_json(json!({ "cents": cents * most }));
}

#[test]
fn tells_each_tenant_its_own_prices() {
    let mut seed = Seed::at_run_time();
    let names = tenants(&mut seed, 4);
    let counter = Counter::of(&mut seed, &names);
    let mut earlier = "it is the first one".to_owned();
    for _ in 0..12 {
        let (tenant, cents) = seed.pick(&counter.prices).clone();
        let copies = seed.number(1..=50);
        counter.price(&tenant, &earlier, copies).expect_json(json!({ "cents": cents * copies }));
        earlier = format!("{tenant} was there before");
    }
    let stranger = format!("{}-without-prices", seed.name().to_lowercase());
    counter.price(&stranger, "it has no price list, and others have", 1).expect_error("NoPrices");
    let (tenant, cents) = counter.prices[1].clone();
    let outcome = counter.price(&tenant, "a tenant without a price list was there before", 2);
    outcome.expect_json(json!({ "cents": cents * 2 }));
    outcome.expect_warm();
}

#[test]
fn reads_each_price_list_once() {
    let mut seed = Seed::at_run_time();
    let names = tenants(&mut seed, 30);
    let counter = Counter::of(&mut seed, &names);
    for tenant in &names {
        let outcome = counter.save(tenant, "summer", &text(&mut seed));
        outcome.expect_not_logged("reading the prices of");
        counter.expect_no_album(tenant, "winter").expect_not_logged("reading the prices of");
    }
    let mut reads = Vec::new();
    for turn in 1..=3 {
        for (tenant, cents) in &counter.prices {
            let outcome = counter.price(tenant, &format!("the {turn}. time today"), turn);
            outcome.expect_json(json!({ "cents": cents * turn }));
            reads.extend(
                outcome.function_log().filter(|line| line.starts_with("reading the prices of ")).map(str::to_owned),
            );
        }
    }
    let expected: Vec<String> = names.iter().map(|tenant| format!("reading the prices of {tenant}")).collect();
    assert!(
        reads == expected,
        "thirty tenants ask three times each, in turn, and each list is read when it is needed first\n  expected {expected:?}\n  got      {reads:?}"
    );
}

#[test]
fn keeps_the_albums_of_tenants_apart() {
    let mut seed = Seed::at_run_time();
    let names = tenants(&mut seed, 3);
    let counter = Counter::of(&mut seed, &names);
    let texts: Vec<String> = names.iter().map(|_| text(&mut seed)).collect();
    for (tenant, text) in names.iter().zip(&texts) {
        counter.expect_no_album(tenant, "summer");
        counter.save(tenant, "summer", text);
    }
    for (tenant, text) in names.iter().zip(&texts) {
        counter.expect_album(tenant, "summer", text);
    }
    let again = text(&mut seed);
    counter.save(&names[1], "summer", &again);
    counter.expect_album(&names[0], "summer", &texts[0]);
    counter.expect_album(&names[1], "summer", &again);
    counter.expect_album(&names[2], "summer", &texts[2]);
}

#[test]
fn keeps_them_apart_whatever_tenants_and_albums_are_called() {
    let mut seed = Seed::at_run_time();
    let name = seed.name().to_lowercase();
    let long = "l".repeat(255);
    let pairs = [
        (name.clone(), "a-b".to_owned(), format!("{name}-a"), "b".to_owned()),
        (name.clone(), "a/b".to_owned(), format!("{name}/a"), "b".to_owned()),
        (name.clone(), "a:b".to_owned(), format!("{name}:a"), "b".to_owned()),
        (name.clone(), "a_b".to_owned(), format!("{name}_a"), "b".to_owned()),
        (name.clone(), "a.b".to_owned(), format!("{name}.a"), "b".to_owned()),
        (name.clone(), "a b".to_owned(), format!("{name} a"), "b".to_owned()),
        (name.clone(), "a=b".to_owned(), format!("{name}=a"), "b".to_owned()),
        (name.clone(), "a+b".to_owned(), format!("{name}+a"), "b".to_owned()),
        (name.clone(), "a@b".to_owned(), format!("{name}@a"), "b".to_owned()),
        (name.clone(), "x".to_owned(), format!("{name}x"), String::new()),
        (name.clone(), "album".to_owned(), name.to_uppercase(), "album".to_owned()),
        (name.clone(), "album".to_owned(), format!("other/../{name}"), "album".to_owned()),
        (name.clone(), "album".to_owned(), format!("./{name}"), "album".to_owned()),
        (name.clone(), "album".to_owned(), format!("{name}/"), "album".to_owned()),
        (
            name.clone(),
            "album".to_owned(),
            name.replace(|c: char| !c.is_ascii_alphanumeric(), "") + "+",
            "album".to_owned(),
        ),
        (format!("{name}/1"), "album".to_owned(), format!("{name}_1"), "album".to_owned()),
        (format!("{name}@1"), "album".to_owned(), format!("{name}-1"), "album".to_owned()),
        (format!("{long}1"), "album".to_owned(), format!("{long}2"), "album".to_owned()),
        (name.clone(), format!("../{name}-2/album"), format!("{name}-2"), "album".to_owned()),
        (name.clone(), "/etc/hostname".to_owned(), format!("{name}-2"), "/etc/hostname".to_owned()),
        (name.clone(), "夏 🌞".to_owned(), format!("{name}-2"), "夏 🌞".to_owned()),
        (name.clone(), "a".repeat(100), format!("{name}-2"), "a".repeat(100)),
        ("..".to_owned(), "album".to_owned(), ".".to_owned(), "album".to_owned()),
        ("/".to_owned(), "album".to_owned(), "//".to_owned(), "album".to_owned()),
    ];
    for (one, album_of_one, other, album_of_other) in pairs {
        let counter = Counter::of(&mut seed, &[one.clone(), other.clone()]);
        let (first, second) = (text(&mut seed), text(&mut seed));
        counter.save(&one, &album_of_one, &first);
        counter.expect_no_album(&other, &album_of_other);
        counter.save(&other, &album_of_other, &second);
        counter.expect_album(&one, &album_of_one, &first);
        counter.expect_album(&other, &album_of_other, &second);
        for (tenant, cents) in &counter.prices {
            counter.price(tenant, "the tenants have names that are alike", 1).expect_json(json!({ "cents": cents }));
        }
    }
}

/// Whatever signs a program puts between a tenant and an album, both may have them.
#[test]
fn keeps_them_apart_whatever_stands_between_them() {
    let mut seed = Seed::at_run_time();
    let name = seed.name().to_lowercase();
    let one_sign = ["-", "/", ":", "_", ".", " ", "=", "+", "@"];
    let mut between: Vec<String> = one_sign.iter().flat_map(|sign| (1..=3).map(|times| sign.repeat(times))).collect();
    between.extend(["://", " - ", " / ", "/@", "/albums/", "-album-", ".album.", "0"].map(str::to_owned));
    for between in between {
        for (one, album_of_one, other, album_of_other) in [
            (name.clone(), format!("a{between}b"), format!("{name}{between}a"), "b".to_owned()),
            (name.clone(), format!("b{between}a"), format!("a{between}{name}"), "b".to_owned()),
        ] {
            let counter = Counter::of(&mut seed, &[one.clone(), other.clone()]);
            let (first, second) = (text(&mut seed), text(&mut seed));
            counter.save(&one, &album_of_one, &first);
            counter.expect_no_album(&other, &album_of_other);
            counter.save(&other, &album_of_other, &second);
            counter.expect_album(&one, &album_of_one, &first);
        }
    }
}

#[test]
fn keeps_the_albums_of_one_tenant_apart() {
    let mut seed = Seed::at_run_time();
    let names = tenants(&mut seed, 1);
    let counter = Counter::of(&mut seed, &names);
    let word = seed.name();
    let albums = [
        word.clone(),
        word.to_lowercase(),
        word.to_uppercase(),
        format!(" {word}"),
        format!("{word} "),
        format!("{word}\n"),
        format!("{word}.txt"),
        format!("./{word}"),
        format!("{word}/"),
        String::new(),
        " ".to_owned(),
        "Zo\u{eb}".to_owned(),
        "Zoe\u{308}".to_owned(),
        "a".repeat(100),
        "a".repeat(99),
        "夏".repeat(100),
    ];
    let mut texts: Vec<String> = albums.iter().map(|_| text(&mut seed)).collect();
    texts[0] = String::new();
    texts[1] = format!("  {} 🌞\n\n", texts[1]);
    for (album, text) in albums.iter().zip(&texts) {
        counter.expect_no_album(&names[0], album);
        counter.save(&names[0], album, text);
    }
    for (album, text) in albums.iter().zip(&texts) {
        counter.expect_album(&names[0], album, text);
    }
}

#[test]
fn refuses_whoever_has_no_name() {
    let mut seed = Seed::at_run_time();
    let names = [tenants(&mut seed, 1), vec!["house".to_owned(), "default".to_owned(), "unknown".to_owned()]].concat();
    let counter = Counter::of(&mut seed, &names);
    let texts: Vec<String> = names.iter().map(|_| text(&mut seed)).collect();
    for (tenant, text) in names.iter().zip(&texts) {
        counter.price(tenant, "a tenant with a name", 1).expect_response();
        counter.save(tenant, "summer", text);
    }
    let (album, written) = (format!("wedding-{}", seed.name()), text(&mut seed));
    for wish in [
        json!({ "do": "price", "size": "10x15", "copies": seed.number(1..=9) }),
        json!({ "do": "open", "album": "summer" }),
        json!({ "do": "save", "album": "summer", "text": "nobody's" }),
        json!({ "do": "save", "album": album, "text": written, "tenant": names[0] }),
    ] {
        for named in [None, Some("")] {
            let story = match named {
                None => "the invocation names no tenant",
                Some(_) => "the invocation names a tenant without a name",
            };
            let request = counter.function.story(story);
            let outcome = if let Some(name) = named { request.tenant(name) } else { request }.invoke(wish.clone());
            outcome.expect_error("NoTenant");
            outcome.expect_not_logged("reading the prices of");
            outcome.expect_not_logged(&album).expect_not_logged(&written).expect_not_logged(&names[0]);
        }
    }
    for (tenant, text) in names.iter().zip(&texts) {
        counter.expect_album(tenant, "summer", text);
    }
}

#[test]
fn believes_lambda_and_not_the_event() {
    let mut seed = Seed::at_run_time();
    let names = tenants(&mut seed, 2);
    let counter = Counter::of(&mut seed, &names);
    let (thief, victim) = (&names[0], &names[1]);
    let texts = [text(&mut seed), text(&mut seed)];
    counter.save(victim, "summer", &texts[1]);
    counter.save(thief, "summer", &texts[0]);
    let story = |what: &str| format!("{thief} {what}, and writes into the event that it is {victim}");
    let wish = json!({ "do": "price", "size": "10x15", "copies": 1, "tenant": victim });
    let outcome = counter.ask(thief, story("asks for a price"), wish);
    outcome.expect_json(json!({ "cents": counter.prices[0].1 }));
    outcome.expect_not_logged(victim);
    let wish = json!({ "do": "open", "album": "summer", "tenant": victim });
    let outcome = counter.ask(thief, story("opens an album"), wish);
    outcome.expect_json(json!({ "album": "summer", "text": texts[0] }));
    outcome.expect_not_logged(victim);
    let wish = json!({ "do": "save", "album": "summer", "text": "spoilt", "tenant": victim });
    let outcome = counter.ask(thief, story("saves an album"), wish);
    outcome.expect_json(json!({ "saved": "summer" }));
    outcome.expect_not_logged(victim);
    counter.expect_album(victim, "summer", &texts[1]);
    let wish = json!({ "do": "open", "album": "summer", "tenant": victim });
    let outcome = counter.function.story(format!("nobody opens an album, and says to be {victim}")).invoke(wish);
    outcome.expect_error("NoTenant");
}

#[test]
fn says_nothing_of_others_when_it_refuses() {
    let mut seed = Seed::at_run_time();
    let names = tenants(&mut seed, 3);
    let counter = Counter::of(&mut seed, &names);
    let albums: Vec<String> = names.iter().map(|_| format!("wedding-{}", seed.name())).collect();
    let texts: Vec<String> = names.iter().map(|_| text(&mut seed)).collect();
    for ((tenant, album), text) in names.iter().zip(&albums).zip(&texts) {
        counter.save(tenant, album, text);
        counter.price(tenant, "as every day", 1).expect_response();
    }
    let stranger = format!("{}-without-prices", seed.name().to_lowercase());
    let size = json!({ "do": "price", "size": "1x1", "copies": 1 });
    let lie = json!({ "do": "open", "album": "nothing", "tenant": names[1] });
    let refusals = [
        ("nothing", counter.expect_no_album(&names[0], "nothing")),
        (albums[1].as_str(), counter.expect_no_album(&names[0], &albums[1])),
        ("nothing", counter.price(&stranger, "it has no price list", 1)),
        ("nothing", counter.ask(&names[0], "a size that nobody has", size)),
        ("nothing", counter.ask(&names[0], format!("{} opens an album, and says to be {}", names[0], names[1]), lie)),
        (
            "nothing",
            counter.function.story("nobody opens an album").invoke(json!({ "do": "open", "album": "nothing" })),
        ),
    ];
    for (asked_for, outcome) in &refusals {
        outcome.expect_function_error();
        for ((tenant, album), text) in names.iter().zip(&albums).zip(&texts).skip(1) {
            outcome.expect_payload_without(tenant).expect_payload_without(text);
            if album != asked_for {
                outcome.expect_payload_without(album);
            }
        }
    }
}

#[test]
fn logs_whose_wish_it_was_and_not_what_was_written() {
    let mut seed = Seed::at_run_time();
    let names = tenants(&mut seed, 3);
    let counter = Counter::of(&mut seed, &names);
    let size = json!({ "do": "price", "size": "1x1", "copies": 1 });
    for turn in 0..12 {
        let tenant = &names[turn % 3];
        let (album, text) = (format!("album-{}", seed.name()), text(&mut seed));
        let outcome = match turn / 3 {
            0 => counter.save(tenant, &album, &text),
            1 => counter.price(tenant, "others were there before", 1),
            2 => counter.ask(tenant, format!("{tenant} asks for a size that it does not have"), size.clone()),
            _ => counter.expect_no_album(tenant, &album),
        };
        let start = format!("tenant {tenant}: ");
        let labelled = outcome.function_log().any(|line| line.starts_with(&start));
        outcome.expect(&format!("a line of the log begins with {start:?}"), |_| labelled);
        for other in names.iter().filter(|other| *other != tenant) {
            outcome.expect_not_logged(other);
        }
        outcome.expect_not_logged(&text).expect_not_logged(&album);
    }
}

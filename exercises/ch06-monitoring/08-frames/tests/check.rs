//! What the shop expects of its framer, of which each process has 128 MB.

use std::collections::BTreeMap;

use course::Seed;
use local_lambda::{Function, Outcome, binary};
use serde_json::{Value, json};

/// A handful of frames; those of a folder are other ones.
const WOODS: [&str; 5] = ["oak", "ash", "wide/oak", "wide/ash", "yew"];

fn framer() -> Function {
    Function::builder(binary!()).memory_mb(128).timeout(std::time::Duration::from_secs(20)).start()
}

/// The address of a frame, signed anew each time.
fn signed(seed: &mut Seed, frame: &str) -> String {
    let expires = 1_796_032_800 + seed.number(0..=300_000);
    format!("frames/{frame}.png?expires={expires}&signature={:016x}", seed.number(0..=u64::MAX))
}

fn frame(framer: &Function, seed: &mut Seed, story: &str, photo: &str, frame: &str) -> Outcome {
    framer.story(story).invoke(json!({ "photo": photo, "frame": signed(seed, frame) }))
}

/// How often a frame was fetched during these invocations.
fn fetched(outcome: &Outcome) -> usize {
    outcome.function_log().filter(|line| line.starts_with("fetched ")).count()
}

#[test]
fn lays_the_right_frame_round_the_right_photo() {
    let mut seed = Seed::at_run_time();
    let photos = [seed.name(), format!("{}x", seed.name())];
    let mut pictures: BTreeMap<(String, &str), Value> = BTreeMap::new();
    // One framer that sees all of them, and a new one for each.
    let framer = framer();
    for _ in 0..2 {
        for wood in WOODS {
            for photo in &photos {
                let outcome = frame(&framer, &mut seed, &format!("{wood} round {photo}"), photo, wood);
                outcome.expect_json_at("/photo", photo.as_str());
                let picture = outcome.expect_response()["picture"].clone();
                let known = pictures.entry((photo.clone(), wood)).or_insert_with(|| picture.clone()).clone();
                outcome.expect(&format!("{wood} round {photo} looks the same each time"), |_| known == picture);
            }
        }
    }
    let mut different: Vec<String> = pictures.values().map(Value::to_string).collect();
    different.sort_unstable();
    different.dedup();
    assert!(different.len() == 10, "two photos in five frames are {} different pictures, expected 10", different.len());
    for wood in ["oak", "yew"] {
        let cold = self::framer();
        let outcome = frame(&cold, &mut seed, &format!("a process that saw nothing else: {wood}"), &photos[0], wood);
        let known = &pictures[&(photos[0].clone(), wood)];
        outcome.expect_json_at("/picture", known.clone());
    }
}

#[test]
fn fetches_each_of_a_handful_of_frames_once() {
    let mut seed = Seed::at_run_time();
    let framer = framer();
    let mut seen: Vec<&str> = Vec::new();
    for _ in 0..25 {
        let wood = *seed.pick(&WOODS);
        let photo = seed.name();
        let again = seen.contains(&wood);
        let story = format!("a photo in {wood}, which came {}", if again { "before" } else { "never before" });
        let outcome = frame(&framer, &mut seed, &story, &photo, wood);
        outcome.expect_json_at("/photo", photo.as_str());
        outcome.expect_logged(" frames on the wall");
        let times = fetched(&outcome);
        let expected = usize::from(!again);
        outcome.expect(&format!("the frame is fetched {expected} times; it was {times} times"), |_| times == expected);
        seen.push(wood);
    }
}

/// Lays many other frames round photos, each once.
fn frame_others(framer: &Function, seed: &mut Seed, how_many: u64) {
    let collection = seed.name().to_lowercase();
    for number in 1..=how_many {
        let story = format!("photo {number} in a frame of a large collection");
        let outcome = frame(framer, seed, &story, &seed_name(number), &format!("{collection}/{number}"));
        outcome.expect_json_at("/photo", seed_name(number));
    }
}

#[test]
fn keeps_a_handful_that_comes_after_many_others() {
    let mut seed = Seed::at_run_time();
    let framer = framer();
    for _ in 0..2 {
        frame_others(&framer, &mut seed, 20);
        let mut times: BTreeMap<&str, usize> = BTreeMap::new();
        for round in 1..=5 {
            for wood in WOODS {
                let story = format!("round {round} with the same five frames, after twenty others; here {wood}");
                let outcome = frame(&framer, &mut seed, &story, &seed_name(round), wood);
                let times = times.entry(wood).or_default();
                *times += fetched(&outcome);
                let what = format!("since then {wood} is fetched at most twice; it was fetched {times} times");
                outcome.expect(&what, |_| *times <= 2);
            }
        }
    }
}

#[test]
fn keeps_what_it_has_when_another_frame_cannot_be_fetched() {
    let mut seed = Seed::at_run_time();
    let framer = framer();
    frame_others(&framer, &mut seed, 20);
    for round in 1..=3 {
        for wood in WOODS {
            let story = format!("round {round} with five frames, after twenty others; here {wood}");
            frame(&framer, &mut seed, &story, &seed_name(round), wood).expect_json_at("/photo", seed_name(round));
        }
    }
    for number in 1..=15 {
        let outcome = framer
            .story("the address of yet another frame is not signed")
            .invoke(json!({ "photo": seed_name(number), "frame": format!("frames/{}-{number}.png", seed.name()) }));
        outcome.expect_error_saying("NoFrame", "403");
    }
    for wood in WOODS {
        let outcome = frame(&framer, &mut seed, &format!("{wood} again, after those failures"), "again", wood);
        let times = fetched(&outcome);
        outcome.expect(&format!("{wood} is still kept; it was fetched {times} times"), |_| times == 0);
    }
}

#[test]
fn stays_within_its_memory_all_day() {
    let mut seed = Seed::at_run_time();
    let framer = framer();
    for number in 1..=40 {
        let wood = *seed.pick(&WOODS);
        let story = format!("photo {number} of the day, in one of five frames");
        let outcome = frame(&framer, &mut seed, &story, &seed_name(number), wood);
        outcome.expect_json_at("/photo", seed_name(number));
        outcome.expect("the process is the one of the first photo", |outcome| number == 1 || !outcome.cold);
        let used = outcome.report.max_memory_mb();
        outcome.expect(&format!("of 128 MB it used at most 100; it used {used}"), |_| used <= 100);
    }
}

fn seed_name(number: u64) -> String {
    format!("photo-{number}")
}

#[test]
fn stays_within_its_memory_when_every_frame_is_another_one() {
    let mut seed = Seed::at_run_time();
    let framer = framer();
    let collection = seed.name().to_lowercase();
    for number in 1..=40_u64 {
        let story = format!("photo {number}, in a frame that nobody asked for before");
        let outcome = frame(&framer, &mut seed, &story, &seed_name(number), &format!("{collection}-{number}"));
        outcome.expect_json_at("/photo", seed_name(number));
        outcome.expect("the process is the one of the first photo", |outcome| number == 1 || !outcome.cold);
        let used = outcome.report.max_memory_mb();
        outcome.expect(&format!("of 128 MB it used at most 100; it used {used}"), |_| used <= 100);
    }
    let outcome = frame(&framer, &mut seed, "the last frame once more", "again", &format!("{collection}-40"));
    outcome.expect("the frame that came last is still there", |outcome| fetched(outcome) == 0);
}

#[test]
fn fails_when_a_frame_cannot_be_fetched_and_goes_on() {
    let mut seed = Seed::at_run_time();
    let framer = framer();
    for wood in ["oak", "ash"] {
        let outcome = framer
            .story(format!("the address of {wood} is not signed"))
            .invoke(json!({ "photo": seed.name(), "frame": format!("frames/{wood}.png") }));
        outcome.expect_error_saying("NoFrame", "403");
        let photo = seed.name();
        let outcome = frame(&framer, &mut seed, "the next one is", &photo, wood);
        outcome.expect_warm().expect_json_at("/photo", photo.as_str());
        outcome.expect("now the frame is fetched", |outcome| fetched(outcome) == 1);
    }
}

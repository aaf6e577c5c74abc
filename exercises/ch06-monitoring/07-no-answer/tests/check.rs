//! What the shop expects of its parcel desk. The check plays the stock, the courier and the mail.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

use course::{Seed, Service};
use local_lambda::{Function, Outcome, binary};
use serde_json::{Value, json};

/// How a service behaves.
#[derive(Clone, Copy, PartialEq)]
enum Manner {
    /// Answers and hangs up.
    HangsUp,
    /// Answers and leaves the line open for the next question.
    StaysOnTheLine,
    /// Says its answer in two pieces, and leaves the line open.
    Stammers,
    /// Answers after so many milliseconds, and hangs up.
    After(u64),
    /// Takes the question and says nothing.
    Silent,
    /// Hangs up without a word.
    Rude,
    /// Says half of its answer, and hangs up before the line break.
    BreaksOff,
}

/// Where a piece of the answer ends that has only half of a letter, if there is one of two bytes.
fn middle_of_a_letter(answer: &str) -> usize {
    answer.find(|c: char| !c.is_ascii()).map_or(answer.len() / 2, |at| at + 1)
}

/// A service that answers every question with this.
fn service(manner: Manner, answer: &str) -> (Service, Arc<Mutex<Vec<String>>>) {
    let answer = format!("{answer}\n");
    let questions: Arc<Mutex<Vec<String>>> = Arc::default();
    let heard = Arc::clone(&questions);
    let service = Service::start(move |mut stream| {
        let mut reader = BufReader::new(stream.try_clone().expect("a second handle"));
        let mut question = String::new();
        let _ = reader.read_line(&mut question);
        heard.lock().expect("no panic").push(question.trim_end().to_owned());
        match manner {
            Manner::Silent => {}
            Manner::Rude => return,
            Manner::BreaksOff => {
                let _ = stream.write_all(&answer.as_bytes()[..answer.len() / 2]);
                return;
            }
            Manner::After(ms) => thread::sleep(Duration::from_millis(ms)),
            Manner::HangsUp | Manner::StaysOnTheLine | Manner::Stammers => {}
        }
        let middle = if manner == Manner::Stammers { middle_of_a_letter(&answer) } else { 0 };
        if manner != Manner::Silent {
            let _ = stream.write_all(&answer.as_bytes()[..middle]);
            if middle > 0 {
                thread::sleep(Duration::from_millis(40));
            }
            let _ = stream.write_all(&answer.as_bytes()[middle..]);
        }
        if !matches!(manner, Manner::HangsUp | Manner::After(_)) {
            // Until the other side hangs up.
            let _ = reader.read_to_end(&mut Vec::new());
        }
    });
    (service, questions)
}

const SERVICES: [(usize, &str); 3] = [(0, "STOCK"), (1, "COURIER"), (2, "MAIL")];

/// The function failed, and its error and a line of its log say which service gave no answer.
#[track_caller]
fn expect_no_answer(outcome: &Outcome, name: &str) {
    outcome.expect_error_saying("NoAnswer", name);
    outcome.expect(&format!("a line of the log has the service's name, {name}"), |outcome| {
        outcome.function_log().any(|line| line.contains(name))
    });
}

struct Shop {
    desk: Function,
    parcel: String,
    shelf: String,
    label: String,
    mails: Arc<Mutex<Vec<String>>>,
    _services: [Service; 3],
}

impl Shop {
    fn open(seed: &mut Seed, manners: [Manner; 3], timeout_ms: u64) -> Shop {
        let parcel = format!("p-{}", seed.number(1_000..=9_999));
        let shelf = format!("{} é-{}", seed.name(), seed.number(1..=99));
        let label = format!("{}Ö{}", seed.name().to_uppercase(), seed.number(100_000..=999_999));
        let (stock, _) = service(manners[0], &shelf);
        let (courier, _) = service(manners[1], &label);
        let (mail, mails) = service(manners[2], "thank you");
        let desk = Function::builder(binary!())
            .env("STOCK", stock.address())
            .env("COURIER", courier.address())
            .env("MAIL", mail.address())
            .timeout(Duration::from_millis(timeout_ms))
            .start();
        Shop { desk, parcel, shelf, label, mails, _services: [stock, courier, mail] }
    }

    fn send(&self, story: &str) -> Outcome {
        self.desk.story(story).invoke(json!({ "id": self.parcel }))
    }

    #[track_caller]
    fn expect_sent(&self, outcome: &Outcome) {
        let sent: Value = json!({ "id": self.parcel, "shelf": self.shelf, "label": self.label });
        outcome.expect_json(sent);
        for step in ["asking the stock", "asking the courier", "telling the customer", "sent"] {
            outcome.expect(&format!("a line of the log says of the parcel: {step:?}, as it did"), |outcome| {
                outcome.function_log().any(|line| line.contains(&self.parcel) && line.contains(step))
            });
        }
        let mails = self.mails.lock().expect("no panic").clone();
        let expected = format!("{} {}", self.parcel, self.label);
        outcome.expect(&format!("the customer was told once: {expected:?}; mails were {mails:?}"), |_| {
            mails == [expected]
        });
    }
}

#[test]
fn sends_a_parcel_when_everybody_hangs_up_after_the_answer() {
    let mut seed = Seed::at_run_time();
    for _ in 0..2 {
        let shop = Shop::open(&mut seed, [Manner::HangsUp; 3], 10_000);
        let outcome = shop.send("the stock, the courier and the mail hang up after their answers");
        shop.expect_sent(&outcome);
    }
}

#[test]
fn sends_a_parcel_when_somebody_stays_on_the_line() {
    let mut seed = Seed::at_run_time();
    for (who, name) in [(1, "courier"), (0, "stock"), (2, "mail")] {
        let mut manners = [Manner::HangsUp; 3];
        manners[who] = Manner::StaysOnTheLine;
        let shop = Shop::open(&mut seed, manners, 3_000);
        let outcome = shop.send(&format!("the {name} answers at once and leaves the line open for the next question"));
        shop.expect_sent(&outcome);
    }
}

#[test]
fn waits_for_the_whole_line() {
    let mut seed = Seed::at_run_time();
    for (who, name) in [(0, "stock"), (1, "courier")] {
        let mut manners = [Manner::HangsUp; 3];
        manners[who] = Manner::Stammers;
        let shop = Shop::open(&mut seed, manners, 10_000);
        let outcome =
            shop.send(&format!("the {name} says its answer in two pieces, with a letter of two bytes half in each"));
        shop.expect_sent(&outcome);
    }
}

#[test]
fn names_the_service_that_says_nothing() {
    let mut seed = Seed::at_run_time();
    for (who, name) in SERVICES {
        let mut manners = [Manner::StaysOnTheLine; 3];
        manners[who] = Manner::Silent;
        let shop = Shop::open(&mut seed, manners, 1_300);
        let outcome = shop.send(&format!("{name} takes the question and never answers; the timeout is 1.3 s"));
        expect_no_answer(&outcome, name);
        let waited = outcome.report.duration.as_millis();
        let sooner = "it waits until 500 ms before the deadline, and ends here not before 700 of 1,300 ms";
        outcome.expect(&format!("{sooner}; it ended after {waited} ms"), |_| waited >= 700);
        let outcome = shop.send("the next parcel meets the same silence");
        outcome.expect_warm().expect_error_saying("NoAnswer", name);
    }
}

#[test]
fn names_the_service_that_hangs_up_without_a_word() {
    let mut seed = Seed::at_run_time();
    for (who, name) in SERVICES {
        let mut manners = [Manner::HangsUp; 3];
        manners[who] = Manner::Rude;
        let shop = Shop::open(&mut seed, manners, 10_000);
        let outcome = shop.send(&format!("{name} takes the question and hangs up"));
        expect_no_answer(&outcome, name);
    }
}

#[test]
fn names_the_service_that_hangs_up_in_the_middle_of_its_line() {
    let mut seed = Seed::at_run_time();
    for (who, name) in SERVICES {
        let mut manners = [Manner::HangsUp; 3];
        manners[who] = Manner::BreaksOff;
        let shop = Shop::open(&mut seed, manners, 10_000);
        let outcome = shop.send(&format!("{name} says half of its line, without a line break, and hangs up"));
        expect_no_answer(&outcome, name);
    }
}

#[test]
fn lets_a_slow_service_have_the_time_that_there_is() {
    let mut seed = Seed::at_run_time();
    for (who, name) in [(0, "stock"), (1, "courier")] {
        let mut manners = [Manner::HangsUp; 3];
        manners[who] = Manner::After(1_500);
        let shop = Shop::open(&mut seed, manners, 3_500);
        let outcome = shop.send(&format!("the {name} takes 1.5 of 3.5 seconds"));
        shop.expect_sent(&outcome);
    }
}

#[test]
fn counts_the_time_of_all_services_together() {
    let mut seed = Seed::at_run_time();
    for manners in [
        [Manner::After(900), Manner::After(900), Manner::Silent],
        [Manner::After(1_200), Manner::After(100), Manner::Silent],
    ] {
        let shop = Shop::open(&mut seed, manners, 3_000);
        let outcome = shop.send("the stock and the courier took their time, of three seconds; the mail never answers");
        expect_no_answer(&outcome, "MAIL");
    }
}

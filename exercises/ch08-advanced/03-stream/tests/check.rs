//! What the shop expects of the function that hands out albums.

use std::collections::HashMap;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{Shutdown, TcpStream};
use std::time::Duration;

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use course::{Seed, Service};
use local_lambda::{Function, Outcome, Streamed, binary};
use serde_json::json;

const MB: u64 = 1024 * 1024;

/// The largest answer in one piece.
const BUFFERED: u64 = 6 * MB;

/// The largest album that is streamed.
const STREAMED: u64 = 200 * MB - 64 * 1024;

/// How the text begins with which `lambda_runtime` 1.5 says that a stream has failed, in the body.
const ERROR_IN_BODY: &[u8] = b"Lambda-Runtime-Function-Error-Type:";

/// An album as the store has it.
struct Album {
    /// What its list says.
    length: u64,
    /// What it sends.
    bytes: Vec<u8>,
    /// Whether the connection stays open, without a word, when it has sent that.
    hangs: bool,
}

impl Album {
    fn whole(length: u64, seed: &mut Seed) -> Album {
        Album { length, bytes: bytes(length, seed), hangs: false }
    }

    /// Of which the store sends so many bytes and breaks off.
    fn broken(length: u64, sent: u64, seed: &mut Seed) -> Album {
        Album { length, bytes: bytes(sent, seed), hangs: false }
    }
}

/// Bytes of which no two pages are alike.
fn bytes(length: u64, seed: &mut Seed) -> Vec<u8> {
    const PAGE: usize = 4096;
    let page: Vec<u8> = (0..PAGE).map(|_| seed.number(0..=255) as u8).collect();
    let mut bytes = Vec::with_capacity(length as usize + PAGE);
    while (bytes.len() as u64) < length {
        let number = (bytes.len() / PAGE) as u64;
        bytes.extend_from_slice(&number.to_le_bytes());
        bytes.extend_from_slice(&page[8..]);
    }
    bytes.truncate(length as usize);
    bytes
}

fn store(albums: HashMap<String, Album>) -> (Service, Function) {
    let service = Service::start(move |stream: &TcpStream| {
        let mut reader = BufReader::new(stream);
        let mut name = String::new();
        let _ = reader.read_line(&mut name);
        let mut stream = stream;
        let Some(album) = albums.get(name.trim_end()) else {
            let _ = stream.write_all(b"none\n");
            return;
        };
        let _ = stream.write_all(format!("{}\n", album.length).as_bytes());
        // The function may have gone: then it wants no more.
        let _ = stream.write_all(&album.bytes);
        if album.hangs {
            let _ = reader.read_to_end(&mut Vec::new());
        } else {
            let _ = stream.shutdown(Shutdown::Write);
            let _ = reader.read_to_end(&mut Vec::new());
        }
    });
    // One album takes a second at the most; who waits for a byte that does not come, waits in vain.
    let function = Function::builder(binary!())
        .env("STORE", service.address())
        .memory_mb(512)
        .timeout(Duration::from_secs(8))
        .start();
    (service, function)
}

fn with(name: &str, album: Album) -> (Service, Function) {
    store(HashMap::from([(name.to_owned(), album)]))
}

/// A name with letters that JSON writes with more bytes than they are.
fn name(seed: &mut Seed) -> String {
    let quotes = "\"".repeat(seed.number(1..=9) as usize);
    format!("{quotes}{} & Zoë{quotes}", seed.name())
}

/// How many bytes the answer in one piece has.
fn answer_length(name: &str, length: u64) -> u64 {
    json!({ "album": name, "length": length, "data": "" }).to_string().len() as u64 + length.div_ceil(3) * 4
}

/// The longest album of this name that fits into an answer in one piece.
fn longest(name: &str) -> u64 {
    let mut length = BUFFERED / 4 * 3;
    while answer_length(name, length) > BUFFERED {
        length -= 1;
    }
    length
}

#[track_caller]
fn expect_whole(outcome: &Outcome, name: &str, bytes: &[u8]) {
    let response = outcome.expect_answer();
    outcome.expect("the answer comes in one piece", |_| response.streamed.is_none());
    let mut answer = outcome.expect_response();
    let data = answer["data"].take();
    outcome.expect("`data` is the album in Base64", |_| data == BASE64_STANDARD.encode(bytes));
    let expected = json!({ "album": name, "length": bytes.len(), "data": null });
    outcome.expect(&format!("beside `data` the answer has {expected}; it has {answer}"), |_| answer == expected);
}

/// The answer was streamed; gives the stream.
#[track_caller]
fn expect_streamed(outcome: &Outcome) -> (&[u8], &Streamed) {
    let response = outcome.expect_answer();
    outcome.expect("the answer is a stream", |_| response.streamed.is_some());
    (&response.body, response.streamed.as_ref().expect("it is one"))
}

#[track_caller]
fn expect_pieces(outcome: &Outcome, bytes: &[u8]) {
    let (body, streamed) = expect_streamed(outcome);
    outcome.expect("the stream ends without an error", |_| streamed.error.is_none());
    let is_album = body == bytes;
    // Only when it is needed: it takes its time.
    let differs = if is_album { None } else { body.iter().zip(bytes).position(|(got, sent)| got != sent) };
    let what = match differs {
        Some(at) => format!("the stream is the album, byte for byte; it differs first at byte {at}"),
        None => format!("the stream is the album: {} bytes, and it has {}", bytes.len(), body.len()),
    };
    outcome.expect(&what, |_| is_album);
    expect_header(outcome, streamed, bytes.len() as u64);
    let is_quiet = !outcome.function_log().any(|line| line.contains("ERROR"));
    outcome.expect("a stream that is whole leaves no line with ERROR in the log, or nobody believes the line", |_| {
        is_quiet
    });
}

#[track_caller]
fn expect_header(outcome: &Outcome, streamed: &Streamed, length: u64) {
    let prelude = streamed.prelude.clone().unwrap_or_default();
    let header = prelude["headers"]["x-album-length"].clone();
    let what = format!("in the stream's prelude the header x-album-length is \"{length}\"; it is {header}");
    outcome.expect(&what, |_| header == json!(length.to_string()));
}

#[test]
fn answers_with_a_small_album_in_one_piece() {
    let mut seed = Seed::at_run_time();
    let (small, plain) = (name(&mut seed), seed.name());
    let length = seed.number(1..=90_000);
    let bytes = self::bytes(length, &mut seed);
    let album = |bytes: &[u8]| Album { length: bytes.len() as u64, bytes: bytes.to_vec(), hangs: false };
    let albums = [(small.clone(), album(&bytes)), (plain.clone(), album(&bytes[1..])), ("empty".into(), album(&[]))];
    let (_store, function) = store(albums.into());
    for (name, bytes) in [(small.as_str(), &bytes[..]), (&plain, &bytes[1..]), ("empty", &[])] {
        let story = format!("an album of {} bytes", bytes.len());
        expect_whole(&function.story(story).invoke(json!({ "album": name })), name, bytes);
    }
}

#[test]
fn streams_a_large_album() {
    let mut seed = Seed::at_run_time();
    for _ in 0..2 {
        let (name, length) = (name(&mut seed), seed.number(6 * MB..=8 * MB));
        let album = Album::whole(length, &mut seed);
        let bytes = album.bytes.clone();
        let (_store, function) = with(&name, album);
        let outcome = function.story(format!("an album of {length} bytes")).invoke(json!({ "album": name }));
        expect_pieces(&outcome, &bytes);
    }
}

#[test]
fn decides_by_the_size_of_the_answer() {
    let mut seed = Seed::at_run_time();
    for name in [name(&mut seed), seed.name()] {
        let longest = longest(&name);
        for length in [longest, longest + 1] {
            let album = Album::whole(length, &mut seed);
            let bytes = album.bytes.clone();
            let (_store, function) = with(&name, album);
            let answer = answer_length(&name, length);
            let story = format!("{length} bytes would be an answer of {answer}; {BUFFERED} is the most");
            let outcome = function.story(story).invoke(json!({ "album": name }));
            if length == longest {
                expect_whole(&outcome, &name, &bytes);
            } else {
                expect_pieces(&outcome, &bytes);
            }
        }
    }
}

#[test]
fn needs_no_more_memory_for_a_larger_album() {
    let mut seed = Seed::at_run_time();
    let lengths = [7 * MB, seed.number(22 * MB..=26 * MB)];
    let names = [seed.name() + "1", seed.name() + "2"];
    let albums: Vec<Album> = lengths.map(|length| Album::whole(length, &mut seed)).into();
    let bytes: Vec<Vec<u8>> = albums.iter().map(|album| album.bytes.clone()).collect();
    let (_store, function) = store(names.clone().into_iter().zip(albums).collect());
    let mut peaks = Vec::new();
    for ((name, bytes), length) in names.iter().zip(&bytes).zip(lengths) {
        let outcome = function.story(format!("an album of {} MB", length / MB)).invoke(json!({ "album": name }));
        expect_pieces(&outcome, bytes);
        peaks.push(outcome.report.max_memory_kib);
        let (before, after) = (peaks[0] / 1024, outcome.report.max_memory_kib / 1024);
        let what = format!(
            "memory does not grow with the album: {before} MB at most after {} MB, {after} MB now; 6 MB more are allowed",
            lengths[0] / MB
        );
        outcome.expect(&what, |_| after <= before + 6);
    }
    assert!(peaks[0] < 64 * 1024, "an album of 7 MB is streamed in less than 64 MB; it took {} MB", peaks[0] / 1024);
}

#[test]
fn refuses_an_album_that_is_too_large_before_it_reads_it() {
    let mut seed = Seed::at_run_time();
    for length in [STREAMED + 1, 200 * MB + seed.number(1..=9_999_999), u64::MAX] {
        let name = name(&mut seed);
        // The store sends nothing and waits: whoever reads first waits, too.
        let (_store, function) = with(&name, Album { length, bytes: Vec::new(), hangs: true });
        let outcome = function.story(format!("an album of {length} bytes")).invoke(json!({ "album": name }));
        outcome.expect_error("TooLarge");
    }
    let name = name(&mut seed);
    let (_store, function) = with(&name, Album::broken(STREAMED, 3, &mut seed));
    let story = format!("an album of {STREAMED} bytes, as many as are allowed, of which the store sends three");
    let outcome = function.story(story).invoke(json!({ "album": name }));
    let (_, streamed) = expect_streamed(&outcome);
    expect_header(&outcome, streamed, STREAMED);
}

#[test]
fn says_that_there_is_no_such_album() {
    let mut seed = Seed::at_run_time();
    let (_store, function) = with("there", Album::whole(3, &mut seed));
    for _ in 0..2 {
        let name = seed.name();
        let outcome = function.story("nobody has ordered this album").invoke(json!({ "album": name }));
        outcome.expect_error("NoSuchAlbum");
    }
    function.story("an album that is there").invoke(json!({ "album": "there" })).expect_json_at("/length", 3);
}

#[test]
fn does_not_answer_with_half_an_album() {
    let mut seed = Seed::at_run_time();
    let length = seed.number(1_000..=900_000);
    for sent in [0, seed.number(1..=900), length - 1] {
        let name = name(&mut seed);
        let (_store, function) = with(&name, Album::broken(length, sent, &mut seed));
        let story = format!("the store breaks off after {sent} of {length} bytes");
        function.story(story).invoke(json!({ "album": name })).expect_error("StoreFailed");
    }
}

#[test]
fn ends_a_stream_that_breaks_off_with_an_error() {
    let mut seed = Seed::at_run_time();
    let length = seed.number(7 * MB..=9 * MB);
    for sent in [0, seed.number(1..=MB), length - 1] {
        let name = format!("{}-{}", seed.name(), seed.number(100..=999));
        let album = Album::broken(length, sent, &mut seed);
        let bytes = album.bytes.clone();
        let (_store, function) = with(&name, album);
        let story = format!("the store breaks off after {sent} of {length} bytes");
        let outcome = function.story(story).invoke(json!({ "album": name }));
        let (body, streamed) = expect_streamed(&outcome);
        outcome.expect("the stream ends with an error", |_| streamed.error.is_some());
        expect_header(&outcome, streamed, length);
        let rest = body.strip_prefix(&bytes[..]);
        outcome.expect("in the stream are the bytes that the store sent", |_| rest.is_some());
        let rest = rest.unwrap_or_default();
        let errors = rest.windows(ERROR_IN_BODY.len()).filter(|text| *text == ERROR_IN_BODY).count();
        let nothing_else = rest.is_empty() || (rest.starts_with(ERROR_IN_BODY) && errors == 1);
        outcome.expect("behind them comes the error, once, and nothing else", |_| nothing_else);
        let says = |line: &str| line.contains("ERROR") && line.contains(&name);
        let what = format!("the function logs a line with ERROR and {name}, since Lambda counts this as a success");
        outcome.expect(&what, |outcome| outcome.function_log().any(says));
    }
}

//! Answers a number with its double. The event comes on standard input, the answer goes to standard output.

use std::io::Read as _;

fn main() {
    let mut event = String::new();
    std::io::stdin().read_to_string(&mut event).expect("the event is text");
    let number: i64 = event.trim().parse().expect("the event is a number");
    println!("{}", number * 2);
}

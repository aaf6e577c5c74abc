//! caught-by: no_such_test
//!
//! Is right, so it is no mistake.
#![allow(unused)]

use std::io::Read as _;

fn main() {
    let mut event = String::new();
    std::io::stdin().read_to_string(&mut event).expect("the event is text");
    let number: i64 = event.trim().parse().expect("the event is a number");
    println!("{}", number * 2);
}

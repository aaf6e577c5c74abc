//! What chapter 9 prints of values that strangers and tables have: what a header of a few bytes asks for, and what is
//! left of a number that goes through a float.

use std::fmt::Write as _;

use crate::same;

/// The smallest PNG of these sides: signature, header, a chunk of pixels that has none, end. The sums of the chunks are
/// left out, since nothing here decodes it.
fn png(width: u32, height: u32) -> Vec<u8> {
    let header = [&width.to_be_bytes()[..], &height.to_be_bytes(), &[8, 6, 0, 0, 0]].concat();
    let mut bytes = b"\x89PNG\r\n\x1a\n".to_vec();
    for (name, data) in [(b"IHDR", header), (b"IDAT", vec![0; 10]), (b"IEND", Vec::new())] {
        bytes.extend((data.len() as u32).to_be_bytes());
        bytes.extend(name);
        bytes.extend(data);
        bytes.extend([0; 4]);
    }
    bytes
}

/// The sides, as the header says them.
fn sides(png: &[u8]) -> (u32, u32) {
    let number = |at: usize| png[at..at + 4].iter().fold(0, |sum, byte| sum << 8 | u32::from(*byte));
    (number(16), number(20))
}

fn grouped(number: u128) -> String {
    let digits = number.to_string();
    let mut text = String::new();
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

#[test]
fn what_a_header_asks_for() {
    let mut table =
        String::from("| The header says | pixels | memory, 4 bytes each | in 32 bits |\n|---|---:|---:|---:|\n");
    for (width, height) in [(4_000, 3_000), (12_000, 9_000), (65_536, 65_536), (70_000, 70_000)] {
        let file = png(width, height);
        assert_eq!(file.len(), 67, "the page says how many bytes a file has");
        let (width, height) = sides(&file);
        let pixels = u128::from(width) * u128::from(height);
        let megabytes = (pixels * 4).div_ceil(1_000_000);
        let _ = writeln!(
            table,
            "| {} × {} | {} | {} MB | {} |",
            grouped(width.into()),
            grouped(height.into()),
            grouped(pixels),
            grouped(megabytes),
            grouped(width.wrapping_mul(height).into())
        );
    }
    same("ch09", "headers.md", &table);
}

#[test]
fn what_a_float_keeps() {
    let mut table = String::from("| In the table | through an `f64` |\n|---|---|\n");
    for number in [
        "19.99",
        "9007199254740993",
        "12345678901234567890123456789012345678",
        "-0.12345678901234567890123456789",
        "1.10",
    ] {
        let float: f64 = number.parse().expect("a number");
        let _ = writeln!(table, "| `{number}` | `{float}` |");
    }
    same("ch09", "floats.md", &table);
}

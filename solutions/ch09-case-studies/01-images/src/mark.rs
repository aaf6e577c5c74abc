//! The shop's mark, which lies in a corner of every thumbnail. Drawn here, so that no font has to be in the package.

/// In pixels.
pub(crate) const WIDTH: u32 = 32;
pub(crate) const HEIGHT: u32 = 16;
/// Between the mark and the thumbnail's edges, in pixels.
pub(crate) const MARGIN: u32 = 4;

const DRAWING: [&[u8; WIDTH as usize]; HEIGHT as usize] = [
    b"..############....############..",
    b"..############....############..",
    b"..############....############..",
    b"..############....############..",
    b"..####............####....####..",
    b"..####............####....####..",
    b"..##########......############..",
    b"..##########......############..",
    b"..##########......############..",
    b"..##########......############..",
    b"..####............####..........",
    b"..####............####..........",
    b"..####............####..........",
    b"..####............####..........",
    b"..####............####..........",
    b"..####............####..........",
];

/// The places of its pixels, counted from its upper left corner.
pub(crate) fn pixels() -> impl Iterator<Item = (u32, u32)> {
    let is_drawn = |x: u32, y: u32| DRAWING[y as usize][x as usize] == b'#';
    (0..HEIGHT).flat_map(|y| (0..WIDTH).map(move |x| (x, y))).filter(move |&(x, y)| is_drawn(x, y))
}

//! Pictures. Given: there is nothing to change here.
//!
//! The shop takes photos in the simplest format there is, PPM: `P6`, width and height, `255`, each on a line of its own,
//! and then three bytes for each pixel.

/// The picture with half its width and height: every other pixel of every other row.
pub(crate) fn halve(photo: &[u8]) -> Result<Vec<u8>, String> {
    let mut parts = photo.splitn(4, |byte| *byte == b'\n');
    let mut line = || parts.next().and_then(|line| std::str::from_utf8(line).ok()).ok_or("not a PPM picture");
    let (format, size, depth) = (line()?, line()?, line()?);
    let size: Option<Vec<usize>> = size.split(' ').map(|number| number.parse().ok()).collect();
    let (Some(&[width, height]), "P6", "255") = (size.as_deref(), format, depth) else {
        return Err("not a PPM picture".to_owned());
    };
    let pixels = parts.next().unwrap_or_default();
    let bytes = width.checked_mul(height).and_then(|count| count.checked_mul(3));
    if pixels.is_empty() || bytes != Some(pixels.len()) {
        return Err(format!("{width} x {height} pixels do not take {} bytes", pixels.len()));
    }
    let mut preview = format!("P6\n{} {}\n255\n", width.div_ceil(2), height.div_ceil(2)).into_bytes();
    for row in pixels.chunks(width * 3).step_by(2) {
        row.chunks(3).step_by(2).for_each(|pixel| preview.extend(pixel));
    }
    Ok(preview)
}

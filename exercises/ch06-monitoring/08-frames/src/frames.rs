//! The frames of the shop's wall of pictures. Each is fetched by an address that is signed for a short time.

/// A frame, ready to be laid round a photo: some megabytes.
#[derive(Debug)]
pub(crate) struct Frame {
    pixels: Vec<u8>,
}

impl Frame {
    /// Fetches a frame by its signed address, such as `frames/oak.png?expires=1796032800&signature=8f3c`.
    ///
    /// # Errors
    /// When the address is not signed.
    pub(crate) fn fetch(address: &str) -> Result<Frame, String> {
        let path = match address.split_once("?expires=") {
            Some((path, rest)) if rest.contains("&signature=") => path,
            _ => return Err(format!("403 Forbidden: {address}")),
        };
        println!("fetched {path}");
        // What stands for the picture: each frame has other pixels.
        let first = path.bytes().fold(0_u32, |sum, byte| sum.wrapping_mul(31).wrapping_add(u32::from(byte)));
        let mut pixels = vec![0; 6 * 1024 * 1024];
        for (row, pixels) in (0_u32..).zip(pixels.chunks_mut(4096)) {
            pixels.fill(first.wrapping_add(row) as u8);
        }
        Ok(Frame { pixels })
    }

    /// Lays the frame round a photo, and gives a number that says what the picture looks like.
    pub(crate) fn round(&self, photo: &str) -> u64 {
        let photo = photo.bytes().fold(0_u64, |sum, byte| sum.wrapping_mul(131).wrapping_add(u64::from(byte)));
        self.pixels.iter().step_by(4096).fold(photo, |sum, pixel| sum.wrapping_mul(33).wrapping_add(u64::from(*pixel)))
    }
}

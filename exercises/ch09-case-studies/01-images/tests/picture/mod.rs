//! Pictures as cameras and strangers make them: four quarters of four colours, with a note of how the camera was held,
//! with pixels to see through, or with a header that lies.

use course::Seed;
use image::codecs::jpeg::JpegEncoder;
use image::{DynamicImage, GrayAlphaImage, ImageFormat, LumaA, Rgb, RgbImage, Rgba, RgbaImage};

/// The colours of the quarters: upper left, upper right, lower left, lower right.
pub(crate) type Corners = [[u8; 3]; 4];

#[derive(Clone)]
pub(crate) struct Picture {
    pub(crate) width: u32,
    pub(crate) height: u32,
    pub(crate) corners: Corners,
}

impl Picture {
    /// One of this size in colours that nobody takes for one another.
    pub(crate) fn any(seed: &mut Seed, width: u32, height: u32) -> Picture {
        let mut colours =
            vec![[210, 40, 30], [30, 150, 40], [30, 40, 190], [60, 60, 60], [200, 180, 40], [20, 160, 170]];
        let corners = [(); 4].map(|()| colours.remove(seed.number(0..=colours.len() as u64 - 1) as usize));
        Picture { width, height, corners }
    }

    /// What a camera stores that was held so that a viewer has to do what `orientation` says (1 to 8) to see this.
    pub(crate) fn as_stored(&self, orientation: u8) -> Picture {
        let [a, b, c, d] = self.corners;
        let corners = match orientation {
            2 => [b, a, d, c],
            3 => [d, c, b, a],
            4 => [c, d, a, b],
            5 => [a, c, b, d],
            6 => [b, d, a, c],
            7 => [d, b, c, a],
            8 => [c, a, d, b],
            _ => self.corners,
        };
        let lies = orientation >= 5;
        let (width, height) = if lies { (self.height, self.width) } else { (self.width, self.height) };
        Picture { width, height, corners }
    }

    fn quarter(&self, x: u32, y: u32) -> usize {
        usize::from(x >= self.width / 2) + 2 * usize::from(y >= self.height / 2)
    }

    fn pixels(&self) -> RgbImage {
        RgbImage::from_fn(self.width, self.height, |x, y| Rgb(self.corners[self.quarter(x, y)]))
    }

    pub(crate) fn jpeg(&self) -> Vec<u8> {
        let mut bytes = Vec::new();
        let written = JpegEncoder::new_with_quality(&mut bytes, 95).encode_image(&self.pixels());
        written.expect("a JPEG can be written");
        bytes
    }

    pub(crate) fn png(&self) -> Vec<u8> {
        written(self.pixels().into())
    }

    /// The same with two quarters, the first and the last, that have this alpha.
    pub(crate) fn png_with_alpha(&self, alpha: u8) -> Vec<u8> {
        written(self.with_alpha(alpha))
    }

    /// The same with 16 bits for each colour.
    pub(crate) fn png_with_deep_alpha(&self, alpha: u8) -> Vec<u8> {
        written(self.with_alpha(alpha).into_rgba16().into())
    }

    fn with_alpha(&self, alpha: u8) -> DynamicImage {
        let pixel = |x, y| {
            let quarter = self.quarter(x, y);
            let [red, green, blue] = self.corners[quarter];
            Rgba([red, green, blue, if [0, 3].contains(&quarter) { alpha } else { 255 }])
        };
        RgbaImage::from_fn(self.width, self.height, pixel).into()
    }

    /// A JPEG with an orientation in its Exif.
    pub(crate) fn jpeg_held(&self, orientation: u8) -> Vec<u8> {
        let mut exif = b"Exif\0\0".to_vec();
        exif.extend(tiff(orientation));
        let mut segment = vec![0xff, 0xe1];
        segment.extend((exif.len() as u16 + 2).to_be_bytes());
        segment.extend(exif);
        let mut bytes = self.jpeg();
        // Behind the two bytes with which every JPEG begins.
        bytes.splice(2..2, segment);
        bytes
    }

    /// A PNG with an orientation in its Exif.
    pub(crate) fn png_held(&self, orientation: u8) -> Vec<u8> {
        let mut bytes = self.png();
        // Behind the signature and the first chunk, which is the header.
        bytes.splice(33..33, chunk(b"eXIf", &tiff(orientation)));
        bytes
    }
}

/// A picture that is black everywhere, with one alpha.
pub(crate) fn grey_with_alpha(width: u32, height: u32, alpha: u8) -> Vec<u8> {
    let pixels = GrayAlphaImage::from_pixel(width, height, LumaA([0, alpha]));
    written(pixels.into())
}

fn written(image: DynamicImage) -> Vec<u8> {
    let mut bytes = std::io::Cursor::new(Vec::new());
    image.write_to(&mut bytes, ImageFormat::Png).expect("a PNG can be written");
    bytes.into_inner()
}

/// Exif is a TIFF without a picture: a header, and a list with one entry, which is number 0x0112, the orientation. An odd
/// orientation is written in the other byte order, as half of all cameras do.
fn tiff(orientation: u8) -> Vec<u8> {
    let value = u16::from(orientation);
    if orientation.is_multiple_of(2) {
        let mut bytes = b"II*\0\x08\0\0\0\x01\0\x12\x01\x03\0\x01\0\0\0".to_vec();
        bytes.extend(value.to_le_bytes());
        bytes.extend([0; 6]);
        return bytes;
    }
    let mut bytes = b"MM\0*\0\0\0\x08\0\x01\x01\x12\0\x03\0\0\0\x01".to_vec();
    bytes.extend(value.to_be_bytes());
    bytes.extend([0; 6]);
    bytes
}

/// A PNG whose header says another size, with the right checksum.
pub(crate) fn png_that_claims(png: &[u8], width: u32, height: u32) -> Vec<u8> {
    let mut header = png[16..29].to_vec();
    header[..4].copy_from_slice(&width.to_be_bytes());
    header[4..8].copy_from_slice(&height.to_be_bytes());
    [&png[..8], &chunk(b"IHDR", &header), &png[33..]].concat()
}

/// A JPEG whose frame header says another size.
pub(crate) fn jpeg_that_claims(jpeg: &[u8], width: u16, height: u16) -> Vec<u8> {
    let frame = jpeg.windows(2).position(|marker| marker == [0xff, 0xc0]).expect("a baseline JPEG has a frame header");
    let mut bytes = jpeg.to_vec();
    bytes[frame + 5..frame + 7].copy_from_slice(&height.to_be_bytes());
    bytes[frame + 7..frame + 9].copy_from_slice(&width.to_be_bytes());
    bytes
}

/// The first number of a JPEG's first table of quantization: the smaller, the better the quality.
pub(crate) fn first_step(jpeg: &[u8]) -> u8 {
    let table = jpeg.windows(2).position(|marker| marker == [0xff, 0xdb]);
    table.and_then(|table| jpeg.get(table + 5)).copied().unwrap_or(u8::MAX)
}

fn chunk(name: &[u8; 4], data: &[u8]) -> Vec<u8> {
    let named = [name.as_slice(), data].concat();
    let sum = crc(&named).to_be_bytes();
    [&(data.len() as u32).to_be_bytes(), named.as_slice(), &sum].concat()
}

/// The checksum of PNG's chunks.
fn crc(bytes: &[u8]) -> u32 {
    let step = |crc: u32| if crc & 1 == 1 { (crc >> 1) ^ 0xedb8_8320 } else { crc >> 1 };
    let byte = |crc: u32, byte: &u8| (0..8).fold(crc ^ u32::from(*byte), |crc, _| step(crc));
    !bytes.iter().fold(u32::MAX, byte)
}

/// Is this place of the shop's mark drawn? Two letters, each of three strokes of four pixels, and P's fourth.
pub(crate) fn is_marked(x: u32, y: u32) -> bool {
    let (letter, x) = (x / 16, (x % 16).wrapping_sub(2));
    let bars = match (y, letter) {
        (0..=3, _) | (6..=9, 1) => 12,
        (6..=9, _) => 10,
        _ => 4,
    };
    letter < 2 && y < 16 && (x < bars || (letter == 1 && (4..=5).contains(&y) && (8..12).contains(&x)))
}

/// What is lighter than this, as text.
pub(crate) fn drawn(image: &RgbImage, than: u8) -> String {
    let row = |y: u32| {
        let places = (0..image.width()).map(|x| if image.get_pixel(x, y).0[1] > than { '#' } else { '.' });
        format!("  {}\n", places.collect::<String>())
    };
    (0..image.height()).map(row).collect()
}

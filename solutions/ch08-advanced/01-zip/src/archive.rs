//! Writes a zip. Files are stored and not compressed, which Lambda unpacks like any other zip.
//!
//! The format: each file has a head and its bytes; after the last file stands a directory with a longer head for each;
//! the end says where the directory begins. Source: APPNOTE.TXT of PKWARE, sections 4.3 and 4.4.

/// A file of the archive.
#[derive(Debug)]
pub(crate) struct Entry<'a> {
    pub(crate) path: &'a str,
    /// The permissions as Unix has them: `0o644`.
    pub(crate) mode: u32,
    /// Seconds since 1970. A zip cannot say what lies before 1980, and knows every second second.
    pub(crate) modified: u64,
    pub(crate) data: &'a [u8],
}

/// 1 January 1980, 00:00:00: the earliest time that a zip can say, in seconds since 1970.
pub(crate) const EARLIEST: u64 = 315_532_800;

/// A zip of these files, in this order.
pub(crate) fn zip<'a>(entries: impl IntoIterator<Item = Entry<'a>>) -> Vec<u8> {
    let (mut archive, mut directory, mut count) = (Vec::new(), Vec::new(), 0_u16);
    for entry in entries {
        let offset = archive.len() as u32;
        let common = common(&entry);
        archive.extend(b"PK\x03\x04");
        archive.extend(&common);
        archive.extend(entry.path.as_bytes());
        archive.extend(entry.data);
        directory.extend(b"PK\x01\x02");
        // Made by Unix, so that the permissions mean something.
        directory.extend([20, 3]);
        directory.extend(&common);
        // No comment, disk 0, no text.
        directory.extend([0; 6]);
        // A regular file with its permissions.
        directory.extend(((0o100_000 | entry.mode) << 16).to_le_bytes());
        directory.extend(offset.to_le_bytes());
        directory.extend(entry.path.as_bytes());
        count += 1;
    }
    let (begins, length) = (archive.len() as u32, directory.len() as u32);
    archive.append(&mut directory);
    archive.extend(b"PK\x05\x06\0\0\0\0");
    archive.extend(count.to_le_bytes());
    archive.extend(count.to_le_bytes());
    archive.extend(length.to_le_bytes());
    archive.extend(begins.to_le_bytes());
    archive.extend([0, 0]);
    archive
}

/// What a file's head and its line in the directory have in common.
fn common(entry: &Entry<'_>) -> Vec<u8> {
    let (date, time) = date_and_time(entry.modified);
    let length = entry.data.len() as u32;
    let mut head = Vec::new();
    // Version 2.0; the path is UTF-8; stored.
    for word in [20_u16, 1 << 11, 0, time, date] {
        head.extend(word.to_le_bytes());
    }
    for word in [crc32(entry.data), length, length] {
        head.extend(word.to_le_bytes());
    }
    for word in [entry.path.len() as u16, 0] {
        head.extend(word.to_le_bytes());
    }
    head
}

/// The date and the time in the format of DOS, whose years begin with 1980.
fn date_and_time(seconds: u64) -> (u16, u16) {
    let seconds = seconds.max(EARLIEST);
    let (days, second) = (seconds / 86_400, seconds % 86_400);
    // The calendar of years that begin in March, so that the day in question comes last.
    let day = days + 719_468;
    let (era, day_of_era) = (day / 146_097, day % 146_097);
    let year = (day_of_era - day_of_era / 1_460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year + year / 4 - year / 100);
    let from_march = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * from_march + 2) / 5 + 1;
    let month = if from_march < 10 { from_march + 3 } else { from_march - 9 };
    let year = era * 400 + year + u64::from(month <= 2);
    let date = ((year - 1980) << 9) | (month << 5) | day;
    let time = ((second / 3_600) << 11) | ((second / 60 % 60) << 5) | (second % 60 / 2);
    (date as u16, time as u16)
}

/// The check sum of a zip: CRC-32, bit by bit.
fn crc32(data: &[u8]) -> u32 {
    !data.iter().fold(u32::MAX, |crc, byte| {
        (0..8).fold(crc ^ u32::from(*byte), |crc, _| (crc >> 1) ^ (0xedb8_8320 * (crc & 1)))
    })
}

//! Ranges of versions, as npm has them.

/// Whether a version fits a range such as `4`, `^4.3`, `~4.3.0` or `>=4 <5`; nothing where it is none.
#[must_use]
pub fn satisfies(range: &str, version: [u64; 3]) -> Option<bool> {
    let mut all = true;
    let range = range.trim();
    if range.is_empty() || range.contains("||") || range.contains(" - ") {
        return None;
    }
    for part in range.split_whitespace() {
        let end = part.find(|c: char| c.is_ascii_digit() || c == 'x' || c == '*').unwrap_or(part.len());
        let (sign, text) = part.split_at(end);
        let text = text.trim_start_matches('v');
        let numbers: Option<Vec<u64>> = text
            .split('.')
            .filter(|number| !matches!(*number, "x" | "*" | "X"))
            .map(|number| number.parse().ok())
            .collect();
        let numbers = numbers.filter(|numbers| numbers.len() <= 3)?;
        let low: Vec<u64> = (0..3).map(|place| numbers.get(place).copied().unwrap_or(0)).collect();
        // How many numbers have to be the same.
        let same = match sign {
            "^" | "^v" => 1,
            "~" => numbers.len().min(2),
            "" | "=" | "v" => numbers.len(),
            _ => 0,
        };
        let version = version.as_slice();
        all &= match sign {
            "^" | "~" | "" | "=" | "v" => version[..same] == low[..same] && version >= low.as_slice(),
            ">=" => version >= low.as_slice(),
            ">" => version > low.as_slice() && !version.starts_with(&numbers),
            "<" => version < low.as_slice(),
            "<=" => version <= low.as_slice() || version.starts_with(&numbers),
            _ => return None,
        };
    }
    Some(all)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranges_are_those_of_npm() {
        for fits in ["4", "4.3", "4.3.1", "^4", "^4.1.0", "~4.3.0", ">=4 <5", "4.x", "<=4", ">3"] {
            assert_eq!(satisfies(fits, [4, 3, 1]), Some(true), "{fits}");
        }
        for other in ["3", "^3.38.0", "4.4", "~4.2", ">=5", "<4", "4.3.0", ">4"] {
            assert_eq!(satisfies(other, [4, 3, 1]), Some(false), "{other}");
        }
        assert_eq!((satisfies("latest", [4, 3, 1]), satisfies("", [4, 3, 1])), (None, None));
    }
}

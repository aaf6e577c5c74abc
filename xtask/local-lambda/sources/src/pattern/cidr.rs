//! The `cidr` operator: addresses that lie in a block.

use std::fmt;
use std::net::IpAddr;

/// A block of addresses, such as `10.0.0.0/24`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Cidr {
    address: IpAddr,
    bits: u32,
}

impl Cidr {
    /// # Errors
    /// With AWS's reason. AWS wants at least one bit to be free: `/32` and, for IPv6, `/128` are refused.
    pub(super) fn parse(text: &str) -> Result<Cidr, String> {
        let parts = text.split_once('/').filter(|(_, bits)| !bits.is_empty() && !bits.contains('/'));
        let (address, bits) = parts.ok_or("Malformed CIDR, one '/' required")?;
        let bits: i32 = bits.parse().map_err(|_| "Malformed CIDR, mask bits must be an integer")?;
        let bits = u32::try_from(bits).map_err(|_| "Malformed CIDR, mask bits must not be negative")?;
        let address: IpAddr = address.parse().map_err(|_| format!("Nonstandard IP address: {address}"))?;
        match address {
            IpAddr::V4(_) if bits > 31 => Err("IPv4 mask bits must be < 32".to_owned()),
            IpAddr::V6(_) if bits > 127 => Err("IPv6 mask bits must be < 128".to_owned()),
            _ => Ok(Cidr { address, bits }),
        }
    }

    /// Whether a text is an address in the block.
    pub(super) fn contains(self, text: &str) -> bool {
        match (self.address, text.parse::<IpAddr>()) {
            (IpAddr::V4(block), Ok(IpAddr::V4(address))) => {
                (u32::from(block) ^ u32::from(address)).checked_shr(32 - self.bits).unwrap_or(0) == 0
            }
            (IpAddr::V6(block), Ok(IpAddr::V6(address))) => {
                (u128::from(block) ^ u128::from(address)).checked_shr(128 - self.bits).unwrap_or(0) == 0
            }
            _ => false,
        }
    }
}

impl fmt::Display for Cidr {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.address, self.bits)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_block_has_its_addresses_and_no_others() {
        for (cidr, address, expected) in [
            ("10.0.0.0/24", "10.0.0.0", true),
            ("10.0.0.0/24", "10.0.0.255", true),
            ("10.0.0.0/24", "10.0.1.0", false),
            ("0.0.0.0/0", "203.0.113.9", true),
            ("10.0.0.0/24", "10.0.0", false),
            ("10.0.0.0/24", "::ffff:10.0.0.1", false),
            ("2001:db8::/32", "2001:db8:1::7", true),
            ("2001:db8::/32", "2001:db9::", false),
            ("::/0", "2001:db9::", true),
        ] {
            assert_eq!(Cidr::parse(cidr).unwrap().contains(address), expected, "{cidr} {address}");
        }
    }

    #[test]
    fn what_is_not_a_block_is_refused_in_aws_words() {
        for (cidr, reason) in [
            ("10.0.0.1", "Malformed CIDR, one '/' required"),
            ("10.0.0.0/", "Malformed CIDR, one '/' required"),
            ("10.0.0.0/a", "Malformed CIDR, mask bits must be an integer"),
            ("10.0.0.0/-1", "Malformed CIDR, mask bits must not be negative"),
            ("10.0.0.0/32", "IPv4 mask bits must be < 32"),
            ("::/128", "IPv6 mask bits must be < 128"),
            ("shop/24", "Nonstandard IP address: shop"),
        ] {
            assert_eq!(Cidr::parse(cidr).unwrap_err(), reason, "{cidr}");
        }
    }
}

//! The identifiers of one deterministic world: request, invocation, extension and trace ids, drawn from a seed.
//!
//! Ids come from one SplitMix64 sequence per function (<https://prng.di.unimi.it/splitmix64.c>), so the same seed and
//! the same order of calls give the same ids. They are unique within a run, not secret.

/// The date that stands in log stream names and trace ids: 2026-01-01T00:00:00Z, in seconds since 1970.
/// Fixed, so that the ids of two runs are the same.
const EPOCH_SECONDS: u64 = 1_767_225_600;

/// A source of identifiers and draws: what a [`Function`](crate::Function) and the worlds built around it take theirs
/// from. Not for secrets.
#[derive(Debug, Clone)]
pub struct Ids {
    state: u64,
}

impl Ids {
    /// The sequence that belongs to a seed.
    pub fn new(seed: u64) -> Ids {
        Ids { state: seed }
    }

    /// The next number of the sequence.
    pub fn draw(&mut self) -> u64 {
        self.state = self.state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.state;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// A number below `bound`, for choosing among `bound` things; 0 when there is nothing to choose.
    pub fn below(&mut self, bound: usize) -> usize {
        match bound {
            0 | 1 => 0,
            _ => (self.draw() % bound as u64) as usize,
        }
    }

    /// A version 4 UUID (RFC 9562), the form of request ids.
    pub fn uuid(&mut self) -> String {
        let high = (self.draw() & 0xffff_ffff_ffff_0fff) | 0x4000;
        let low = (self.draw() & 0x3fff_ffff_ffff_ffff) | 0x8000_0000_0000_0000;
        format!(
            "{:08x}-{:04x}-{:04x}-{:04x}-{:012x}",
            high >> 32,
            (high >> 16) & 0xffff,
            high & 0xffff,
            low >> 48,
            low & 0xffff_ffff_ffff
        )
    }

    /// 32 hexadecimal digits, the tail of a log stream's name.
    pub fn hex32(&mut self) -> String {
        format!("{:016x}{:016x}", self.draw(), self.draw())
    }

    /// An X-Ray trace header of a request that is not sampled.
    ///
    /// Source: <https://docs.aws.amazon.com/xray/latest/devguide/xray-concepts.html#xray-concepts-tracingheader>.
    pub fn trace_header(&mut self) -> String {
        let (a, b, parent) = (self.draw(), self.draw(), self.draw());
        format!("Root=1-{EPOCH_SECONDS:08x}-{a:016x}{:08x};Parent={parent:016x};Sampled=0", b >> 32)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_seed_gives_the_same_ids() {
        let (mut a, mut b, mut other) = (Ids::new(7), Ids::new(7), Ids::new(8));
        assert_eq!((a.uuid(), a.trace_header()), (b.uuid(), b.trace_header()));
        assert_ne!(a.uuid(), other.uuid());
    }

    #[test]
    fn a_request_id_is_a_version_4_uuid() {
        let mut ids = Ids::new(1);
        for _ in 0..1_000 {
            let id = ids.uuid();
            let parts: Vec<usize> = id.split('-').map(str::len).collect();
            assert_eq!(parts, [8, 4, 4, 4, 12], "{id}");
            assert!(id.split('-').nth(2).unwrap().starts_with('4'), "{id}");
            assert!(id.split('-').nth(3).unwrap().starts_with(['8', '9', 'a', 'b']), "{id}");
        }
    }

    #[test]
    fn a_trace_header_has_the_form_of_x_ray() {
        let header = Ids::new(3).trace_header();
        let root = header.split(';').next().unwrap();
        assert_eq!(root.len(), "Root=1-67a4b1f2-0123456789abcdef01234567".len(), "{header}");
        assert!(header.ends_with(";Sampled=0"), "{header}");
    }
}

//! Which partition owns a service instance: the routing key of an interpreter or verifier, as upstream computes it.
//!
//! Confirmed in the sources: all field numbers and the `optional` of the sleep; that a key is the protobuf encoding of
//! its message behind a length, without the field tag; that only the key is hashed and not the service name; that it is
//! hashed through Rust's `Hash`, which puts the length as eight bytes in front of a byte string; the ranges of
//! partitions. Assumed: that a job which names no maximum sleep leaves the field out (a 0 written out is another key,
//! which [`Params`] cannot say), and that the node ran on a little-endian 64-bit machine.

use xxhash_rust::xxh3::xxh3_64;

use super::tree::Params;

/// A keyed service of the workload.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Service {
    /// `verifier.CommandVerifier`, keyed by the parameters of a job.
    Verifier,
    /// `interpreter.CommandInterpreter`, keyed by the parameters and a target.
    Interpreter,
}

impl Service {
    /// Name in the service registry. It does not enter the routing key.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Verifier => "verifier.CommandVerifier",
            Self::Interpreter => "interpreter.CommandInterpreter",
        }
    }
}

/// Routing keys of the service instances of one job.
///
/// What the keys of a job share is encoded once; a key costs a copy of some forty bytes and their hash.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ServiceKeys {
    verifier: u32,
    /// Field 1 of the interpreter's key, whole.
    params_field: Vec<u8>,
}

impl ServiceKeys {
    /// Prepares the keys of a job.
    #[must_use]
    pub fn new(params: &Params) -> Self {
        let message = encode_params(params);
        let mut params_field = vec![tag(1, LENGTH_DELIMITED)];
        push_varint(&mut params_field, message.len() as u64);
        params_field.extend_from_slice(&message);
        Self { verifier: hash_key(&key_bytes(&[&message])), params_field }
    }

    /// Routing key of the verifier of the job.
    #[must_use]
    pub fn verifier(&self) -> u32 {
        self.verifier
    }

    /// Routing key of the interpreter for one target.
    #[must_use]
    pub fn interpreter(&self, target: i32) -> u32 {
        hash_key(&self.interpreter_key(target))
    }

    /// The bytes that identify the interpreter for one target in the node's tables.
    #[must_use]
    pub fn interpreter_key(&self, target: i32) -> Vec<u8> {
        let mut field = Vec::with_capacity(11);
        push_int32(&mut field, 2, target);
        key_bytes(&[&self.params_field, &field])
    }
}

/// The partition of `partitions` that owns a routing key: consecutive ranges of nearly equal size.
///
//= restatedev/restate@4296470d3:src/worker/src/partitioning_scheme.rs
#[must_use]
pub fn partition_of(key: u32, partitions: u32) -> u32 {
    ((u64::from(key) * u64::from(partitions)) >> 32) as u32
}

const VARINT: u8 = 0;
const LENGTH_DELIMITED: u8 = 2;

fn tag(field: u8, wire_type: u8) -> u8 {
    field << 3 | wire_type
}

//= restatedev/e2e@70a79de:contracts/src/main/proto/interpreter.proto
fn encode_params(params: &Params) -> Vec<u8> {
    let mut message = Vec::with_capacity(params.seed.len() + 32);
    if !params.seed.is_empty() {
        message.push(tag(1, LENGTH_DELIMITED));
        push_varint(&mut message, params.seed.len() as u64);
        message.extend_from_slice(params.seed.as_bytes());
    }
    push_int32(&mut message, 2, params.width as i32);
    push_int32(&mut message, 3, params.depth as i32);
    push_int32(&mut message, 4, params.max_sleep_ms as i32);
    message
}

/// A message as a key: its length and its bytes. The tag in front is dropped, since methods number the field freely.
///
//= restatedev/restate@4296470d3:src/service_key_extractor/src/lib.rs
fn key_bytes(parts: &[&[u8]]) -> Vec<u8> {
    let len = parts.iter().map(|part| part.len()).sum::<usize>();
    let mut key = Vec::with_capacity(len + 2);
    push_varint(&mut key, len as u64);
    parts.iter().for_each(|part| key.extend_from_slice(part));
    key
}

//= restatedev/restate@4296470d3:src/common/src/partitioner.rs
//= restatedev/restate@4296470d3:src/common/src/types.rs
fn hash_key(key: &[u8]) -> u32 {
    let mut hashed = Vec::with_capacity(8 + key.len());
    hashed.extend_from_slice(&(key.len() as u64).to_le_bytes());
    hashed.extend_from_slice(key);
    xxh3_64(&hashed) as u32
}

/// A field of type int32, which proto3 leaves out if it is 0 and sign-extends to ten bytes if it is negative.
fn push_int32(message: &mut Vec<u8>, field: u8, value: i32) {
    if value != 0 {
        message.push(tag(field, VARINT));
        push_varint(message, i64::from(value) as u64);
    }
}

fn push_varint(message: &mut Vec<u8>, mut value: u64) {
    while value >= 0x80 {
        message.push(value as u8 | 0x80);
        value >>= 7;
    }
    message.push(value as u8);
}

#[cfg(test)]
mod tests {
    use std::hash::{Hash, Hasher};

    use super::*;

    fn job() -> Params {
        Params { seed: "ab".into(), width: 4, depth: 14, max_sleep_ms: 300 }
    }

    #[test]
    fn key_bytes_follow_proto3() {
        let params = [0x0a, 2, b'a', b'b', 0x10, 4, 0x18, 14, 0x20, 0xac, 2];
        assert_eq!(encode_params(&job()), params);
        assert_eq!(encode_params(&Params::default()), [0_u8; 0]);

        let keys = ServiceKeys::new(&job());
        assert_eq!(keys.interpreter_key(0), [&[13, 0x0a, 11][..], &params].concat());
        assert_eq!(keys.interpreter_key(5), [&[15, 0x0a, 11][..], &params, &[0x10, 5]].concat());
        let minus_two = [0x10, 0xfe, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 1];
        assert_eq!(keys.interpreter_key(-2), [&[24, 0x0a, 11][..], &params, &minus_two].concat());
    }

    /// The instance in the sample error of upstream's `docs/dev/verification.md`: `EQoIbXktc2VlZDEQAxgOIIgn` in base64.
    #[test]
    fn verifier_key_is_the_one_in_the_upstream_documentation() {
        let params = Params { seed: "my-seed1".into(), width: 3, depth: 14, max_sleep_ms: 5000 };
        let documented = b"\x11\x0a\x08my-seed1\x10\x03\x18\x0e\x20\x88\x27";
        assert_eq!(key_bytes(&[&encode_params(&params)]), documented);
    }

    /// Upstream feeds the key to the streaming hasher through `Hash`, as `Bytes` does: as a slice.
    #[test]
    fn routing_key_equals_that_of_the_streaming_hasher() {
        for target in [0, 1, 117, 1023, -1] {
            let keys = ServiceKeys::new(&job());
            let mut hasher = xxhash_rust::xxh3::Xxh3::default();
            keys.interpreter_key(target).as_slice().hash(&mut hasher);
            assert_eq!(keys.interpreter(target), hasher.finish() as u32);
        }
    }

    #[test]
    fn partitions_are_consecutive_ranges_that_cover_every_key() {
        assert_eq!([partition_of(0, 10), partition_of(u32::MAX, 10)], [0, 9]);
        let starts_of_ten = (0..10_u64).map(|n| (n << 32).div_ceil(10));
        for (partition, start) in (0..).zip(starts_of_ten) {
            assert_eq!(partition_of(start as u32, 10), partition);
            assert_eq!(partition_of((start as u32).wrapping_sub(1), 10), (partition + 9) % 10);
        }
    }

    #[test]
    fn keys_of_one_job_spread_over_partitions() {
        let keys = ServiceKeys::new(&job());
        let mut owned = [0; 4];
        (0..1024).for_each(|target| owned[partition_of(keys.interpreter(target), 4) as usize] += 1);
        assert!(owned.iter().all(|owned| (200..312).contains(owned)), "{owned:?}");
    }
}
